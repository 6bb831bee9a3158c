"""What the checks say of a whole batch: counts and document ids, never a value of a document."""

from docmill.values.model import Value


class CheckLine(Value):
    """One check over the documents of a batch.

    Attributes:
        check, title, severity, scope: as the suite says.
        passed: whether it holds; also when it could not be asked.
        evaluated: whether it could be asked; one that could not is no pass.
        documents: that it was asked of; None where it is of the batch as a whole.
        missing: documents without the value that it is about.
        document_ids: those that fail it; empty where a check of the batch as a whole fails.
    """

    check: str
    title: str
    severity: str
    scope: str
    passed: bool
    evaluated: bool = True
    documents: int | None = None
    missing: int | None = None
    document_ids: tuple[str, ...] = ()

    @property
    def is_held(self) -> bool:
        """Whether it was asked and holds."""
        return self.passed and self.evaluated


class BatchChecks(Value):
    """All checks over a batch.

    Attributes:
        documents: how many were looked at: those with a result.
        lines: by check, in the suite's order; empty where fewer than two documents have a result, or with `error_code`.
        page: object name of the page for people.
        error_code: why the checks could not be asked.
    """

    documents: int
    lines: tuple[CheckLine, ...] = ()
    page: str | None = None
    error_code: str | None = None

    @property
    def failed(self) -> tuple[CheckLine, ...]:
        """The checks that do not hold, or could not be asked."""
        return tuple(one for one in self.lines if not one.is_held)

    @property
    def grave(self) -> int:
        """How many checks of severity critical or warning do not hold."""
        return sum(1 for one in self.failed if one.severity != "info")
