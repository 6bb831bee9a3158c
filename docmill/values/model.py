"""The frozen base of values that cross a process or module border as JSON."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value; unknown keys are refused so that a border's change is noticed."""

    # a validation error must not carry the input: it may be document text
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
