"""Documents of many companies whose kinds a person has said, and their consent: what retraining learns from."""

import pytest
import review_papers
from ledger_fixtures import Work
from review_papers import published

from docmill.services.learning.lessons import say_consent
from docmill.services.review.marking import say_kind
from docmill.values.evidence import Field
from docmill.values.geometry import Box
from docmill.values.page import Line, Page, Word

PHRASE = "rainfall gauge of the station beside the weir"


def printed(texts):
    """A page of lines."""
    lines = tuple(
        Line(words=tuple(Word(text=word, box=Box(10 + 60 * at, 20 * row, 60 + 60 * at, 20 * row + 15), confidence=0.9) for at, word in enumerate(text.split())))
        for row, text in enumerate(texts, 1)
    )  # fmt: skip
    return Page(number=1, width_px=600, height_px=800, dpi=72, lines=lines, source="text_layer", language="en")


def paper(room, work, n, company, words, kind, monkeypatch, tax_id=None):
    """A document of a company, whose kind a person says."""
    page = printed([company, *words])
    vendor = Field(name="vendor_name", value=company, text=company, evidence=review_papers.seen(0.9))
    number = (Field(name="vendor_tax_id", value=tax_id, text=tax_id, evidence=review_papers.seen(0.9)),) if tax_id else ()
    understood = review_papers.UNDERSTOOD.model_copy(update={"fields": (vendor, *number), "problems": ()})
    monkeypatch.setattr(review_papers, "PAGE", page)
    monkeypatch.setattr(review_papers, "UNDERSTOOD", understood)
    job = published(room, work, n=n)
    say_kind(room, job.document_id, "local", kind)
    return job.document_id


def papers(room, monkeypatch, count):
    """Documents of up to 30 companies that print rainfall reports, and tenancy papers."""
    work, found = Work(room.ledger), []
    for n in range(count):
        company, is_report = f"Company{n % 30}", n % 2
        words = [PHRASE, f"monthly sheet {n}"] if is_report else ["tenancy of the landlord", f"deposit and keys {n}"]
        found.append(paper(room, work, n, company, words, "report" if is_report else "contract", monkeypatch))
    return found


@pytest.fixture
def decided(room, monkeypatch):
    return papers(room, monkeypatch, 60)


def consented(room, document_ids, may_teach=True):
    for one in document_ids:
        say_consent(room, one, may_teach=may_teach, by="local")
