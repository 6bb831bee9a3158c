"""The suite as data: reads suite.json, which Great Expectations loads as it is. Nothing heavy is imported here.

Each expectation carries its check's name and title in `meta` and a severity: `critical` and `warning` send a document to review, `info`
is only shown.
"""

import hashlib
import json
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import TypedDict


class CheckMeta(TypedDict):
    """A check's name in results and its sentence for people."""

    check: str
    title: str


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


@lru_cache(maxsize=1)
def _suite_bytes() -> bytes:
    return files("docmill.stages.validation").joinpath("suite.json").read_bytes()


def suite_data() -> SuiteData:
    """The suite, freshly parsed, because Great Expectations changes what it is given."""
    data: SuiteData = json.loads(_suite_bytes())
    return data


def suite_digest() -> str:
    """SHA-256 of the suite's bytes, hexadecimal."""
    return hashlib.sha256(_suite_bytes()).hexdigest()


@lru_cache(maxsize=1)
def checks() -> MappingProxyType[str, ExpectationData]:
    """Check name -> its expectation, with title and severity (critical, warning or info), in the suite's order."""
    return MappingProxyType({e["meta"]["check"]: e for e in suite_data()["expectations"]})
