"""Ledger: the database that remembers where every document stands."""

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.saved import DOCUMENTATION_URL
from docmill.settings import settings


class Ledger(Block):
    """The database that remembers where every document stands: SQLite on one machine, PostgreSQL for more. Only the flow process opens it.

    Example:
        ```python
        from blocks import Ledger

        ledger = Ledger.load("BLOCK_NAME")
        room_url = ledger.url.get_secret_value()
        ```
    """

    _block_type_name = "docmill ledger"
    _block_type_slug = "docmill-ledger"
    _description = "The database in which docmill remembers where every document stands: SQLite on one machine, PostgreSQL for more."
    _documentation_url = DOCUMENTATION_URL

    url: SecretStr = Field(
        default_factory=lambda: SecretStr(settings().resolved_ledger_url),
        description="SQLAlchemy URL; it may hold a password and never leaves the flow process.",
    )
