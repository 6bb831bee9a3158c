"""Models in the ledger: consents, versions, and which version is in use."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from docmill.errors import NotFound
from docmill.storage.ledger.bulk import Row, insert_rows
from docmill.storage.ledger.tables_learning import MODEL_USES, MODELS, TEACHING_CONSENTS
from docmill.values.learning import Learner, ModelVersion, Use

_COLUMNS = [MODELS.c[name] for name in ModelVersion.model_fields if name != "is_in_use"]
_USE_COLUMNS = [MODEL_USES.c[name] for name in Use.model_fields]


def say_consent(conn: sa.Connection, tenant: str, document_id: str, *, may_teach: bool, by: str, at: datetime) -> None:
    """Note whether a document may teach; what was said last counts."""
    row: Row = {"tenant_id": tenant, "document_id": document_id, "may_teach": may_teach, "said_by": by, "said_at": at}
    insert_rows(conn, TEACHING_CONSENTS, [row], replace=("may_teach", "said_by", "said_at"))


def consents(conn: sa.Connection, tenant: str) -> dict[str, bool]:
    """Document id -> whether it may teach, of those of which it was said."""
    query = sa.select(TEACHING_CONSENTS.c.document_id, TEACHING_CONSENTS.c.may_teach).where(TEACHING_CONSENTS.c.tenant_id == tenant)
    return {str(document): bool(may) for document, may in conn.execute(query)}


def insert(conn: sa.Connection, tenant: str, model: ModelVersion) -> ModelVersion:
    """Keep a version; it gets the learner's next number."""
    last = sa.select(sa.func.max(MODELS.c.number)).where(MODELS.c.tenant_id == tenant, MODELS.c.learner == model.learner)
    numbered = model.model_copy(update={"number": (conn.execute(last).scalar() or 0) + 1})
    insert_rows(conn, MODELS, [{"tenant_id": tenant, **numbered.model_dump(exclude={"is_in_use"})}])
    return numbered


def versions(conn: sa.Connection, tenant: str, learners: Collection[Learner] = tuple(Learner)) -> list[ModelVersion]:
    """All versions, newest first, with those in use marked."""
    in_use = {learner: in_use_now(conn, tenant, learner) for learner in learners}
    query = sa.select(*_COLUMNS).where(MODELS.c.tenant_id == tenant, MODELS.c.learner.in_(learners))
    rows = conn.execute(query.order_by(MODELS.c.learner, MODELS.c.number.desc())).mappings()
    found = [ModelVersion(**row) for row in rows]
    return [one.model_copy(update={"is_in_use": in_use[one.learner] == one.model_id}) for one in found]


def version(conn: sa.Connection, tenant: str, model_id: str) -> ModelVersion:
    """One version.

    Raises:
        NotFound: no such model.
    """
    found = next((one for one in versions(conn, tenant) if one.model_id == model_id), None)
    if found is None:
        raise NotFound("no such model")
    return found


def use(conn: sa.Connection, tenant: str, said: Use) -> None:
    """Put a version to use."""
    insert_rows(conn, MODEL_USES, [{"tenant_id": tenant, **said.model_dump()}])


def uses(conn: sa.Connection, tenant: str, learner: Learner) -> list[Use]:
    """What was in use, last first."""
    query = sa.select(*_USE_COLUMNS).where(MODEL_USES.c.tenant_id == tenant, MODEL_USES.c.learner == learner)
    return [Use(**row) for row in conn.execute(query.order_by(MODEL_USES.c.use_id.desc())).mappings()]


def in_use_now(conn: sa.Connection, tenant: str, learner: Learner) -> str | None:
    """The id of the version in use; None for what comes with docmill."""
    return next((one.model_id for one in uses(conn, tenant, learner)), None)
