"""Which cells there are, and the table of what became of them."""

import random
from dataclasses import dataclass, field

import points

OCR, PAGES = "OCR engine", ("1st page", "2nd page", "3rd page", "4th page", "5th page", "6th page")
"""Its points are pages of a scan: the engine runs for no other."""

PARTS = (
    "gateway",
    "dispatcher",
    "ledger",
    "Prefect server",
    "Prefect worker",
    "flow process",
    "Dask scheduler",
    "Dask worker",
    "store",
    OCR,
)
KINDS = ("kill", "stop", "slow", "full")
NO_RUN = {"stored", "accepted", "delivering"}


@dataclass
class Cell:
    """One cell and what became of it."""

    part: str
    point: str
    kind: str
    number: int = 0
    is_counted: bool = False
    why: str = ""
    seconds: float = 0.0
    lease_over_s: float = 0.0
    violations: list = field(default_factory=list)

    @property
    def name(self):
        return f"{self.number:03d}"

    def __str__(self):
        verdict = (
            "VIOLATED: " + "; ".join(self.violations) if self.violations else "held" if self.is_counted else f"not counted: {self.why}"
        )
        return f"{self.name} {self.part:>15} {self.point:>11} {self.kind:>5} {self.seconds:6.1f} s  {verdict}"


def cells(parts, names, kinds, seed):
    """The cells in a seeded order; with `one`, a seeded kind for each part and point, dealt so that each part meets all four."""
    dice = random.Random(seed)  # noqa: S311 - chance, no secret
    made = []
    for part in parts:
        # there is no flow process yet, or no more
        mine = PAGES if part == OCR else [name for name in names if part != "flow process" or name not in NO_RUN]
        dealt = [kind for _ in range(0, len(mine), len(KINDS)) for kind in dice.sample(KINDS, len(KINDS))]
        for point, one in zip(mine, dealt, strict=False):
            chosen = [one] if kinds == "one" else list(KINDS) if kinds == "all" else kinds.split(",")
            made += [Cell(part, point, kind) for kind in chosen]
    dice.shuffle(made)
    return made


def table(done):
    """The results as Markdown: a row a part, a column a point."""
    names = [name for name in (*points.POINTS, *PAGES) if any(c.point == name for c in done)]
    lines = ["| part | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for part in dict.fromkeys(c.part for c in sorted(done, key=lambda c: PARTS.index(c.part) if c.part in PARTS else 99)):
        row = []
        for name in names:
            mine = [c for c in done if (c.part, c.point) == (part, name)]
            row.append(
                ", ".join(f"{c.kind} {'**violated**' if c.violations else 'held' if c.is_counted else 'not counted'}" for c in mine) or "-"
            )
        lines.append(f"| {part} | " + " | ".join(row) + " |")
    counted, violated = sum(c.is_counted for c in done), sum(bool(c.violations) for c in done)
    lines += ["", f"{len(done)} cells, {counted} counted, {violated} with violations."]
    return "\n".join(lines)
