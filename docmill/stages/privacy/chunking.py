"""Long texts in pieces that a model can take."""

from collections.abc import Iterator


def chunks(text: str, longest: int) -> Iterator[tuple[int, str]]:
    """(offset, piece) of at most `longest` characters, cut behind a line where there is one, else behind a blank, else hard."""
    at = 0
    while at < len(text):
        end = min(len(text), at + longest)
        if end < len(text):
            cut = max(text.rfind("\n", at + longest // 2, end), -1)
            cut = cut if cut >= 0 else text.rfind(" ", at + longest // 2, end)
            end = cut + 1 if cut >= 0 else end
        yield at, text[at:end]
        at = end
