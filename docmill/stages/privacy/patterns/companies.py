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
    re.compile(
        rf"(?<![\w.-]){_CAP}(?:[ ](?:(?:&|and|und|et|y|of|for)[ ])?{_CAP}){{0,4}}?[ ]?,?[ ](?:(?:{_LEGAL})(?!\w)\.?|(?:{_KINDS})\b)"
    ),
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

COMPANY_PATTERNS = (COMPANY, INSTITUTION)
