"""What a name in the store may look like. The same rule for every store, so that a name good in one is good in all."""

from docmill.errors import InvalidOptions

MAX_PART_BYTES = 255
"""Longest name of one file on ext4, XFS and btrfs."""

MAX_NAME_BYTES = 900
"""Below the 1024 bytes of Google Cloud Storage, so that a prefix inside the bucket still fits."""

_FORBIDDEN = frozenset(map(chr, (*range(32), 127)))


def name_parts(name: str) -> tuple[str, ...]:
    """The parts of an object's name.

    Parts are joined by `/`, not empty, and begin with no dot: that rules out `.`, `..` and whatever a store keeps for itself.

    Raises:
        InvalidOptions: the name is not such a name; the message does not repeat it.
    """
    parts = tuple(name.split("/"))
    if not all(_is_good_part(part) for part in parts) or len(name.encode()) > MAX_NAME_BYTES:
        raise InvalidOptions(
            "an object's name is a relative path of parts that are not empty, begin with no dot and hold no control character"
        )
    return parts


def prefix_parts(prefix: str) -> tuple[tuple[str, ...], str]:
    """The folder a prefix lies in, as parts, and the beginning of a name inside it (may be empty).

    Raises:
        InvalidOptions: the folder is not a good name.
    """
    folder, slash, beginning = prefix.rpartition("/")
    return (name_parts(folder) if slash else ()), beginning


def _is_good_part(part: str) -> bool:
    if not part or part.startswith(".") or not _FORBIDDEN.isdisjoint(part):
        return False
    try:
        return len(part.encode()) <= MAX_PART_BYTES
    except UnicodeEncodeError:  # a lone surrogate: no store can keep it
        return False
