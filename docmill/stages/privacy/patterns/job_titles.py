"""Job titles that stand alone on a line, as in letterheads and signatures: `Laboratory technician`. TITLE is searched only when asked for.

A short line counts when its head noun is an occupation; that noun is the last word, or the one before `of`, `for`, `at` or a comma.
"""

import re
from collections.abc import Iterator

from docmill.stages.privacy.hits import Hit

_HEADS = (
    "accountant|actor|actress|administrator|advis[eo]r|agent|analyst|animator|appraiser|architect|archivist|artist|assembler|assistant|associate|attendant"
    "|attorney|auditor|baker|banker|barber|bartender|biologist|bookkeeper|broker|builder|butcher|buyer|captain|carpenter|cashier|chairman|chairwoman|chef|chemist"
    "|chief|clerk|coach|collector|commissioner|conductor|consultant|controller|cook|coordinator|counsel|counsell?or|curator|dealer|dentist|deputy|designer"
    "|developer|dietitian|director|dispatcher|doctor|drafter|driver|economist|editor|educator|electrician|engineer|estimator|examiner|executive|farmer|finisher"
    "|firefighter|fitter|foreman|geologist|guard|guide|hairdresser|handler|head|helper|housekeeper|hygienist|illustrator|inspector|installer|instructor"
    "|interpreter|investigator|janitor|journalist|judge|keeper|laborer|labourer|lawyer|lecturer|librarian|machinist|maker|manager|marketer|mason|mechanic|midwife"
    "|miner|musician|nurse|officer|operator|optician|organi[sz]er|painter|paralegal|paramedic|partner|pathologist|pharmacist|photographer|physician|physicist"
    "|physiotherapist|pilot|planner|plumber|police(?:man|woman)|president|principal|producer|professor|programmer|psychologist|realtor|receptionist|recruiter"
    "|registrar|repairer|reporter|representative|researcher|sailor|scientist|secretary|seller|sergeant|servant|setter|shipper|sociologist|soldier|sonographer"
    "|specialist|statistician|steward|superintendent|supervisor|surgeon|surveyor|tailor|teacher|technician|technologist|teller|therapist|trader|trainer"
    "|translator|treasurer|tutor|typist|veterinarian|waiter|waitress|warden|welder|worker|writer"
)
_MOST_WORDS = 6
_LINE = re.compile(
    rf"^[>\s]*(?P<value>(?:[^\W\d_][\w'/&-]*[ ]){{0,{_MOST_WORDS - 1}}}?(?:{_HEADS})(?:(?:,[ ]|[ ](?:of|for|at|in)[ ])[^\W\d_][\w' &-]{{2,40}})?)[ .]*$",
    re.IGNORECASE | re.MULTILINE,
)


class JobTitleLine:
    """Lines that are a job title."""

    type = "TITLE"

    def find(self, text: str) -> Iterator[Hit]:
        """Such lines; a text of one line is a sentence or a heading, not a letterhead."""
        if "\n" in text:
            yield from (Hit(*line.span("value"), self.type, 0.7, "pattern:job_title") for line in _LINE.finditer(text))
