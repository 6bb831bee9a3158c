"""The ranker of candidates learns too. SQLite cannot change a check: there the two small tables are made anew. Never edited once released."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TIME = sa.DateTime(timezone=True)
LEARNERS = "learner IN ('kinds', 'thresholds', 'ranker')"
MODELS = "tenant_id, model_id, learner, number, object_name, sha256, metrics, is_better, created_at"
USES = "tenant_id, use_id, learner, model_id, reason, said_by, at"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _anew()
        return
    for table in ("models", "model_uses"):
        op.drop_constraint(f"ck_{table}_learner", table, type_="check")
        op.create_check_constraint(f"ck_{table}_learner", table, LEARNERS)


def _anew() -> None:
    for table in ("models", "model_uses"):
        op.execute(f"CREATE TABLE {table}_before AS SELECT * FROM {table}")  # noqa: S608 - names of this module
    op.drop_index("ix_model_uses_learner_tenant_id", "model_uses")
    op.drop_table("model_uses")  # first: it refers to the other one
    op.drop_table("models")
    _models()
    _uses()
    for table, columns in (("models", MODELS), ("model_uses", USES)):
        op.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}_before")  # noqa: S608 - names of this module
        op.drop_table(f"{table}_before")


def _models() -> None:
    op.create_table(
        "models",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("model_id", sa.String(length=32), nullable=False),
        sa.Column("learner", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("object_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("is_better", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint(LEARNERS, name="ck_models_learner"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_models_tenant_id"),
        sa.PrimaryKeyConstraint("tenant_id", "model_id", name="pk_models"),
        sa.UniqueConstraint("learner", "number", "tenant_id", name="uq_models_learner_number_tenant_id"),
    )


def _uses() -> None:
    op.create_table(
        "model_uses",
        sa.Column("tenant_id", sa.String(length=63), nullable=False),
        sa.Column("use_id", sa.String(length=32), nullable=False),
        sa.Column("learner", sa.String(length=16), nullable=False),
        sa.Column("model_id", sa.String(length=32)),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("said_by", sa.String(length=32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint(LEARNERS, name="ck_model_uses_learner"),
        sa.CheckConstraint("reason IN ('promoted', 'rolled_back')", name="ck_model_uses_reason"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="fk_model_uses_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "model_id"], ["models.tenant_id", "models.model_id"], name="fk_model_uses_tenant_id_model_id"
        ),
        sa.PrimaryKeyConstraint("tenant_id", "use_id", name="pk_model_uses"),
    )
    op.create_index("ix_model_uses_learner_tenant_id", "model_uses", ["learner", "tenant_id"])
