"""Settings: the one place that reads the environment and `.env`. Names are DOCMILL_* plus a few well-known ones."""

import os
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from docmill.errors import SettingsInvalid
from docmill.settings_models import ModelSettings

MIB = 1024 * 1024


class Settings(ModelSettings):
    """All settings of one process. Sizes in bytes, times in seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="DOCMILL_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True)

    home: Path = Field(default=Path(".docmill"), description="Where ledger, store, index and run files live.")
    tenant: str = Field(default="default", description="Tenant of the command line and of single-user installations.")
    ledger_url: str | None = Field(
        default=None, description="SQLAlchemy URL; default SQLite under home; postgresql+pg8000://... for more than one machine."
    )
    store_url: str | None = Field(
        default=None, description="file:///folder or gs://bucket[/prefix]; default gs:// of the bucket below, else a folder under home."
    )
    gcs_endpoint: str | None = Field(default=None, description="Another API endpoint than Google's, for a test double.")
    gcs_bucket: str | None = Field(
        default=None,
        validation_alias=AliasChoices("DOCMILL_GCS_BUCKET", "GOOGLE_CLOUD_STORAGE_BUCKET"),
        description="Bucket that is the store where no store URL is set.",
    )
    gcs_project: str | None = Field(default=None, validation_alias=AliasChoices("DOCMILL_GCS_PROJECT", "GOOGLE_CLOUD_PROJECT_ID"))
    google_credentials: Path | None = Field(
        default=None,
        validation_alias=AliasChoices("DOCMILL_GOOGLE_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS"),
    )
    vision_endpoint: str | None = Field(
        default=None, description="host:port of another ImageAnnotator than Google's; plain text when on loopback."
    )
    knowledge_url: str | None = Field(
        default=None, description="s3://bucket/prefix or gs://bucket/prefix of the search index; default a folder under home."
    )
    vision_price: Decimal = Field(
        default=Decimal("1.50"),
        ge=0,
        description="Price of 1,000 pages read by Cloud Vision, for the cost of documents; the list price in USD.",
    )
    language: str = Field(
        default="en",
        validation_alias=AliasChoices("DOCMILL_LANGUAGE", "OCR_LANGUAGE"),
        description="Language of documents that come without one, ISO 639-1.",
    )
    receipt_validation_threshold: float = Field(
        default=0.8,
        ge=0,
        le=1,
        validation_alias=AliasChoices("DOCMILL_RECEIPT_VALIDATION_THRESHOLD", "RECEIPT_VALIDATION_THRESHOLD"),
    )
    pii_rules: Path | None = Field(
        default=None, description="File or folder (YAML, JSON) of allow- and deny-lists, thresholds and recognisers of personal data."
    )
    validation_suite: Path | None = Field(
        default=None, description="File (JSON, YAML) with the checks of documents and batches; default is what `docmill suite show` prints."
    )
    match_line_price_share: Decimal = Field(
        default=Decimal("0.01"), ge=0, description="Share of a unit price that a receipt may differ by."
    )
    match_total_share: Decimal = Field(default=Decimal("0.005"), ge=0, description="Share of total and tax that a receipt may differ by.")
    match_total_amount: Decimal = Field(default=Decimal("0.05"), ge=0, description="Amount that total and tax may always differ by.")
    match_quantity_share: Decimal = Field(default=Decimal(0), ge=0, description="Share of an ordered quantity that may come more.")
    match_freight_limit: Decimal = Field(default=Decimal(0), ge=0, description="Freight that nobody ordered is accepted up to this amount.")
    match_vendor_weight: float = Field(default=0.2, gt=0, le=1, description="Weight of the vendor in a receipt's score.")
    match_total_weight: float = Field(default=0.4, gt=0, le=1, description="Weight of total, tax and currency in a receipt's score.")
    match_lines_weight: float = Field(default=0.4, gt=0, le=1, description="Weight of the lines in a receipt's score.")
    purchase_limits: Annotated[tuple[Decimal, ...], NoDecode] = Field(
        default=(),
        description="Totals from which a request needs one more approval each, such as 1000,10000; without any one approval is enough.",
    )
    purchase_own_approval: bool = Field(
        default=True, description="Whether the person who asks for something may be one of those who approve."
    )
    proforma_wait_s: float = Field(
        default=300.0,
        ge=0,
        le=86_400,
        description="How long after the last approval an order waits for attachments that are still being read; 0 does not wait.",
    )
    purchase_logo: Path | None = Field(default=None, description="PNG or JPEG at the head of purchase orders.")
    review_thresholds: str = Field(
        default="field=0.8,span=0.8,chunk=0.8",
        description="Findings less sure than this are shown to a person: field, span or chunk, a name if need be, such as field.total=0.9; "
        "sample=0.05 shows every field of 5 % of documents, kind=0.5 asks what a document is, learned takes what a retraining put to use.",
    )
    review_four_eyes: str = Field(
        default="fraud", description="What two people must decide alike: subjects, or field.NAME and span.TYPE, separated by commas."
    )
    review_teaching: bool = Field(
        default=False,
        description="Whether decided documents of which nobody said otherwise may teach the models of `docmill models train`.",
    )
    review_lease_s: float = Field(default=900.0, gt=0, description="How long a reviewer holds a claimed task without renewing it.")
    source_roots: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Folders and gs:// prefixes that flow runs may read, separated by the path separator.",
    )
    nightly_sources: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="What a night mills where its deployment names no sources, separated like the roots; below them."
    )
    ledger_key: SecretStr | None = Field(
        default=None, description="Key that seals file names and client metadata in the ledger; made under home when unset."
    )
    url_key: SecretStr | None = Field(default=None, description="Key that signs links to local files; made under home when unset.")
    gateway_url: str | None = Field(default=None, description="Public address of the gateway in signed links.")
    gateway_port: int = Field(default=8000, description="First port `docmill serve` tries.")
    prefect_port: int = Field(default=4200, description="First port `docmill up` tries for the Prefect server.")
    prefect_api_url: str | None = Field(
        default=None,
        description="Prefect server that gateway and commands use where no `docmill up` runs, such as http://prefect:4200/api.",
    )
    api_key: SecretStr | None = Field(default=None, description="Key that `docmill submit`, `wait` and `download` show the gateway.")
    require_keys: bool = Field(default=False, description="The gateway asks for an API key on loopback too.")
    notify_urls: SecretStr | None = Field(
        default=None, description="Apprise URLs of people to tell of review tasks and finished batches, separated by blanks."
    )
    webhooks_to_private: bool = Field(default=False, description="Webhooks may go to loopback and private addresses.")

    dask_address: str | None = Field(default=None, description="Address of a Dask scheduler; default a local cluster of processes.")
    dask_workers: int = Field(default=0, ge=0, description="Worker processes of a local cluster; 0 means one per core.")
    runs_at_once: int = Field(default=4, ge=1, description="Flow runs that a worker has under way; more wait, urgent ones begin first.")
    shard_seconds: float = Field(default=45.0, gt=0, description="Estimated cost that the planner aims at per shard.")
    inline_seconds: float = Field(default=8.0, ge=0, description="Work estimated below this runs in the flow process.")
    stall_deadline_s: float = Field(default=180.0, gt=0, description="A cluster without any progress for so long is lost.")
    lease_renew_s: float = Field(default=5.0, gt=0, description="How often a flow process renews its lease.")
    lease_limit_s: float = Field(default=30.0, gt=0, description="Work under an older lease stops.")

    retries: int = Field(default=3, ge=0, description="Further tries of a task after a retryable error.")
    retry_delay_s: float = Field(default=60.0, ge=0, description="Delay before the first further try; doubles each time (60, 120, 240).")
    item_tries: int = Field(default=2, ge=1, description="An item begun this often without an end is quarantined.")

    keep_run_markers_s: float = Field(default=3600.0, ge=0, description="Leases and markers of runs stay so long after the run's end.")
    keep_journals_s: float = Field(default=3600.0, ge=0, description="Journals stay so long after the job's final state.")
    keep_temporary_files_s: float = Field(
        default=3600.0,
        ge=0,
        description="Abandoned uploads, and files that a dead process was about to store, stay so long after their last byte.",
    )
    keep_exports_s: float = Field(default=86_400.0, ge=0, description="Exports that a flow wrote into the store stay so long.")
    keep_originals_s: float | None = Field(
        default=None,
        ge=0,
        description="Originals and private data of redacted documents stay so long after the redacted version; until purge-originals when unset.",
    )
    backup_folder: Path | None = Field(default=None, description="Where the flow back-up writes, one folder a time; without it, it fails.")
    backup_keys_folder: Path | None = Field(
        default=None, description="Where the flow back-up copies the key files, on another disk; without it, it fails, too."
    )
    keep_backups: int = Field(default=7, ge=1, description="So many whole backups stay in the backup folder; older ones go.")

    max_bytes: int = Field(default=100 * MIB, gt=0, description="Largest file.")
    max_pages: int = Field(default=2000, gt=0, description="Most pages of one document.")
    max_pixels: int = Field(default=120_000_000, gt=0, description="Most pixels of one page image.")
    max_members: int = Field(default=2000, gt=0, description="Most members of an archive.")
    max_unpacked_bytes: int = Field(default=512 * MIB, gt=0, description="Most bytes that an archive, DOCX or XLSX unpacks to.")
    max_ratio: int = Field(default=200, gt=0, description="Highest ratio of unpacked to packed bytes of what unpacks to over 16 MiB.")
    page_deadline_s: float = Field(default=120.0, gt=0, description="Longest time for reading one page.")
    job_soft_limit_s: float = Field(
        default=1500.0,
        gt=0,
        description="After so much work on one document, waiting not counted, no further page is begun, or after twice the planner's "
        "estimate where that is longer; pages done stay.",
    )
    job_hard_limit_s: float = Field(
        default=1800.0,
        gt=0,
        description="After so much work what is in hand is cut, or after three times the estimate; a result of the pages done is still made.",
    )
    document_deadline_s: float = Field(
        default=600.0, gt=0, description="Longest time for any other stage of one document; in proportion more beyond 500 pages."
    )
    cell_memory_bytes: int = Field(default=4096 * MIB, gt=0, description="Address space of a parsing process.")
    use_gpu: bool = Field(default=False, description="RapidOCR computes on a GPU; needs an ONNX Runtime that has a provider for one.")
    cell_items: int = Field(default=1000, gt=0, description="A process that parses or mills is replaced after so many items.")
    worker_life_s: float = Field(default=60.0, ge=0, description="But a worker not before it is so old: a start costs 2-3 s of a core.")

    search_log: Literal["off", "digests", "text"] = Field(
        default="digests", description="What the log of searches says of a query: nothing is logged, a keyed digest, or its text."
    )
    search_log_days: int = Field(default=30, ge=1, description="Days of which the log of searches is kept.")

    log_format: Literal["text", "json"] = Field(default="text", description="Logs for people or as JSON, on stderr.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="WARNING", description="Least level that is logged.")

    @field_validator("source_roots", "nightly_sources", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        # the colon of gs:// separates nothing
        parts = re.split(rf"{re.escape(os.pathsep)}(?!//)", value) if isinstance(value, str) else value
        return tuple(part for part in parts if part) if isinstance(parts, list) else parts

    @field_validator("purchase_limits", mode="before")
    @classmethod
    def _split_limits(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def resolved_ledger_url(self) -> str:
        """The ledger's SQLAlchemy URL."""
        return self.ledger_url or f"sqlite:///{self.home.absolute() / 'ledger.db'}"

    @property
    def resolved_store_url(self) -> str:
        """The object store's URL."""
        if self.store_url:
            return self.store_url
        return f"gs://{self.gcs_bucket}" if self.gcs_bucket else (self.home.absolute() / "store").as_uri()

    @property
    def knowledge_dir(self) -> Path:
        """Where the knowledge base lives."""
        return self.home.absolute() / "knowledge"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once.

    Raises:
        SettingsInvalid: a value cannot be used; the message names the setting, never its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        places = {str(e["loc"][0]) for e in error.errors(include_input=False)}
        names = ", ".join(sorted(p if p.isupper() else f"DOCMILL_{p.upper()}" for p in places))
        raise SettingsInvalid(f"cannot use the value of: {names}") from None


def child_environment(**extra: str) -> dict[str, str]:
    """The environment for child processes of the embedded set: this process's own, with additions."""
    return {**os.environ, **extra}


def take_environment(environment: Mapping[str, str]) -> None:
    """Make an environment this process's own, in place of all that was there: a warm process becomes the one that a flow run was started as."""
    os.environ.clear()
    os.environ.update(environment)
    settings.cache_clear()


def offer_environment(environment: Mapping[str, str]) -> None:
    """Set variables of this process that the user has not set."""
    for name, value in environment.items():
        os.environ.setdefault(name, value)


def wanted_temporary_folder() -> Path | None:
    """What TMPDIR names; None when it is not set. Where it cannot be written Python takes another folder without a word, other programs fail."""
    named = os.environ.get("TMPDIR")
    return Path(named) if named else None


def hush_lance() -> None:
    """Let LanceDB tell of errors only, before it is imported; what the user has set stays. It warns of each new table that it is new."""
    os.environ.setdefault("LANCEDB_LOG", "error")


def scrubbed_environment() -> dict[str, str]:
    """The environment for processes that touch untrusted bytes: nothing secret, one thread per native library."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TESSDATA_PREFIX", "PYTHONPATH", "TMPDIR") if name in os.environ}
    return {
        "PATH": "/usr/bin:/bin",
        **kept,
        "OMP_THREAD_LIMIT": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
