"""File names and client metadata that were kept in clear are sealed, when the upgrade has a key. No column changes.

The sealed form is that of docmill/storage/ledger/seals.py. Without a key (a test's ledger) nothing is there to seal, or it stays in clear.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import context, op

revision = "0003"
down_revision = "0002"

AT_ONCE = 1000
MARK = "sealed1:"


def upgrade() -> None:
    seal = context.config.attributes.get("seal")
    if seal is None:
        return
    jobs = sa.table(
        "jobs",
        sa.column("tenant_id"),
        sa.column("job_id"),
        sa.column("file_name"),
        sa.column("client_metadata", sa.JSON(none_as_null=True)),
    )
    files = sa.table("batch_files", sa.column("tenant_id"), sa.column("batch_id"), sa.column("position"), sa.column("file_name"))
    _seal_column(jobs, ("tenant_id", "job_id"), "file_name", seal.closed)
    _seal_column(jobs, ("tenant_id", "job_id"), "client_metadata", lambda value: seal.closed(json.dumps(value, ensure_ascii=False)))
    _seal_column(files, ("tenant_id", "batch_id", "position"), "file_name", seal.closed)


def _seal_column(table: sa.TableClause, key: Sequence[str], name: str, closed: Callable[[Any], str]) -> None:
    conn, column = op.get_bind(), table.c[name]
    keys = [table.c[part] for part in key]
    last = None
    while True:
        query = sa.select(*keys, column).where(column.is_not(None)).order_by(*keys).limit(AT_ONCE)
        rows = conn.execute(query if last is None else query.where(sa.tuple_(*keys) > sa.tuple_(*(sa.literal(v) for v in last)))).all()
        clear = [row for row in rows if not (isinstance(row[-1], str) and row[-1].startswith(MARK))]
        if clear:
            change = (
                sa.update(table).where(*(part == sa.bindparam(f"old_{part.name}") for part in keys)).values({name: sa.bindparam("sealed")})
            )
            names = [f"old_{part.name}" for part in keys]
            conn.execute(change, [dict(zip(names, row[:-1], strict=True)) | {"sealed": closed(row[-1])} for row in clear])
        if len(rows) < AT_ONCE:
            return
        last = rows[-1][:-1]
