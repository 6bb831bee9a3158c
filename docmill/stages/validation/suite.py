"""The suite as data: the one that comes with docmill, and what one says of its checks. Nothing heavy is imported here.

Each expectation carries its check's name and title in `meta`, a severity and a scope. Severity: `critical` and `warning` send a document to
review, `info` is only shown. Scope: `document` (also where none is said) is asked for each document while it is milled, `batch` once over all
documents of a batch, at its end. Whether a file of a user's own can be such a suite is told by suite_file.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final, Literal, NotRequired, TypedDict

Scope = Literal["document", "batch"]
DOCUMENT: Final = "document"
BATCH: Final = "batch"


class CheckMeta(TypedDict):
    """A check's name in results, its sentence for people, and over what it is asked."""

    check: str
    title: str
    scope: NotRequired[Scope]


class ExpectationData(TypedDict):
    """One expectation as Great Expectations serialises it."""

    type: str
    kwargs: dict[str, object]
    severity: str
    meta: CheckMeta


class SuiteData(TypedDict):
    """The suite as Great Expectations serialises it."""

    name: str
    expectations: list[ExpectationData]
    meta: dict[str, object]


Checks = Mapping[str, ExpectationData]
"""Check name -> its expectation, in the suite's order."""


@lru_cache(maxsize=1)
def suite_text() -> str:
    """The suite that comes with docmill, as it stands in its file."""
    return files("docmill.stages.validation").joinpath("suite.json").read_text(encoding="utf-8")


def suite_data() -> SuiteData:
    """The suite that comes with docmill, freshly parsed, because Great Expectations changes what it is given."""
    data: SuiteData = json.loads(suite_text())
    return data


def suite_digest() -> str:
    """SHA-256 of the suite that comes with docmill, hexadecimal."""
    return hashlib.sha256(suite_text().encode()).hexdigest()


@lru_cache(maxsize=1)
def checks() -> Checks:
    """The checks that come with docmill."""
    return MappingProxyType(checks_in(suite_data()))


def checks_in(suite: SuiteData, scope: Scope | None = None) -> dict[str, ExpectationData]:
    """The checks of a suite, those of both scopes or of one."""
    return {e["meta"]["check"]: e for e in suite["expectations"] if scope in {None, e["meta"].get("scope", DOCUMENT)}}


def is_doubt(name: str, known: Checks) -> bool:
    """Whether a failed check sends its document to review; one that the suite does not name any more does."""
    return name not in known or known[name]["severity"] != "info"


def title_of(name: str, known: Checks) -> str:
    """A check's sentence for people."""
    return known[name]["meta"]["title"] if name in known else f"check {name} failed"
