"""Archives and mails that arrive: every member becomes a document of its own, under limits, and nothing is lost silently."""

import dataclasses
import io
import zipfile
from email.message import EmailMessage

import pytest
from milled_papers import INVOICE, LETTER, read_only

from docmill.services.batches import batch_jobs, batch_view
from docmill.services.intake import take_in
from docmill.services.sources import files_of
from docmill.values.options import MillOptions


def zipped(members, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def locked(data):
    """The archive with every member marked as encrypted."""
    changed = bytearray(data)
    for magic, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.find(magic)
        while at >= 0:
            changed[at + flags_at] |= 1
            at = changed.find(magic, at + 4)
    return bytes(changed)


def take(room, file):
    batch_id, registered = take_in(room, files_of([str(file)], room.settings), MillOptions(index=False))
    assert batch_view(room.ledger, room.tenant, batch_id).total_files == len(registered)
    return batch_id, [(job.name, job.error_code) for job in batch_jobs(room.ledger, room.tenant, batch_id)]


def test_members_are_documents(tmp_path, room):
    file = tmp_path / "papers.zip"
    file.write_bytes(zipped({"in/invoice.txt": INVOICE, "in/": "", "../../letter.txt": LETTER, "__MACOSX/._x": "x", ".DS_Store": "x"}))
    _, jobs = take(room, file)
    assert jobs == [("invoice.txt", None), ("letter.txt", None)]
    assert not (tmp_path.parent / "letter.txt").exists()
    # the same bytes by themselves are the same document
    (tmp_path / "invoice.txt").write_text(INVOICE)
    _, registered = take_in(room, files_of([str(tmp_path / "invoice.txt")], room.settings), MillOptions(index=False))
    assert registered[0].reused


@pytest.mark.parametrize(
    ("data", "jobs"),
    [
        (zipped({"a.txt": INVOICE, "b.zip": zipped({"c.txt": LETTER})}), [("a.txt", None), ("b.zip", "unsupported_type")]),
        (locked(zipped({"a.txt": INVOICE})), [("a.txt", "encrypted")]),
        (zipped({"a.txt": INVOICE}, zipfile.ZIP_STORED).replace(b"ACME", b"OOPS", 1), [("a.txt", "damaged")]),
        (zipped({"a.pdf": INVOICE, "b.txt": ""}), [("a.pdf", "unsupported_type"), ("b.txt", "damaged")]),
        (zipped({}), [("x.zip", "unsupported_type")]),
        (zipped({"a.txt": bytes(40_000_000)}), [("x.zip", "too_large")]),
        (zipped({f"{n}.txt": "x" for n in range(2001)}), [("x.zip", "too_large")]),
        (zipped({"a.txt": INVOICE})[:-30], [("x.zip", "damaged")]),
        (zipped({"ppt/presentation.xml": "x"}), [("x.zip", "unsupported_type")]),
    ],
    ids=["nested", "locked", "crc", "lies", "empty", "bomb", "many", "cut", "slides"],
)
def test_what_cannot_be_taken_apart_fails_by_name(tmp_path, room, data, jobs):
    file = tmp_path / "x.zip"
    file.write_bytes(data)
    assert take(room, file)[1] == jobs


def test_a_member_over_the_byte_limit(tmp_path, room):
    file = tmp_path / "x.zip"
    file.write_bytes(zipped({"a.txt": INVOICE, "big.txt": LETTER * 100}))
    small = dataclasses.replace(room, settings=room.settings.model_copy(update={"max_bytes": 5000}))
    assert take(small, file)[1] == [("a.txt", None), ("big.txt", "too_large")]


def test_a_mail_and_what_is_attached_to_it(tmp_path, room):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "ann@example.org", "bob@example.org", "Your invoice", "<7@example.org>"
    mail.set_content("Dear Bob, the invoice is attached.")
    mail.add_attachment(INVOICE, filename="../invoice.txt")
    file = tmp_path / "mail.eml"
    file.write_bytes(mail.as_bytes())
    batch_id, jobs = take(room, file)
    assert jobs == [("mail.eml", None), ("invoice.txt", None)]
    assert read_only(room, batch_id) == [1, 1]
