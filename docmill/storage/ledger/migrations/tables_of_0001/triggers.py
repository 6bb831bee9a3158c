"""Triggers that keep history as it was: audit events are append-only, a final state never changes."""

from alembic import op

FINAL = "('completed', 'partial', 'needs_review', 'failed', 'cancelled')"

SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events
    BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END
    """,
    """
    CREATE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events
    BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END
    """,
    f"""
    CREATE TRIGGER jobs_final_state BEFORE UPDATE OF state ON jobs
    WHEN OLD.state IN {FINAL} AND NEW.state <> OLD.state
    BEGIN SELECT RAISE(ABORT, 'a final state never changes'); END
    """,
)

POSTGRES_TRIGGERS = (
    """
    CREATE FUNCTION docmill_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION docmill_refuse('audit events are append-only')
    """,
    f"""
    CREATE TRIGGER jobs_final_state BEFORE UPDATE OF state ON jobs
    FOR EACH ROW WHEN (OLD.state IN {FINAL} AND NEW.state <> OLD.state)
    EXECUTE FUNCTION docmill_refuse('a final state never changes')
    """,
)


def make_triggers() -> None:
    for statement in SQLITE_TRIGGERS if op.get_bind().dialect.name == "sqlite" else POSTGRES_TRIGGERS:
        op.execute(statement)
