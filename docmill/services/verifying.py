"""Checking a redacted copy against its certificate, as a stranger can: no ledger, no store, no key needed, more with keys.

Belongs here: what is checked and what may be said of it. Does not belong here: printing (the command line), the gates (stages.privacy).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from docmill.cell import Cell, JsonArgument
from docmill.errors import DocmillError, NotFound
from docmill.scratch import scratch_folder
from docmill.services.certificate_keys import document_key, fingerprint, value_hash
from docmill.services.certificates import Certificate, key_check, read_certificate
from docmill.services.milling.shard import MillLimits
from docmill.services.redacting import read_pictures
from docmill.stages.privacy.literals import Haystack
from docmill.stages.privacy.redaction.proof import without_masks

NOT_AUTHENTICATED = "the signer is not authenticated: anybody can make a key; compare the fingerprint or use --trusted-key"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: its name, whether it passed, and in words what it says."""

    name: str
    passed: bool
    message: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The checks in their order, the signer's fingerprint (None when the certificate is no good), and what was left open."""

    checks: tuple[Check, ...]
    fingerprint: str | None
    remarks: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)


def verify_copy(
    file: Path,
    certificate: Path,
    cell: Cell,
    limits: MillLimits,
    *,
    trusted_key: bytes | None = None,
    hash_key: bytes | None = None,
    thorough: bool = False,
) -> Verification:
    """Check signature, signer, file hash, and run the gates on the file again.

    With the hash key look for the values, too, in its text and in what OCR reads around the boxes.

    Args:
        file: the redacted copy.
        certificate: its certificate.
        cell: where the file is opened.
        limits: of the gates and of OCR.
        trusted_key: raw public key of the signer that is expected; None leaves the signer unauthenticated.
        hash_key: the signer's hash key; None leaves the values unsearched.
        thorough: let OCR read whole pages.

    Raises:
        NotFound: there is no such file.
    """
    if not file.is_file() or not certificate.is_file():
        raise NotFound("there is no such file")
    try:
        signed = read_certificate(certificate.read_bytes())
    except DocmillError as error:
        return Verification((Check("signature", passed=False, message=error.message),), None, ())
    checks = [Check("signature", passed=True, message="the certificate is as it was signed")]
    remarks = []
    if trusted_key is None:
        remarks.append(NOT_AUTHENTICATED)
    else:
        same = trusted_key == signed.signer
        checks.append(Check("signer", same, "the trusted key signed it" if same else "another key than the trusted one signed it"))
    checks.append(_file_check(file, signed))
    gates, texts = _gates_check(file, signed, cell, limits.document_deadline_s)
    checks.append(gates)
    if hash_key is None:
        remarks.append("redacted values were not looked for: that takes --hash-key")
    elif gates.passed:
        checks.append(_values_check([*texts, *_seen_texts(file, signed, cell, limits, thorough=thorough)], signed, hash_key))
    return Verification(tuple(checks), fingerprint(signed.signer), tuple(remarks))


def _file_check(file: Path, signed: Certificate) -> Check:
    with file.open("rb") as stream:
        same = hashlib.file_digest(stream, "sha256").hexdigest() == signed.file.sha256
    return Check("file", same, "the file is the one that was certified" if same else "the file is not the one that was certified")


def _gates_check(file: Path, signed: Certificate, cell: Cell, deadline_s: float) -> tuple[Check, list[str]]:
    with scratch_folder("verify") as folder:
        evidence, out = folder / "evidence.json", folder / "texts.json"
        evidence.write_text(signed.evidence.model_dump_json(), encoding="utf-8")
        try:
            reply = cell.call(
                "docmill.stages.privacy.redaction.verbs:prove", str(file.absolute()), str(evidence), str(out), deadline_s=deadline_s
            )
        except DocmillError as error:
            return Check("gates", passed=False, message=error.message), []
        names = [str(name) for name in reply["gates"]] if isinstance(reply, dict) and isinstance(reply["gates"], list) else []
        return Check("gates", passed=True, message=f"passed again: {', '.join(names)}"), json.loads(out.read_bytes())


def _seen_texts(file: Path, signed: Certificate, cell: Cell, limits: MillLimits, *, thorough: bool) -> list[str]:
    """What OCR reads in the pictures of the copy; nothing for text."""

    def call(verb: str, *args: JsonArgument) -> Mapping[str, object]:
        reply = cell.call(f"docmill.stages.{verb}", *args, deadline_s=limits.document_deadline_s)
        return reply if isinstance(reply, dict) else {}

    with scratch_folder("verify") as folder:
        evidence, out = folder / "evidence.json", folder / "texts.json"
        evidence.write_text(signed.evidence.model_dump_json(), encoding="utf-8")
        count = read_pictures(call, file.absolute(), evidence, folder, out, limits.for_reading(), "en", thorough=thorough)
        return [without_masks(text) for text in json.loads(out.read_bytes())] if count else []


def _values_check(texts: Iterable[str], signed: Certificate, hash_key: bytes) -> Check:
    key = document_key(hash_key, signed.file.sha256)
    if key_check(key) != signed.key_check:
        return Check("values", passed=False, message="this is not the hash key of the signer")
    wanted = {value.hash for value in signed.values if value.searched}
    if not wanted:
        return Check("values", passed=True, message="no redacted value is long enough to be looked for as text")
    windows = {window for text in texts for window in Haystack(text).windows(signed.longest)}
    found = sum(value_hash(key, window) in wanted for window in windows)
    short = len(signed.values) - len(wanted)
    if found:
        return Check("values", passed=False, message=f"{found} redacted value(s) can be read in the file")
    return Check("values", passed=True, message=f"none of {len(wanted)} redacted values can be read; {short} too short to be looked for")
