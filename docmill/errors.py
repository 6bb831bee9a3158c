"""Every error docmill raises on purpose, and the one table that says what each means at every border.

    DocmillError
    ├── DocumentError            the file is to blame: permanent, the same bytes fail the same way
    │   ├── UnsupportedType      unsupported_type
    │   ├── Damaged              damaged
    │   ├── Encrypted            encrypted
    │   └── TooLarge             too_large
    ├── MillingError             the work on one item failed
    │   ├── TimedOut             timed_out
    │   ├── ParserDied           parser_died
    │   ├── Quarantined          quarantined
    │   ├── RedactionUnproven    redaction_unproven
    │   ├── StageFailed          stage_failed
    │   └── Cancelled            cancelled
    ├── SetupError               the installation is to blame
    │   ├── EngineMissing        engine_missing
    │   ├── LanguageMissing      language_missing
    │   ├── SettingsInvalid      settings_invalid
    │   ├── LedgerOutdated       ledger_outdated
    │   └── VersionMismatch      version_mismatch
    ├── ServiceError             something outside did not answer: worth another try
    │   ├── StoreUnavailable     store_unavailable
    │   ├── LedgerUnavailable    ledger_unavailable
    │   ├── EngineUnavailable    engine_unavailable
    │   ├── ClusterLost          cluster_lost
    │   ├── ServiceUnavailable   service_unavailable
    │   └── FileUnreadable       file_unreadable
    └── RequestError             the caller is to blame
        ├── InvalidOptions       invalid_options
        ├── NotFound             not_found
        ├── NotAllowed           not_allowed
        ├── Conflict             conflict
        ├── Unauthorized         unauthorized
        ├── TooManyRequests      too_many_requests
        └── NumbersExhausted     numbers_exhausted

Belongs here: error classes. Does not belong here: what a code means (error_table), handling of errors, and document text of any kind. A message may carry
numbers, ids, type names and limits; it never carries file names, words of a document or secrets.
"""

from typing import ClassVar

from docmill.error_table import ERROR_TABLE, ErrorKind


class DocmillError(Exception):
    """An error with a code, a message for people and facts for machines.

    Args:
        message: what is wrong, in one sentence, without document text, names or secrets.
        facts: numbers, ids and type names that belong to it.
    """

    code: ClassVar[str] = ""
    advice: str = ""
    """What to do next where it was met, in place of the table's hint; for people at this process's terminal, not pickled."""

    def __init__(self, message: str = "", **facts: str | float | None) -> None:
        super().__init__(message or self.kind.title)
        self.facts = facts

    @property
    def kind(self) -> ErrorKind:
        """The table's row for this error."""
        return ERROR_TABLE[self.code]

    @property
    def message(self) -> str:
        """What is wrong, in one sentence."""
        return str(self.args[0])

    @property
    def hint(self) -> str:
        """What to do next."""
        return self.advice or self.kind.hint

    @property
    def retryable(self) -> bool:
        """Whether a task may try again by itself."""
        return self.kind.retryable

    def __reduce__(self) -> "tuple[object, tuple[str, str, dict[str, str | float | None]]]":
        """Pickle by code, so that errors travel from Dask workers whole."""
        return error_from_code, (self.code, self.message, self.facts)


class DocumentError(DocmillError):
    """The file is to blame: permanent."""


class UnsupportedType(DocumentError):
    code = "unsupported_type"


class Damaged(DocumentError):
    code = "damaged"


class Encrypted(DocumentError):
    code = "encrypted"


class TooLarge(DocumentError):
    code = "too_large"


class MillingError(DocmillError):
    """The work on one item failed."""


class TimedOut(MillingError):
    code = "timed_out"

    @property
    def hint(self) -> str:
        """What to do next: where the whole document took too long, a longer deadline of a page would not help."""
        if "job_soft_limit_s" in self.message or "job_hard_limit_s" in self.message:
            return "Raise DOCMILL_JOB_SOFT_LIMIT_S and DOCMILL_JOB_HARD_LIMIT_S, then `docmill remill --force`."
        return self.kind.hint


class ParserDied(MillingError):
    code = "parser_died"


class Quarantined(MillingError):
    code = "quarantined"


class RedactionUnproven(MillingError):
    code = "redaction_unproven"


class StageFailed(MillingError):
    code = "stage_failed"


class Cancelled(MillingError):
    code = "cancelled"


class SetupError(DocmillError):
    """The installation is to blame."""


class EngineMissing(SetupError):
    code = "engine_missing"


class LanguageMissing(SetupError):
    code = "language_missing"


class SettingsInvalid(SetupError):
    code = "settings_invalid"


class LedgerOutdated(SetupError):
    code = "ledger_outdated"


class VersionMismatch(SetupError):
    code = "version_mismatch"


class ServiceError(DocmillError):
    """Something outside did not answer: worth another try."""


class StoreUnavailable(ServiceError):
    code = "store_unavailable"


class LedgerUnavailable(ServiceError):
    code = "ledger_unavailable"


class EngineUnavailable(ServiceError):
    code = "engine_unavailable"


class ClusterLost(ServiceError):
    code = "cluster_lost"


class ServiceUnavailable(ServiceError):
    code = "service_unavailable"


class FileUnreadable(ServiceError):
    code = "file_unreadable"


class RequestError(DocmillError):
    """The caller is to blame."""


class InvalidOptions(RequestError):
    code = "invalid_options"


class NotFound(RequestError):
    code = "not_found"


class NotAllowed(RequestError):
    code = "not_allowed"


class Conflict(RequestError):
    code = "conflict"


class Unauthorized(RequestError):
    code = "unauthorized"


class TooManyRequests(RequestError):
    code = "too_many_requests"


class NumbersExhausted(RequestError):
    code = "numbers_exhausted"


def _leaves(cls: type[DocmillError]) -> list[type[DocmillError]]:
    below = cls.__subclasses__()
    return [leaf for sub in below for leaf in _leaves(sub)] if below else [cls]


def error_classes() -> dict[str, type[DocmillError]]:
    """Code -> class, for every leaf of the tree."""
    return {leaf.code: leaf for leaf in _leaves(DocmillError)}


def error_from_code(code: str, message: str = "", facts: dict[str, str | float | None] | None = None) -> DocmillError:
    """The error for a code that came from another process or from the ledger; an unknown code becomes `stage_failed`."""
    cls = error_classes().get(code, StageFailed)
    return cls(message, **(facts or {}))
