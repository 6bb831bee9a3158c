"""Personal data in one file at hand: read, find, redact, check, all in one cell, with a scratch folder that goes with it.

Belongs here: what the command line does with single files. The same work on many, with ledger and store, is services.milling.
"""

import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pydantic import SecretStr

from docmill.cell import Cell, CellLimits
from docmill.errors import Damaged
from docmill.scratch import scratch_folder
from docmill.services.certificate_keys import CertificateKeys
from docmill.services.certificates import make_certificate, values_of
from docmill.services.milling.shard import MillLimits
from docmill.services.milling.stages_reading import engine_name
from docmill.services.pii_rules import rules_in, rules_of
from docmill.services.redacting import Redaction, redact_and_prove
from docmill.services.unlocked_file import unlocked_in
from docmill.settings import Settings
from docmill.stages.privacy import version
from docmill.stages.privacy.redaction.evidence import CoveredText, Evidence
from docmill.stages.reading.sniff import refuse_lie
from docmill.values.evidence import Span, Vote
from docmill.values.model import Value
from docmill.values.options import DATA_LABELS, MillOptions
from docmill.values.page import Page
from docmill.values.pages_file import read_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docmill.cell import JsonArgument

_SUFFIXES = {"application/pdf": (".pdf",), "image/png": (".png",), "image/jpeg": (".jpg", ".jpeg"), "text/plain": (".txt",)}


class FoundSpan(Value):
    """A piece of personal data for the eyes of who holds the file.

    `page` is None for bare text; `type` is one of DATA_LABELS, `entity` docmill's own type; `votes` say which engines found it and why.
    """

    page: int | None = None
    start: int
    end: int
    type: str
    entity: str
    confidence: float
    source: str
    text: str
    votes: tuple[Vote, ...] = ()


@dataclass(frozen=True)
class MadeCopy:
    """A proven copy in the scratch folder, with what its certificate is made from."""

    path: Path
    media_type: str
    by_type: Mapping[str, int]
    evidence: Evidence
    values: "Sequence[tuple[str, str]]"
    original_sha256: str
    options: MillOptions

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How the copy's name should end."""
        return _SUFFIXES[self.media_type]

    def certificate(self, keys: CertificateKeys) -> bytes:
        """The signed certificate."""
        engines = version.certified_engines(self.options)
        return make_certificate(self.path, self.evidence, self.values, original_sha256=self.original_sha256, engines=engines, keys=keys)


class FilePrivacy:
    """One cell and one scratch folder. Use as a context manager.

    Args:
        settings: of this process.
        options: how to read and what to look for.
        rules: other rules for personal data than the settings name.
        password: tried on PDFs that ask for one.
    """

    def __init__(self, settings: Settings, options: MillOptions, rules: Path | None = None, password: SecretStr | None = None) -> None:
        self._password = password
        own = rules_in(rules) if rules else rules_of(settings)
        self.options, self._limits = options, MillLimits.from_settings(settings)
        self.cell = Cell(CellLimits(memory_bytes=self._limits.cell_memory_bytes, items=self._limits.cell_items))
        self._open = contextlib.ExitStack()
        self._folder = self._open.enter_context(scratch_folder("privacy"))
        self._rules = "" if own.is_empty else str(self._folder / "rules.json")
        if self._rules:
            Path(self._rules).write_text(own.model_dump_json(), encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.cell.close()
        self._open.close()

    def find(self, file: Path) -> list[FoundSpan]:
        """Personal data in a document, with the text.

        Raises:
            DocmillError: a page cannot be read, or an engine is missing.
        """
        _, paths = self._read(self._unlocked(file))
        text = {page.number: page.text for page in self._pages(paths)}
        return [
            FoundSpan(
                text=text[s.page][s.start : s.end],
                type=DATA_LABELS.get(s.type, s.type),
                entity=s.type,
                **s.model_dump(exclude={"boxes", "type"}),
            )
            for s in self._found(paths)
        ]

    def find_in_text(self, data: bytes) -> list[FoundSpan]:
        """Personal data in UTF-8 text.

        Raises:
            Damaged: it is not UTF-8.
        """
        try:
            line = json.dumps({"id": None, "text": data.decode("utf-8")})
        except UnicodeDecodeError:
            raise Damaged("the text is not UTF-8") from None
        return [FoundSpan.model_validate(span) for span in json.loads(self.find_in_lines(line.encode()))["spans"]]

    def find_in_lines(self, data: bytes) -> str:
        """Personal data in JSON lines `{"id", "text"}`, as JSON lines `{"id", "spans"}`.

        Raises:
            Damaged: a line is not such an object.
        """
        source, out = self._folder / "in.jsonl", self._folder / "out.jsonl"
        source.write_bytes(data)
        self._privacy("find_in_lines", str(source), self.options.language, list(self.options.entities), str(out), self._rules)
        return out.read_text(encoding="utf-8")

    def redact(self, file: Path, style: str) -> MadeCopy:
        """A proven copy; it goes with the scratch folder.

        Raises:
            RedactionUnproven: it could not be proven clean.
            DocmillError: the file cannot be read.
        """
        source = self._unlocked(file)
        media_type, paths = self._read(source)
        spans = self._found(paths)
        out = self._folder / "copy"
        out.mkdir()
        asked = Redaction(
            source=str(source),
            media_type=media_type,
            page_paths=list(map(str, paths)),
            spans_path=str(self._folder / "spans.json"),
            language=self.options.language,
            style=style,
            thorough=self.options.thorough,
            entities=self.options.entities,
            rules_path=self._rules,
        )
        made = redact_and_prove(self._run, asked, out, self._limits.for_reading())
        return MadeCopy(
            path=made.path,
            media_type=made.media_type,
            by_type=dict(sorted(Counter(span.type for span in spans).items())),
            evidence=made.evidence,
            values=[*values_of(spans, self._pages(paths)), *made.seen],
            original_sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
            options=self.options,
        )

    def covered_text(self, file: Path) -> list[CoveredText]:
        """Text under boxes of a PDF.

        Raises:
            UnsupportedType, Damaged, Encrypted: it is no PDF that can be opened.
        """
        out = self._folder / "covered.json"
        self._run("privacy.redaction.verbs:check_redactions", str(self._unlocked(file)), str(out))
        return [CoveredText.model_validate(one) for one in json.loads(out.read_bytes())]

    def _unlocked(self, file: Path) -> Path:
        if self._password is None:
            return file
        return unlocked_in(self._folder, file, self._password, self.cell, deadline_s=self._limits.page_deadline_s)

    def _read(self, file: Path) -> tuple[str, list[Path]]:
        limits = self._limits
        engine = engine_name(self.options.engine, limits.vision_endpoint)
        seen = self._call("reading.verbs:inspect", str(file), limits.for_reading(), deadline_s=limits.page_deadline_s)
        media_type, paths = str(seen["media_type"]), list[Path]()
        refuse_lie(media_type, file.name)
        for number in range(1, int(str(seen["page_count"])) + 1):
            paths.append(self._folder / f"page-{number}.json")
            args: list[JsonArgument] = [str(file), media_type, number, self.options.language, engine, str(self._folder), str(paths[-1])]
            self._call("reading.verbs:read_page", *args, limits.for_reading(), deadline_s=limits.page_deadline_s)
        return media_type, paths

    def _pages(self, paths: "Sequence[Path]") -> list[Page]:
        return [Page.model_validate_json(path.read_bytes()) for path in paths]

    def _found(self, paths: "Sequence[Path]") -> list[Span]:
        out = self._folder / "spans.json"
        self._privacy("find_pii", list(map(str, paths)), self.options.language, list(self.options.entities), str(out), self._rules)
        return read_spans(json.loads(out.read_bytes())["spans"])

    def _run(self, verb: str, *args: "JsonArgument") -> Mapping[str, object]:
        return self._call(verb, *args, deadline_s=self._limits.document_deadline_s)

    def _privacy(self, verb: str, *args: "JsonArgument") -> Mapping[str, object]:
        return self._run(f"privacy.verbs:{verb}", *args)

    def _call(self, verb: str, *args: "JsonArgument", deadline_s: float) -> Mapping[str, object]:
        reply = self.cell.call(f"docmill.stages.{verb}", *args, deadline_s=deadline_s)
        return reply if isinstance(reply, dict) else {}
