"""A room with two reviewers, what they decide, and which versions of results there are then. Used with ledger_fixtures."""

import pytest
import sqlalchemy as sa
from review_papers import room_over
from review_tasks import add_users

from docmill.services.review import claiming
from docmill.services.review.deciding import decide
from docmill.storage.ledger.tables_results import RESULT_VERSIONS
from docmill.values.review import Doubt, Subject

NO_DATE = Doubt(subject=Subject.CHECK, name="date_present", reason="An invoice has a date.")


@pytest.fixture
def opened(work, tmp_path):
    add_users(work.ledger, anna="reviewer", ben="reviewer")
    return room_over(work.ledger, tmp_path / "room")


def decided(room, task, answer, user="anna"):
    held = claiming.claim(room.ledger, room.tenant, task.task_id, user, lease_s=60)
    return decide(room, task.task_id, user, answer, version=held.version)


def by_name(results):
    return {one["name"]: one for one in results["fields"]}


def versions(work):
    with work.ledger.reading() as conn:
        query = sa.select(RESULT_VERSIONS.c.number, RESULT_VERSIONS.c.job_id, RESULT_VERSIONS.c.outcome)
        return conn.execute(query.order_by(RESULT_VERSIONS.c.number)).all()
