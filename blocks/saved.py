"""Loading a saved block, or the in-code default when none is saved."""

from typing import Self

from prefect.blocks.core import Block

DEFAULT_NAME = "default"


class SavedOrDefault(Block):
    """A block that works without having been saved: its defaults come from docmill's settings."""

    _is_anonymous: bool | None = None
    _block_type_slug: str | None = None

    @classmethod
    def saved(cls, name: str = DEFAULT_NAME) -> Self:
        """The block saved under a name; without one, the defaults (only for the name `default`).

        Raises:
            ValueError: a block with another name than `default` is not there.
        """
        try:
            found = cls.load(name)
        except ValueError:
            if name != DEFAULT_NAME:
                raise
            return cls()
        if not isinstance(found, cls):  # load is async inside a running event loop; flows and tasks here are synchronous
            raise TypeError(f"{cls.__name__}.saved is for synchronous flows and tasks")
        return found
