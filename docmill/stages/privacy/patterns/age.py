"""Ages: a number that a unit, a word before it or a sentence around it makes an age. English, and the plain forms of some other languages."""

import re

from docmill.stages.privacy.patterns.pattern import Pattern

_YEARS = r"(?:1[01]\d|[1-9]?\d)"
_UNIT = r"(?:years?|yrs?|months?|weeks?)"
_TENS_STEM = r"(?:twent|thirt|fort|fift|sixt|sevent|eight|ninet)"
_ONES = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_WORDS = rf"(?:{_TENS_STEM}y(?:[ -]{_ONES})?|{_ONES}|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen)"
_CLAUSE_ENDS = r"(?=\s*(?:[.,;!?)]\s|[.;!?]?$|(?:and|but|now|when|today|already|who|so)\b))"  # `I am 34 and`, not `I am 34 miles away`

AGE = Pattern(
    "age",
    "AGE",
    re.compile(
        rf"""
        (?<![\w.,-])
        (?: (?<!\d[ ])(?P<value>(?:{_YEARS}|\b{_WORDS})
              (?=[ -]?{_UNIT}(?:[ -](?:old|of[ ]age)\b|\b\.?[ ]?o(?:ld)?\b) | [ -]?y\.?[ ]?/?[ ]?o\b ))       # 21 year old, forty-year-old, 3yo, 45 y/o
          | (?:turn(?:s|ed|ing)?|aged?(?:\s?[:=])?|ages|age[ ]of)[ ](?P<value2>{_YEARS})(?![\w%]|[.,:/-]\d) )   # just turned 47, aged 47
        """,
        re.VERBOSE | re.IGNORECASE,
    ),
    0.8,
)

AGE_IN_SENTENCE = Pattern(
    "age_in_sentence",
    "AGE",
    re.compile(
        rf"""
        (?<![\w.,-])
        (?: (?:I[ ]am|I['\u2019]m|(?:he|she)(?:[ ]is|[ ]was|['\u2019]s))[ ](?:(?:only|now|already|just|almost|nearly)[ ])?(?P<value>{_YEARS}){_CLAUSE_ENDS}
          | (?:(?:wo)?man|boy|girl|child|lady|gentleman)[ ]of[ ](?P<value2>{_YEARS})(?![\w%]|[.,:/-]\d) )
        """,
        re.VERBOSE | re.IGNORECASE,
    ),
    0.7,
)

AGE_DECADE = Pattern(
    "age_decade",
    "AGE",
    re.compile(
        rf"""
        \bin[ ](?:my|his|her|their)[ ](?:(?:early|mid|late)[ -])?(?P<value>[2-9]0['\u2019]?s|{_TENS_STEM}ies)\b     # in her late thirties
      | \b(?P<value2>{_YEARS}(?:st|nd|rd|th))(?=[ ]birthday\b)                                                   # his 50th birthday
        """,
        re.VERBOSE | re.IGNORECASE,
    ),
    0.7,
)

AGE_ELSEWHERE = Pattern(
    "age_elsewhere",
    "AGE",
    re.compile(
        rf"""
        (?<![\w.,-])
        (?: (?P<value>{_YEARS})(?=[ ](?:jahre[ ]alt|años[ ]de[ ]edad|anos[ ]de[ ]idade|jaar[ ]oud)\b|[ -]?jährige[rnms]?\b)
          | (?:(?:j'ai|il[ ]a|elle[ ]a|tengo|tiene|ho|ha)(?=[ ]\d+[ ](?:ans|años|anni)\b)
             |im[ ]alter[ ]von|alter\s?:|âgée?[ ]de|âge\s?:|edad\s?:|de[ ]edad|età\s?:|idade\s?:|leeftijd\s?:
            )[ ](?P<value2>{_YEARS})(?![\w%]|[.,:/-]\d) )
        """,
        re.VERBOSE | re.IGNORECASE,
    ),
    0.7,
)

AGE_PATTERNS = (AGE, AGE_IN_SENTENCE, AGE_DECADE, AGE_ELSEWHERE)
