"""Names of artefacts and objects.

An artefact's key is a digest of (tenant, the keys of the artefacts it was made from, the stage, only the options this stage reads, the
stage's own version, engine + model + language data). The same key always means the same bytes, so what is there is never made again.

Objects live under three prefixes, and the first path element inside each is the tenant:

    originals/<tenant>/<2>/<sha256>              the bytes as they came
    private/<tenant>/<stage>/<2>/<key>.<ext>     page words, raw fields, spans
    private/<tenant>/unlocked/<2>/<sha256>.pdf   copies of locked PDFs without their password
    private/<tenant>/receipts/<2>/<document>.<stage>-<key>.receipt   what an artefact key of a document holds
    public/<tenant>/...                          results JSON, redacted copies: all that may be shown without the scope originals:read

File names are personal data and never part of a key.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

from docmill.values.options import MillOptions

ORIGINALS, PRIVATE, PUBLIC = "originals", "private", "public"
PREFIXES = (ORIGINALS, PRIVATE, PUBLIC)

STAGE_OPTIONS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "inspect": (),
        "read": ("language", "engine"),
        "understand": ("kind",),
        "find_pii": ("language", "entities", "pii_rules"),
        "consult": ("ask_model", "redact"),
        "redact": ("thorough",),
        "enrich": ("redact",),
        "speak": ("redact", "speech"),
        "index": ("redact",),
        "validate": (),
        "publish": ("confidence_threshold", "extract_format", "redact"),
    },
)
"""Stage -> the options it reads. Only these enter its keys, so changing another option repeats nothing."""

STAGES: tuple[str, ...] = tuple(STAGE_OPTIONS)
"""All stages in the order of a document's life."""

_RECEIPT_ELEMENTS = 5
_TENANT = re.compile(r"^[a-z0-9][a-z0-9_-]{0,62}$")


def digest(*parts: object) -> str:
    """SHA-256 of the parts as canonical JSON, hexadecimal (64 characters)."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def document_id(tenant: str, sha256: str) -> str:
    """The id of a document: the same bytes of the same tenant are the same document; 32 hexadecimal characters."""
    return digest("document", tenant, sha256)[:32]


def artefact_key(
    *,
    tenant: str,
    stage: str,
    version: str,
    inputs: Sequence[str],
    options: MillOptions,
    engine: Mapping[str, str],
    part: str = "",
) -> str:
    """The key of what `stage` makes from `inputs`.

    Args:
        tenant: so that nothing is shared between tenants.
        stage: one of STAGES.
        version: the stage's own version constant; raised when its output changes.
        inputs: keys of the artefacts it is made from, in order; for the first stages the document id.
        options: only those named in STAGE_OPTIONS enter the digest.
        engine: names and versions of engine, model and language data.
        part: a part of the document, such as "page-3".
    """
    read = {name: getattr(options, name) for name in STAGE_OPTIONS[stage]}
    return digest("artefact", tenant, stage, version, list(inputs), read, dict(engine), part)


def original_name(tenant: str, sha256: str) -> str:
    """Where the bytes of a document lie."""
    return f"{ORIGINALS}/{_checked(tenant)}/{sha256[:2]}/{sha256}"


def unlocked_name(tenant: str, sha256: str) -> str:
    """Where the copy of a locked PDF lies that asks for no password; `sha256` is of the bytes as they came."""
    return f"{PRIVATE}/{_checked(tenant)}/unlocked/{sha256[:2]}/{sha256}.pdf"


def private_name(tenant: str, stage: str, key: str, ext: str = "json") -> str:
    """Where an artefact that only scoped eyes may see lies."""
    return f"{PRIVATE}/{_checked(tenant)}/{stage}/{key[:2]}/{key}.{ext}"


def public_name(tenant: str, stage: str, key: str, ext: str) -> str:
    """Where an artefact that may be shown lies."""
    return f"{PUBLIC}/{_checked(tenant)}/{stage}/{key[:2]}/{key}.{ext}"


def receipts_prefix(tenant: str, document_id: str) -> str:
    """Beginning of the names of all receipts of a document."""
    return f"{PRIVATE}/{_checked(tenant)}/receipts/{document_id[:2]}/{document_id}."


def receipt_name(tenant: str, document_id: str, stage: str, key: str) -> str:
    """Where the receipt of an artefact key lies. It is named after its document: many have no artefact that would lead to it."""
    return f"{receipts_prefix(tenant, document_id)}{stage}-{key}.receipt"


def receipt_owner(name: str) -> str | None:
    """The document that a receipt belongs to; None where the name is of no receipt."""
    parts = name.split("/")
    is_receipt = len(parts) == _RECEIPT_ELEMENTS and parts[0] == PRIVATE and parts[2] == "receipts"
    return parts[-1].split(".", 1)[0] if is_receipt else None


def results_name(tenant: str, accepted_on: date, job_id: str) -> str:
    """Where the results JSON of a job lies; the date is the job's acceptance date in UTC."""
    return f"{PUBLIC}/{_checked(tenant)}/results/{accepted_on:%Y/%m/%d}/task_{job_id}_results.json"


def seen_name(tenant: str, sources_digest: str) -> str:
    """Where it is remembered what a scan of some sources saw."""
    return f"{PRIVATE}/{_checked(tenant)}/scans/{sources_digest}.json"


def review_prefix(tenant: str, document_id: str) -> str:
    """Where what people decided about a document lies, one object a decision."""
    return f"{PRIVATE}/{_checked(tenant)}/review/{document_id}"


def evidence_prefix(tenant: str, document_id: str) -> str:
    """Where what a receipt was matched by lies, one object a try; the document's, though no row may name a try that lost."""
    return f"{PRIVATE}/{_checked(tenant)}/matched/{document_id}"


def run_prefix(tenant: str, run_id: str) -> str:
    """Where a run's lease and outcome markers lie."""
    return f"{PRIVATE}/{_checked(tenant)}/runs/{run_id}"


def journal_prefix(tenant: str, job_id: str, stage: str, item: str) -> str:
    """Where the begin markers of one item of one job and stage lie."""
    return f"{PRIVATE}/{_checked(tenant)}/journal/{job_id}/{stage}-{item}"


def exports_prefix(tenant: str) -> str:
    """Where exports of many results lie until they are cleaned up; names begin with the time, YYYYMMDDTHHMMSSZ."""
    return f"{PRIVATE}/{_checked(tenant)}/exports/"


def withdrawals_prefix(tenant: str) -> str:
    """Where promises to take back what earlier versions show lie, one object a job or attempt, until they are kept."""
    return f"{PRIVATE}/{_checked(tenant)}/withdrawals/"


def erasures_prefix(tenant: str) -> str:
    """Where promises to erase documents lie."""
    return f"{PRIVATE}/{_checked(tenant)}/erasures/"


def erasure_name(tenant: str, found: str) -> str:
    """Where the promise to erase a document lies, until it is kept."""
    return f"{erasures_prefix(tenant)}{found}.json"


def _checked(tenant: str) -> str:
    if not _TENANT.match(tenant):
        raise ValueError("a tenant id is 1-63 characters of a-z, 0-9, _ and -")
    return tenant
