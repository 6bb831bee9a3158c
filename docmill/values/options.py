"""The one options model. The command line, the API and the Prefect form are generated from it."""

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from docmill.errors import InvalidOptions
from docmill.values.languages import language_code
from docmill.values.packages import registered_engines

DEFAULT_ENTITIES: tuple[str, ...] = (
    "PERSON", "LOCATION", "ADDRESS", "AGE", "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS", "URL", "MAC_ADDRESS",
    "BIRTH_DATE", "PASSPORT", "TAX_ID", "US_DRIVER_LICENSE", "US_BANK_NUMBER", "CRYPTO", "MEDICAL_LICENSE",
)  # fmt: skip
"""Entity types that are searched and redacted unless asked otherwise. ORGANIZATION, DATE, NRP and TITLE must be asked for."""

KNOWN_ENTITIES: tuple[str, ...] = (*DEFAULT_ENTITIES, "ORGANIZATION", "DATE_TIME", "NRP", "TITLE")
"""Every entity type that may be asked for."""

DATA_LABELS: MappingProxyType[str, str] = MappingProxyType(
    {
        "EMAIL_ADDRESS": "EMAIL", "PHONE_NUMBER": "PHONE", "US_SSN": "SSN", "IBAN_CODE": "IBAN", "IP_ADDRESS": "IP", "DATE_TIME": "DATE",
        "BIRTH_DATE": "DATE_OF_BIRTH",
    },
)  # fmt: skip
"""Types -> the labels of presidio-research's data sets, where these differ; `docmill find-pii` prints them."""

ENTITY_ALIASES: MappingProxyType[str, str] = MappingProxyType(
    {label: name for name, label in DATA_LABELS.items()} | {"STREET_ADDRESS": "ADDRESS"}
)
"""Other names under which types may be asked for."""

AUTO: Final = "auto"
"""The engine that takes a usable text layer, and has page images read by whichever engine suits them."""

OWN_ENGINES: Final = (AUTO, "tesseract", "rapidocr", "vision")
"""The OCR engines that come with docmill."""

EngineForm = Literal["auto", "tesseract", "rapidocr", "vision"] | Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
"""How an OCR engine is named: one of docmill's own, or the name under which an installed package registers one."""

_KEPT: Final = "kept"


def _known_engine(value: object, info: ValidationInfo) -> object:
    if value in OWN_ENGINES or (info.context or {}).get(_KEPT):
        return value
    others = registered_engines()
    if not isinstance(value, str) or value not in others:
        raise ValueError(f"unknown engine; known are {', '.join((*OWN_ENGINES, *sorted(others)))}")
    return value


class _KnownEngines:
    """The field's JSON Schema, of which the API's and Prefect's forms are made: every engine that is known where it is generated."""

    def __get_pydantic_json_schema__(self, _core: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "enum": [*OWN_ENGINES, *sorted(registered_engines())]}


class MillOptions(BaseModel):
    """How documents are milled. Immutable; the same options give the same artefact keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str = Field(default="en", description="Language of the documents, ISO 639-1 (en, de, fr, ...); eng is taken as en.")
    engine: Annotated[EngineForm, BeforeValidator(_known_engine), _KnownEngines()] = Field(
        default="auto",
        description="What reads pages: auto takes a usable text layer, else the engine that suits the page; the others, and those that "
        "installed packages register, read every page image.",
    )
    extract_format: Literal["text", "json", "markdown", "hocr", "alto", "pdf"] = Field(
        default="text", description="Format of the extracted text artefact; pdf is a searchable PDF."
    )
    confidence_threshold: float = Field(
        default=0.8, ge=0.0, le=1.0, description="Text blocks below this confidence are left out and counted."
    )
    redact: bool = Field(default=False, description="Publish only a redacted copy and redacted text.")
    entities: tuple[str, ...] = Field(
        default=DEFAULT_ENTITIES, validate_default=True, description="Types of personal data to find and redact."
    )
    pii_rules: str = Field(
        default="",
        description="Digest of the rules for personal data; docmill sets it from DOCMILL_PII_RULES.",
        pattern=r"^([0-9a-f]{64})?$",
        json_schema_extra={"set_by_docmill": True},
    )
    thorough: bool = Field(default=False, description="Prove redacted copies by OCR of whole pages, not only around the boxes.")
    index: bool = Field(default=True, description="Add the document to the search index.")
    speech: bool = Field(default=False, description="Add a spoken version of the text (WAV); needs espeak-ng.")
    kind: str = Field(
        default="auto",
        description="Kind of document (invoice, receipt, letter, ...); auto decides by rules and a small trained model.",
        pattern=r"^[a-z_]{2,32}$",
    )
    ask_model: bool = Field(default=False, description="Ask the language model that OPENAI_MODEL names for fields that rules leave open.")
    force: bool = Field(default=False, description="Mill again even if a result is there.")

    @field_validator("language")
    @classmethod
    def _known_language(cls, value: str) -> str:
        try:
            return language_code(value)
        except InvalidOptions as error:
            raise ValueError(error.message) from error

    @field_validator("entities")
    @classmethod
    def _known_entities(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        asked = {name.strip().upper() for name in value}
        wanted = tuple(sorted({ENTITY_ALIASES.get(name, name) for name in asked}))
        if unknown := [name for name in wanted if name not in KNOWN_ENTITIES]:
            raise ValueError(f"unknown entities {unknown}; known are {', '.join(KNOWN_ENTITIES)}")
        return wanted

    @classmethod
    def kept(cls, told: Mapping[str, Any]) -> Self:
        """Options as the ledger keeps them: that an engine is not installed here, or any more, is no reason not to show what it read."""
        return cls.model_validate(told, context={_KEPT: True})

    def digest(self) -> str:
        """SHA-256 over the options that shape a result (all but force), hexadecimal."""
        body = self.model_dump(mode="json", exclude={"force"})
        return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
