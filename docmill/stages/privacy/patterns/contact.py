"""E-mail addresses and web addresses."""

import re

from docmill.stages.privacy.patterns.pattern import Pattern

_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"  # a host name's label, letters of any script (IDN): RFC 1035 section 2.3.4

EMAIL = Pattern(
    "email",
    "EMAIL_ADDRESS",
    re.compile(
        rf"""
        (?<![\w.+-])                                   # not the tail of a longer word
        [\w!\#$%&'*+/=?^`{{|}}~-]+(?:\.[\w!\#$%&'*+/=?^`{{|}}~-]+)*   # local part, dots inside only: RFC 5322 atom
        \s?@\s?                                        # OCR likes to put a space around the sign
        (?:{_LABEL}\.)+                                # labels of the host
        (?:[^\W\d_]{{2,24}}|xn--[\w-]{{2,59}})         # top-level domain: letters, or punycode
        (?![\w-])                                      # the domain ends here
        """,
        re.VERBOSE,
    ),
    0.99,
)

_DOT = r"(?:\.|[ ]\.[ ])"
EMAIL_SPACED = Pattern(  # ann . lee @ example . org: print with wide letters, and those who hide from robots
    "email_spaced",
    "EMAIL_ADDRESS",
    re.compile(rf"(?<![\w.+-])[\w+-]+(?:{_DOT}[\w+-]+){{0,4}}[ ]?@[ ]?(?:{_LABEL}{_DOT}){{1,4}}[^\W\d_]{{2,24}}(?![\w-])"),
    0.95,
    accept=lambda value: " . " in value,
)

EMAIL_CUT = Pattern(
    "email_cut",
    "EMAIL_ADDRESS",
    # what OCR left of an address when it lost the ending: a name, the sign, a host's first label
    re.compile(r"(?<![\w@])(?=[\w.+-]{0,63}[^\W\d])[\w.+-]{1,64}@(?=[^\W\d_])[\w-]{2,}(?:\.[\w-]+)*(?:\.(?=\n))?(?![@\w-])"),
    0.6,
)

_PUBLIC_ENDINGS = "com|org|net|edu|gov|info|biz|io|eu|de|at|ch|fr|it|es|nl|be|uk|dk|se|no|fi|pl|cz|pt|us|ca|au|nz|jp|in|br"

URL = Pattern(
    "url",
    "URL",
    re.compile(
        rf"""
        (?<![\w@.])
        (?:
            (?:https?|ftp)://[^\s<>"']+                # a scheme says it all
          | www\.(?:{_LABEL}\.)+[^\W\d_]{{2,24}}(?:/[^\s<>"']*)?        # www. and a host
          | (?:{_LABEL}\.)+(?:{_PUBLIC_ENDINGS})/[^\s<>"']+             # a bare host counts with a path behind it only
        )
        (?<![.,;:!?)\]}}])                             # the sentence's own punctuation stays
        """,
        re.VERBOSE | re.IGNORECASE,
    ),
    0.95,
)

CONTACT_PATTERNS = (EMAIL, EMAIL_SPACED, EMAIL_CUT, URL)
