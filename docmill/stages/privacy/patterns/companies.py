"""Names of companies and institutions by what they end or begin with: `Palantir Technologies`, `Müller & Söhne GmbH`, `University of Graz`.

ORGANIZATION is searched only when asked for.
"""

import re

from docmill.stages.privacy.patterns.pattern import Pattern

_CAP = r"[A-ZÀ-ÞŠŽČĆĐŁŚŻŹŐŰİ0-9][\w'\u2019&.-]*"
_LEGAL = (
    r"Inc|Incorporated|LLC|L\.L\.C|LLP|Ltd|Limited|Corp|Corporation|Co|Company|PLC|plc|GmbH|mbH|AG|KG|OHG|SE|e\.V|S\.?A\.?(?:S|R\.?L)?|SpA|S\.p\.A|S\.?r\.?l|B\.?V|N\.?V"
    r"|Oy|Oyj|AB|ASA|A/S|ApS|Kft|Zrt|Sp\.[ ]z[ ]o\.o|s\.r\.o|a\.s|Pty|Pvt|Bhd|Sdn[ ]Bhd"
)
_KINDS = (
    r"Technologies|Technology|Solutions|Systems|Software|Labs?|Laboratories|Research|Industries|Holdings?|Group|Partners|Associates|Consulting|Services|Enterprises|Ventures"
    r"|Capital|Bank|Insurance|Pharmaceuticals|Airlines|Airways|Motors|Foods|Media|Records|Press|Studios|Pictures|University|College|Institute|Hospital|Clinic|Foundation"
    r"|Association|Council|Agency|Ministry|Authority|Committee|Museum|Orchestra|Church|Club"
)

COMPANY = Pattern(
    "company_ending",
    "ORGANIZATION",
    re.compile(rf"(?<![\w.-]){_CAP}(?:[ ](?:(?:&|and|und|et|y)[ ])?{_CAP}){{0,4}}?[ ]?,?[ ](?:(?:{_LEGAL})(?!\w)\.?|(?:{_KINDS})\b)"),
    0.7,
)
INSTITUTION = Pattern(
    "institution",
    "ORGANIZATION",
    re.compile(
        rf"(?<!\w)(?:University|Bank|Ministry|Institute|College|Department|Republic|Church|House)[ ]of[ ](?:the[ ])?{_CAP}(?:[ ]{_CAP}){{0,3}}"
    ),
    0.7,
)

IN_CONTEXT = "pattern:company_context"
"""Source of names that only the words beside them make a company: a person's may stand there as well, so a model that sees one is believed."""

_NAME = rf"(?:{_CAP}|&)(?:[ ]{{1,2}}(?:(?:&|and|of|the)[ ])?{_CAP}){{0,3}}"
_NOT_COMPANY = (
    r"(?=\S{0,12}?[^\W\d_]{2})(?!(?:I|A|An|All|Both|Each|Every|Its|Many|New|No|Old|Some|Their|The|This|That|It|He|She|We|They|You|My|Our|His|Her|Mr|Mrs|Ms|Miss|Dr|Prof|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
    r"|January|February|March|April|May|June|July|August|September|October|November|December)\b)"
)
COMPANY_BEHIND = Pattern(  # spent a year at Spacecurve, before joining Quillon, a spokesman for Telvio
    "company_context",
    "ORGANIZATION",
    re.compile(
        r"\b(?:join(?:s|ed|ing)|work(?:s|ed|ing)?[ ](?:at|for)|employed[ ](?:at|by)|stud(?:y|ies|ied|ying)[ ]at|hired[ ]by|acquired[ ]by"
        r"|(?:founder|chairman|chairwoman|president|director|head|owner|CEO|chief[ ]executive|employees?|customers?|shares|subsidiary)[ ]of"
        r"|spokes(?:man|woman|person)[ ](?:for|of)|(?:years?|months?|career|job|position|role|internship|assistant|manager)[ ](?:at|with)"
        rf"|merger[ ]of|according[ ]to[ ]the|works?[ ]as[ ](?:an?|the)[ ](?:[a-z]+[ ]){{1,3}}(?:at|for|with)"
        rf"|(?:manufactured|sponsored|issued|certified)[ ]by|(?:contract|policy|interview|subscription)[ ](?:at|with)"
        rf"|(?:board|board[ ]members|competitors?|clients?|suppliers?|investors?|branch(?:es)?|offices)[ ]of)"
        rf"[ ](?:the[ ])?(?P<value>{_NOT_COMPANY}{_NAME})"
    ),
    0.6,
)
COMPANY_BEFORE = Pattern(  # the Roadify Transit website, Spotify announced
    "company_context",
    "ORGANIZATION",
    re.compile(
        rf"(?<![\w.-])(?P<value>{_NOT_COMPANY}{_NAME})(?:['\u2019]s?)?[ ]"
        r"(?:website|announced|reported[ ]that|is[ ]a[ ](?:[a-z-]+[ ]){0,2}(?:company|firm|start-?up|manufacturer|retailer|supplier|bank|agency)"
        r"|shares|CEO|CFO|CTO|spokes(?:man|woman|person)|employees|customers|headquarters|subsidiary|stores?|shop|branch|app)\b"
    ),
    0.6,
)

COMPANY_PATTERNS = (COMPANY, INSTITUTION, COMPANY_BEHIND, COMPANY_BEFORE)
