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
    │   └── ClusterLost          cluster_lost
    └── RequestError             the caller is to blame
        ├── InvalidOptions       invalid_options
        ├── NotFound             not_found
        ├── NotAllowed           not_allowed
        ├── Conflict             conflict
        └── NumbersExhausted     numbers_exhausted

Belongs here: error classes and the table. Does not belong here: handling of errors, and document text of any kind. A message may carry
numbers, ids, type names and limits; it never carries file names, words of a document or secrets.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """What one error code means at every border.

    Attributes:
        code: the stable name, snake_case.
        exit_code: the command line's exit code; 1 and 2 are left to the interpreter and to usage errors.
        http_status: the status of the gateway's problem+json.
        retryable: whether a task may try again by itself.
        is_verdict: whether the same bytes under the same code give the same error, so that the verdict may be kept beside the artefacts.
        title: what is wrong, for people.
        hint: what to do next.
    """

    code: str
    exit_code: int
    http_status: int
    retryable: bool
    is_verdict: bool
    title: str
    hint: str


def _row(code: str, exit_code: int, http_status: int, flags: str, title: str, hint: str) -> tuple[str, ErrorKind]:
    return code, ErrorKind(code, exit_code, http_status, "r" in flags, "v" in flags, title, hint)


# fmt: off
ERROR_TABLE: MappingProxyType[str, ErrorKind] = MappingProxyType(dict((
    _row("unsupported_type", 10, 415, "v", "The file is of a type docmill does not read.",
         "Send PDF, PNG, JPEG, TIFF, BMP, WebP or plain text."),
    _row("damaged", 11, 422, "v", "The file is damaged.",
         "Export or scan it again; the original bytes are kept."),
    _row("encrypted", 12, 422, "v", "The file asks for a password.",
         "Send a copy without a password."),
    _row("too_large", 13, 413, "v", "The file is over a limit.",
         "Split it, or raise the limit named in the message."),
    _row("timed_out", 20, 504, "", "The item took longer than its deadline.",
         "Raise DOCMILL_PAGE_DEADLINE_S or DOCMILL_DOCUMENT_DEADLINE_S, then `docmill remill --force`."),
    _row("parser_died", 21, 422, "", "The process that parsed the item died or broke its memory limit.",
         "The file is kept; look at it by hand, or `docmill remill --force` to start a new count."),
    _row("quarantined", 22, 422, "", "The item was begun several times without an end and is not run again.",
         "Look at the file by hand; `docmill remill --force` starts a new count."),
    _row("redaction_unproven", 23, 422, "", "The redacted copy could not be proven clean, so nothing was published.",
         "Look at the document by hand; nothing of it has been shown."),
    _row("stage_failed", 24, 500, "", "A stage failed in a way docmill did not expect.",
         "`docmill status JOB` names the stage; report it with the code and the stage."),
    _row("cancelled", 25, 409, "", "The work was cancelled.",
         "Start it again with `docmill remill`."),
    _row("engine_missing", 30, 501, "", "A program or model this needs is not installed.",
         "Run `docmill doctor`; it names the package."),
    _row("language_missing", 31, 422, "", "The OCR engine has no data for this language.",
         "Install the language package that the message names, or choose another language."),
    _row("settings_invalid", 32, 500, "", "A setting has a value docmill cannot use.",
         "Correct the setting named in the message."),
    _row("ledger_outdated", 33, 503, "", "The ledger's schema is not the one this version needs.",
         "Run `docmill db upgrade`."),
    _row("version_mismatch", 34, 503, "", "A worker runs another version of docmill.",
         "Restart the Dask workers with this version."),
    _row("store_unavailable", 40, 503, "r", "The object store did not answer.",
         "Try again; `docmill doctor` checks the store."),
    _row("ledger_unavailable", 41, 503, "r", "The ledger did not answer.",
         "Try again; `docmill doctor` checks the ledger."),
    _row("engine_unavailable", 42, 503, "r", "The OCR service did not answer.",
         "Try again, or choose `--engine tesseract`."),
    _row("cluster_lost", 43, 503, "r", "The Dask cluster was lost or stands still.",
         "Check scheduler and workers; a new run resumes the work."),
    _row("invalid_options", 50, 422, "", "An option has a value docmill does not know.",
         "Use one of the values that the message lists."),
    _row("not_found", 51, 404, "", "There is no such thing.",
         "`docmill list` shows what there is."),
    _row("not_allowed", 52, 403, "", "This is not allowed.",
         "Ask for a fresh link, or for the scope named in the message."),
    _row("conflict", 53, 409, "", "Somebody else changed this first.",
         "Read the current state and decide again."),
    _row("numbers_exhausted", 54, 409, "", "The year's order numbers are used up.",
         "Order under another tenant until the year ends; the approved request is kept and can be ordered then."),
)))
# fmt: on
"""Code -> kind, for the whole product. docs/errors.md is generated from it."""


class DocmillError(Exception):
    """An error with a code, a message for people and facts for machines.

    Args:
        message: what is wrong, in one sentence, without document text, names or secrets.
        facts: numbers, ids and type names that belong to it.
    """

    code: ClassVar[str] = ""

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
        return self.kind.hint

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
