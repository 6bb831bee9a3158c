"""Which learned version is in use: who says so, how it is taken back, and that milling uses it.

How versions are taught stands in test_retraining.py.
"""

import json
from dataclasses import replace

import pytest
from milled_papers import ingest, mill_anew  # text alone: quick enough for one lease
from review_tasks import add_users
from taught_papers import PHRASE, consented, decided

from docmill.errors import Conflict, NotAllowed
from docmill.services import documents
from docmill.services.learning.in_use import in_use, limits_of_today
from docmill.services.learning.retraining import retrain
from docmill.services.learning.versions import keep_version, promote, roll_back
from docmill.stages.understanding.kind_model import kind_model
from docmill.values.learning import Learner

__all__ = ["decided"]


def test_what_was_rolled_back_does_not_come_back_with_the_next_training(room, decided):
    consented(room, decided)
    first, *_ = retrain(room, by="local")
    roll_back(room, Learner.KINDS, by="local")
    again, *_ = retrain(room, by="local")
    assert (again.version.is_better, again.version.sha256) == (True, first.version.sha256)
    assert "the last one was rolled back" in again.reason
    assert limits_of_today(room).kind_model == ""
    assert promote(room, again.version.model_id, by="local").is_in_use


def test_a_stack_of_versions_is_taken_back_one_by_one(room):
    add_users(room.ledger, anna="reviewer")
    made = [keep_version(room, Learner.THRESHOLDS, f"field=0.{n}".encode(), {"accepted": n}, is_better=True) for n in (7, 8, 9)]
    for one in made:
        promote(room, one.model_id, by="local")
    with pytest.raises(Conflict, match="in use already"):
        promote(room, made[2].model_id, by="local")
    with pytest.raises(NotAllowed):
        roll_back(room, Learner.THRESHOLDS, by="anna")
    assert roll_back(room, Learner.THRESHOLDS, by="local").number == 2
    assert roll_back(room, Learner.THRESHOLDS, by="local").number == 1
    promote(room, made[2].model_id, by="local")
    assert roll_back(room, Learner.THRESHOLDS, by="local").number == 1
    assert in_use(room, Learner.THRESHOLDS).number == 1
    assert limits_of_today(room).review_thresholds == room.limits.review_thresholds  # the settings don't ask for learned ones


def test_only_approvers_say_which_version_is_in_use(room):
    add_users(room.ledger, anna="reviewer", vera="viewer", carla="approver")
    made = keep_version(room, Learner.THRESHOLDS, b"field=0.7", {}, is_better=True)
    for user in ("anna", "vera", "nobody"):
        with pytest.raises(NotAllowed):
            promote(room, made.model_id, by=user)
        with pytest.raises(NotAllowed):
            retrain(room, by=user)
    assert in_use(room, Learner.THRESHOLDS) is None
    assert promote(room, made.model_id, by="carla").is_in_use


def test_learned_thresholds_come_before_what_the_settings_name(room):
    made = keep_version(room, Learner.THRESHOLDS, b"field=1,field.total=0.6", {}, is_better=True)
    promote(room, made.model_id, by="local")
    asked = replace(room, limits=replace(room.limits, review_thresholds="learned, span=0.7"))
    assert limits_of_today(asked).review_thresholds == "field=1,field.total=0.6,span=0.7"


def test_milling_uses_the_model_in_use(room, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("\n".join([PHRASE] * 6))
    (document,) = ingest(room, path)

    def kind():
        found = documents.current_result(room.ledger, room.tenant, document)
        return json.loads(room.store.read(found.results_object))["kind"]["name"]

    before = kind()
    base = kind_model()
    wanted = next(one for one in ("payslip", "quote") if one != before)
    strong = tuple(40.0 if one == wanted else 0.0 for one in base.kinds)
    model = type(base)(base.kinds, base.temperature, base.bias, {**base.weights, "word:rainfall": strong})
    promote(room, keep_version(room, Learner.KINDS, model.as_json(), {"right": 1.0}, is_better=True).model_id, by="local")
    mill_anew(room, document)
    assert kind() == wanted
    roll_back(room, Learner.KINDS, by="local")
    mill_anew(room, document)
    assert kind() == before
