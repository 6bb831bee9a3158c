"""Patterns with validation, one module per family. `PATTERNS` is all of them; a new recogniser is a line here."""

from docmill.stages.privacy.hits import Recogniser
from docmill.stages.privacy.patterns.address import ADDRESS_PATTERNS
from docmill.stages.privacy.patterns.age import AGE_PATTERNS
from docmill.stages.privacy.patterns.bank import BANK_PATTERNS
from docmill.stages.privacy.patterns.birth import BIRTH_PATTERNS
from docmill.stages.privacy.patterns.companies import COMPANY_PATTERNS
from docmill.stages.privacy.patterns.contact import CONTACT_PATTERNS
from docmill.stages.privacy.patterns.job_titles import JobTitleLine
from docmill.stages.privacy.patterns.national import NATIONAL_PATTERNS
from docmill.stages.privacy.patterns.network import NETWORK_PATTERNS
from docmill.stages.privacy.patterns.people import PEOPLE_PATTERNS
from docmill.stages.privacy.patterns.phone import Phone
from docmill.stages.privacy.patterns.tax import TAX_PATTERNS

PATTERNS: tuple[Recogniser, ...] = (
    *CONTACT_PATTERNS,
    *NETWORK_PATTERNS,
    *BANK_PATTERNS,
    *NATIONAL_PATTERNS,
    *TAX_PATTERNS,
    *BIRTH_PATTERNS,
    *AGE_PATTERNS,
    Phone(),
    *ADDRESS_PATTERNS,
    *PEOPLE_PATTERNS,
    JobTitleLine(),
    *COMPANY_PATTERNS,
)
