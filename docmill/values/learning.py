"""Learning: what learns, and the versions of what it learned. None of these values holds what a document says."""

from datetime import datetime
from enum import StrEnum

from docmill.values.model import Value


class Learner(StrEnum):
    """kinds: the classifier of documents; thresholds: what confidence is worth, as the least confidence at which each field goes through.

    ranker: which of several candidates is a field.
    """

    KINDS = "kinds"
    THRESHOLDS = "thresholds"
    RANKER = "ranker"


class ModelVersion(Value):
    """A version of a model.

    Attributes:
        number: of its learner, counted from 1.
        object_name: where it lies.
        metrics: how it and the one in use then did on companies that it had not seen, and how many documents taught and tested it.
        is_better: whether it was better than the one in use.
        is_in_use: whether it is the one in use now.
    """

    model_id: str
    learner: Learner
    number: int
    object_name: str
    sha256: str
    metrics: dict[str, float]
    is_better: bool
    created_at: datetime
    is_in_use: bool = False


class Use(Value):
    """One time that a version was put to use; without a model it is what comes with docmill."""

    use_id: str
    learner: Learner
    model_id: str | None
    reason: str
    said_by: str
    at: datetime
