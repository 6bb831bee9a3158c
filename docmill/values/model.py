"""The frozen base of values that cross a process or module border as JSON."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value; unknown keys are refused so that a border's change is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")
