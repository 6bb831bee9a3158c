"""The tone of English prose: VADER (Hutto and Gilbert 2014), a lexicon with rules for negation, degree and emphasis.

The score is the mean of the sentences' compound scores, -1.0 to 1.0; the label follows VADER's own bounds of 0.05. Other languages have no such
lexicon here and get no sentiment rather than a wrong one.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from docmill.errors import EngineMissing
from docmill.stages.understanding.enrichment.texts import Sentence
from docmill.values.enrichment import Sentiment

if TYPE_CHECKING:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

LANGUAGE: Final = "en"
BOUND: Final = 0.05
_LOOKED_AT: Final = 300


def sentiment_of(sentences: Sequence[Sentence], languages: Sequence[str]) -> Sentiment | None:
    """The tone of a document whose main language is English; None for others and for documents without prose.

    Raises:
        EngineMissing: vaderSentiment is not installed.
    """
    looked_at = sentences[:_LOOKED_AT]
    if not looked_at or not languages or languages[0] != LANGUAGE:
        return None
    scores = [float(_analyzer().polarity_scores(one.text)["compound"]) for one in looked_at]
    mean = round(sum(scores) / len(scores), 4)
    return Sentiment(label="positive" if mean >= BOUND else "negative" if mean <= -BOUND else "neutral", score=mean, sentences=len(scores))


@lru_cache(maxsize=1)
def _analyzer() -> "SentimentIntensityAnalyzer":
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # noqa: PLC0415 - reads a lexicon, only where documents are enriched
    except ImportError as error:
        raise EngineMissing("the tone of a text cannot be judged: vaderSentiment is not installed") from error
    return SentimentIntensityAnalyzer()
