"""The one table of error codes: exit code, HTTP status, whether another try may help, title and hint.

Belongs here: what a code means at every border. Does not belong here: the classes that are raised (errors).
"""

from dataclasses import dataclass
from types import MappingProxyType


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
         "Send PDF, an image (PNG, JPEG, TIFF, BMP, WebP, GIF, JPEG 2000), DOCX, XLSX, HTML, EML or plain text; ZIP to ingest."),
    _row("damaged", 11, 422, "v", "The file is damaged.",
         "Export or scan it again; the original bytes are kept."),
    _row("encrypted", 12, 422, "v", "The file asks for a password.",
         "Send it again with its password (`--password-file`, or the upload's field `password`), or a copy without one."),
    _row("too_large", 13, 413, "v", "The file is over a limit.",
         "Split it, or raise the limit named in the message."),
    _row("timed_out", 20, 504, "", "The item took longer than its deadline.",
         "Raise the limit that the message names, DOCMILL_PAGE_DEADLINE_S or DOCMILL_DOCUMENT_DEADLINE_S, for a whole document "
         "DOCMILL_JOB_SOFT_LIMIT_S and DOCMILL_JOB_HARD_LIMIT_S, then `docmill remill --force`."),
    _row("parser_died", 21, 422, "", "The process that parsed the item died or broke its memory limit.",
         "The file is kept; look at it by hand, or `docmill remill --force` to start a new count."),
    _row("quarantined", 22, 422, "", "The item was begun several times without an end and is not run again.",
         "Look at the file by hand; `docmill quarantine release` tries it again."),
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
    _row("store_unavailable", 40, 503, "r", "The object store did not answer.", "Try again; `docmill doctor` checks the store."),
    _row("ledger_unavailable", 41, 503, "r", "The ledger did not answer.", "Try again; `docmill doctor` checks the ledger."),
    _row("engine_unavailable", 42, 503, "r", "The OCR service did not answer.", "Try again, or choose `--engine tesseract`."),
    _row("cluster_lost", 43, 503, "r", "The Dask cluster was lost or stands still.",
         "Check scheduler and workers; a new run resumes the work."),
    _row("service_unavailable", 44, 503, "r", "A service outside docmill did not answer.", "Try again; the message says which one it was."),
    _row("file_unreadable", 45, 503, "r", "A file cannot be read now.",
         "Look whether it is still there and may be read, then take it in again; a nightly run does so by itself."),
    _row("invalid_options", 50, 422, "", "An option has a value docmill does not know.",
         "Use one of the values that the message lists."),
    _row("not_found", 51, 404, "", "There is no such thing.", "Check the id, or the path: lists show what there is, such as `docmill list` of documents."),
    _row("not_allowed", 52, 403, "", "This is not allowed.", "Ask for a fresh link, or for the scope named in the message."),
    _row("conflict", 53, 409, "", "Its present state does not allow this.", "Look at the present state, somebody else may have changed it, and decide again."),
    _row("unauthorized", 54, 401, "", "An API key is needed, and this one is none or no longer one.",
         "Send `Authorization: Bearer KEY`; `docmill keys create` makes one."),
    _row("too_many_requests", 55, 429, "", "Too many requests.", "Come again after the seconds of the header Retry-After."),
    _row("numbers_exhausted", 56, 409, "", "The year's order numbers are used up.",
         "Order under another tenant until the year ends; the approved request is kept and can be ordered then."),
)))
# fmt: on
"""Code -> kind, for the whole product. docs/errors.md is generated from it."""
