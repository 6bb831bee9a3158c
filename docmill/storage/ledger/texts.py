"""Text as both databases take it."""


def storable(text: str) -> str:
    """The text without what a database refuses.

    PostgreSQL takes no NUL; file names that are not UTF-8 come with lone surrogates (PEP 383), which neither database takes.
    """
    return text.replace("\0", "").encode("utf-8", "replace").decode()
