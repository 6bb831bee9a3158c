"""Many rows in few statements, the same on SQLite and PostgreSQL.

Belongs here: how rows travel. Does not belong here: what they mean.
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
    if conn.dialect.name == "sqlite":
        conn.execute(_or_else(sqlite.insert(table), replace), list(rows))
        return
    sent = _sent(table, rows)
    names = list(rows[0])
    insert = postgresql.insert(table).from_select(names, sa.select(*(sent.c[name] for name in names)), include_defaults=False)
    conn.execute(_or_else(insert, replace))


def update_rows(conn: sa.Connection, table: sa.Table, tenant: str, keys: Sequence[str], rows: Sequence[Row]) -> None:
    """Give each row, found by tenant and `keys`, the values beside its keys.

    The caller holds the rows' locks, so nothing is compared here. All rows have the same columns.
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
    sent = _sent(table, rows)
    conn.execute(of_tenant.where(*(table.c[key] == sent.c[key] for key in keys)).values({name: sent.c[name] for name in values}))


_Insert = TypeVar("_Insert", sqlite.Insert, postgresql.Insert)


def _or_else(insert: _Insert, replace: Sequence[str] | None) -> _Insert:
    if replace is None:
        return insert
    keys = [column.name for column in insert.table.primary_key]
    if not replace:
        return insert.on_conflict_do_nothing(index_elements=keys)
    return insert.on_conflict_do_update(index_elements=keys, set_={name: insert.excluded[name] for name in replace})


def _sent(table: sa.Table, rows: Sequence[Row]) -> sa.TableValuedAlias:
    """The rows as a table that PostgreSQL makes of one JSON parameter: pg8000 would send them one by one, and is slow with many parameters."""
    text = sa.literal(json.dumps(rows, default=str), sa.Text).cast(postgresql.JSON)
    columns = [sa.column(name, table.c[name].type) for name in rows[0]]
    return sa.func.json_to_recordset(text).table_valued(*columns, name="sent").render_derived(with_types=True)
