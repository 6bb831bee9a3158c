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
_MOST_WORDS, _MOST_CHARS = 6, 80
_LINE = re.compile(r"[^\n|]+")
_EDGES = " \t>.,"
_HEAD = re.compile(rf"(?:.*[^\w'-])?(?:{_HEADS})", re.IGNORECASE)
_BEHIND = re.compile(r",[ ]|[ ](?:of|for|at|in)[ ]")


class JobTitleLine:
    """Lines that are a job title."""

    type = "TITLE"

    def find(self, text: str) -> Iterator[Hit]:
        """Such lines; a text of one line is a sentence or a heading, not a letterhead."""
        if "\n" not in text and "|" not in text:
            return
        for line in _LINE.finditer(text):
            title = line[0].strip(_EDGES)
            if title and _is_title(title):
                start = line.start() + line[0].index(title)
                yield Hit(start, start + len(title), self.type, 0.7, "pattern:job_title")


def _is_title(line: str) -> bool:
    if len(line) > _MOST_CHARS or len(line.split()) > _MOST_WORDS or any(c.isdigit() or c in ':;@!?"' for c in line):
        return False
    return bool(_HEAD.fullmatch(_BEHIND.split(line, maxsplit=1)[0]))
