"""What all ledger tables share: the MetaData, the column types and the constraint helpers.

The tables stand in tables_accounts, tables_jobs, tables_results and tables_events. Every row carries its tenant as the first column of its
primary key, and references between tenant-owned rows are composite, so no row can point into another tenant. Every other index begins with
something else: PostgreSQL plans the check of a reference once per session, and while a table is new and small an index that begins with the
tenant looks as good to it as the primary key; it would then read all rows of the tenant for each row written.

Does not belong here: queries, and changes of the schema (those are migrations).
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)
"""All tables of the ledger; a test compares it with what the migrations make."""

SHA256_LENGTH, ID_LENGTH, TENANT_LENGTH, NAME_LENGTH = 64, 32, 63, 255


def utc_now() -> datetime:
    """The present instant, aware, UTC."""
    return datetime.now(UTC)


class UtcDateTime(sa.TypeDecorator[datetime]):
    """A point in time: aware in Python, UTC in the database (SQLite keeps ISO text without an offset)."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; a naive time is refused because nobody could say which instant it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the ledger takes aware times only")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def tenant_column() -> sa.Column[str]:
    """The first part of every primary key."""
    return sa.Column("tenant_id", sa.String(TENANT_LENGTH), sa.ForeignKey("tenants.tenant_id"), primary_key=True)


def id_key(name: str) -> sa.Column[str]:
    """The second part of a primary key: an id."""
    return sa.Column(name, sa.String(ID_LENGTH), primary_key=True)


def reference(table: str, column: str, *, local: str | None = None) -> sa.ForeignKeyConstraint:
    """A reference to a row of the same tenant."""
    return sa.ForeignKeyConstraint(["tenant_id", local or column], [f"{table}.tenant_id", f"{table}.{column}"])


def one_of(column: str, values: Iterable[str]) -> sa.CheckConstraint:
    """A CHECK that the column holds one of the values."""
    quoted = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({quoted})", name=column)
