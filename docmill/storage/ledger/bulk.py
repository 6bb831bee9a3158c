"""Many rows in few statements, the same on SQLite and PostgreSQL.

A row at a time would cost a round trip each on PostgreSQL. Belongs here: how rows travel. Does not belong here: what they mean.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Row = dict[str, Any]
"""One row by column name, inside this package only."""

CHUNK_ROWS = 500
"""Ids per statement; both databases take 32,766 parameters."""

_T = TypeVar("_T")


def chunks(items: Sequence[_T], size: int = CHUNK_ROWS) -> Iterator[Sequence[_T]]:
    """The items in slices of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def insert_rows(
    conn: sa.Connection,
    table: sa.Table,
    rows: Sequence[Row],
    *,
    replace: Sequence[str] | None = None,
) -> None:
    """Insert rows whose primary key may be there already.

    Args:
        conn: inside a transaction.
        table: where to.
        rows: all with the same columns.
        replace: columns that take the new value when the primary key is there; empty leaves the old row as it is, None refuses it.
    """
    if not rows:
        return
    insert = (sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert)(table)
    if replace is not None:
        keys = [column.name for column in table.primary_key]
        new = {name: insert.excluded[name] for name in replace}
        insert = insert.on_conflict_do_update(index_elements=keys, set_=new) if new else insert.on_conflict_do_nothing()
    if conn.dialect.name == "sqlite":
        conn.execute(insert, list(rows))
        return
    # RETURNING makes SQLAlchemy send many rows per statement; without it pg8000 sends them one by one
    conn.execute(insert.returning(sa.literal(1)), list(rows))


def update_rows(conn: sa.Connection, table: sa.Table, tenant: str, keys: Sequence[str], rows: Sequence[Row]) -> None:
    """Give each row, found by tenant and `keys`, the values beside its keys.

    The caller holds the rows' locks, so nothing is compared here. All rows have the same columns; none of them is of type JSON.
    """
    if not rows:
        return
    values = [name for name in rows[0] if name not in keys]
    of_tenant = sa.update(table).where(table.c.tenant_id == tenant)
    if conn.dialect.name == "sqlite":
        given = {name: sa.bindparam(f"given_{name}", type_=table.c[name].type) for name in rows[0]}
        update = of_tenant.where(*(table.c[key] == given[key] for key in keys)).values({name: given[name] for name in values})
        conn.execute(update, [{f"given_{name}": value for name, value in row.items()} for row in rows])
        return
    # one JSON parameter instead of a round trip per row
    text = sa.literal(json.dumps(rows, default=str), sa.Text).cast(postgresql.JSON)
    columns = [sa.column(name, table.c[name].type) for name in rows[0]]
    sent = sa.func.json_to_recordset(text).table_valued(*columns, name="sent").render_derived(with_types=True)
    conn.execute(of_tenant.where(*(table.c[key] == sent.c[key] for key in keys)).values({name: sent.c[name] for name in values}))
