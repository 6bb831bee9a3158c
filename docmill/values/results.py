"""The results JSON: what a milled document's owner gets. Its shape, its version, its reader and its check against the shipped schema.

Belongs here: the shape. How it is filled is in docmill/services/publishing.py. It never carries a file name.

Versions follow semver: keys may be added in a minor version and are ignored by older readers; a key that changes or goes is a new major
version, which is refused. Schema: docmill/values/schemas/results.schema.json, JSON Schema 2020-12, generated from these models.
"""

import json
import re
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field, ValidationError

from docmill.errors import Damaged, StageFailed, VersionMismatch
from docmill.values.enrichment import Enrichment
from docmill.values.language_model import ModelUse
from docmill.values.outcome import OutcomeName
from docmill.values.result_fields import (
    Confidence,
    ResultDocument,
    ResultField,
    ResultKind,
    ResultLineItem,
    ResultPart,
    ResultProblem,
    ResultTax,
)
from docmill.values.upright import ExifOrientation, TurnedDeg

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

SCHEMA_VERSION: Final = "1.5.0"
_MAJOR: Final = SCHEMA_VERSION.split(".", maxsplit=1)[0]
_SCHEMA_FILE = "schemas/results.schema.json"

Point = tuple[float, float]


class DocumentFacts(ResultPart):
    """The document itself. `sha256` is of the bytes as they came, hexadecimal."""

    id: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    media_type: str
    size_bytes: int = Field(ge=0)
    page_count: int = Field(ge=0)


class ResultOutcome(ResultPart):
    """How the milling ended. It is `completed` only without problems."""

    name: OutcomeName
    problems: tuple[ResultProblem, ...] = ()


class ResultOptions(ResultPart):
    """The options that shaped this result. `speech` since 1.3.0."""

    language: str
    engine: str
    extract_format: Literal["text", "json", "markdown", "hocr", "alto", "pdf"]
    confidence_threshold: Confidence
    redact: bool
    entities: tuple[str, ...]
    index: bool
    kind: str
    speech: bool = False


class TextBlock(ResultPart):
    """One line of text.

    Attributes:
        bounding_box: its corners clockwise from top-left, in pixels of the upright page image.
        page: counted from 1.
        width_px, height_px: size of the upright page image. Since 1.5.0; None in older results, whose `pages` have it.
    """

    text: str
    bounding_box: tuple[Point, Point, Point, Point]
    confidence: Confidence
    page: int = Field(ge=1)
    width_px: int | None = Field(default=None, ge=0)
    height_px: int | None = Field(default=None, ge=0)


class PageFacts(ResultPart):
    """One page as it was read.

    Attributes:
        number: counted from 1.
        width_px, height_px: size of the upright page image, in which all boxes count.
        dpi: pixels per inch of that image.
        source: what read it.
        words: how many.
        turned_deg: by how much docmill turned the page of the original clockwise to be upright; a redacted copy is upright. Since 1.5.0.
        exif_orientation: EXIF orientation of the original image file, done before turning; 1 for none and for PDFs. Since 1.5.0.
            docmill.values.upright.box_in_file maps boxes back to the original through both.
        quality: how good the page image is to read, 0.0-1.0; None where no image was read. Since 1.5.0.
        quality_reasons: what lowers it, and what the document holds and the page does not say (on the first page), for people. Since 1.5.0.
    """

    number: int = Field(ge=1)
    width_px: int = Field(ge=0)
    height_px: int = Field(ge=0)
    dpi: int = Field(ge=0)
    source: str
    confidence: Confidence
    language: str
    words: int = Field(ge=0)
    turned_deg: TurnedDeg = 0
    exif_orientation: ExifOrientation = 1
    quality: Confidence | None = None
    quality_reasons: tuple[str, ...] = ()


class PersonalData(ResultPart):
    """Which types of personal data were searched and how often each was found. The findings themselves are never here."""

    searched: tuple[str, ...]
    by_type: dict[str, int]
    total: int = Field(ge=0)
    redacted: bool


class ValidationFacts(ResultPart):
    """Whether the document passed the suite, and the names of the checks it failed (those of severity info among them)."""

    passed: bool
    failed_checks: tuple[str, ...]


class ResultArtefact(ResultPart):
    """One object made from the document; `object` is its name in the object store."""

    name: str
    media_type: str
    size_bytes: int = Field(ge=0)
    sha256: str
    object: str


class Results(ResultPart):
    """The results JSON of one job.

    Attributes:
        task_id: the job's id.
        full_text: text of all pages, a blank line between them, never filtered by confidence.
        language: ISO 639-1, of most words.
        format: of the extracted text artefact.
        text_blocks: lines whose confidence reaches options.confidence_threshold; the others are counted in `text_blocks_dropped`.
        timings_s: wall time in seconds by stage.
        engines: by stage, names and versions of what did the work.
        created_at: UTC.
        line_items: the lines of an invoice's table, in printed order. Since 1.1.0.
        taxes: tax by rate. Since 1.1.0.
        enrichment: languages, dates, keywords, entities, summary, tone; None when the stage failed. Since 1.3.0.
        model_use: what asking a language model took; None where none was asked. Since 1.3.0.
        parts: the documents of a file that holds several, in order; empty where it is one document. Since 1.4.0.
    """

    schema_version: str = Field(pattern=rf"^{_MAJOR}\.\d+\.\d+$")
    task_id: str
    document: DocumentFacts
    outcome: ResultOutcome
    options: ResultOptions
    kind: ResultKind
    fields: tuple[ResultField, ...]
    full_text: str
    language: str
    format: str
    text_blocks: tuple[TextBlock, ...]
    text_blocks_count: int = Field(ge=0)
    text_blocks_dropped: int = Field(ge=0)
    pages: tuple[PageFacts, ...]
    personal_data: PersonalData
    validation: ValidationFacts
    artefacts: tuple[ResultArtefact, ...]
    timings_s: dict[str, float]
    engines: dict[str, dict[str, str]]
    created_at: datetime
    docmill_version: str
    line_items: tuple[ResultLineItem, ...] = ()
    taxes: tuple[ResultTax, ...] = ()
    enrichment: Enrichment | None = None
    model_use: ModelUse | None = None
    parts: tuple[ResultDocument, ...] = ()


def results_bytes(results: Results) -> bytes:
    """The results as they are stored: UTF-8 JSON, checked against the shipped schema.

    Raises:
        StageFailed: they don't follow the schema.
    """
    data = results.model_dump(mode="json")
    validate_results(data)
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def read_results(data: bytes) -> Results:
    """Results of this major version, older or newer; what a newer minor version added is left out.

    Raises:
        Damaged: the bytes are no results JSON.
        VersionMismatch: they are of another major version.
    """
    try:
        loaded = json.loads(data)
    except ValueError:
        raise Damaged("this is not JSON") from None
    version = loaded.get("schema_version") if isinstance(loaded, dict) else None
    if not isinstance(version, str) or not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise Damaged("this is not a results JSON: it has no schema version")
    if version.split(".", maxsplit=1)[0] != _MAJOR:
        raise VersionMismatch(f"results of schema version {version} are not read; this docmill reads {_MAJOR}.x", found=version)
    try:
        return Results.model_validate(loaded)
    except ValidationError as error:
        raise Damaged("the results JSON does not follow its schema", errors=error.error_count()) from None


def results_schema() -> dict[str, object]:
    """The JSON Schema of Results, generated from the models."""
    made = Results.model_json_schema(mode="serialization")
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:docmill:schema:results:{SCHEMA_VERSION}",
        "title": "docmill results",
    }
    return {**head, **{key: value for key, value in made.items() if key not in head}}


@lru_cache(maxsize=1)
def _validator() -> "Draft202012Validator":
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - loads in 0.2 s, only where results are written

    return Draft202012Validator(json.loads(files("docmill.values").joinpath(_SCHEMA_FILE).read_bytes()))


def validate_results(data: dict[str, object]) -> None:
    """Check results against the shipped schema.

    Raises:
        StageFailed: they don't follow it; the message names the place and the rule, never the value.
    """
    error = next(_validator().iter_errors(data), None)
    if error is not None:
        raise StageFailed(f"results break the schema at {error.json_path}: {error.validator}", place=error.json_path)
