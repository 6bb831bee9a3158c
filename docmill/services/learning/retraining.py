"""Retraining: what decisions teach, kept as versions, put to use where it is better. Does not belong here: how anything is learned (training)."""

from dataclasses import dataclass

from docmill.scratch import scratch_folder
from docmill.services.learning.field_lessons import ranker_lessons
from docmill.services.learning.in_use import in_use, limits_of_today
from docmill.services.learning.lessons import companies_of, kind_lessons
from docmill.services.learning.training import TooFew, Trained, train_kinds, train_ranker, train_thresholds
from docmill.services.learning.versions import LEAST_ROLE, keep_version, promote, was_taken_back
from docmill.services.review.judged import judged_fields
from docmill.services.review.people import able
from docmill.services.review.thresholds import asks_for_learned, parse_thresholds
from docmill.services.running.room import Room
from docmill.stages.understanding.kind_model import KindModel, kind_model
from docmill.stages.understanding.ranking.ranker import NO_RANKER, Ranker, metrics_from, ranker_from
from docmill.values.learning import Learner, ModelVersion

RATE = 0.05
"""Share of wrong fields among accepted ones that learned thresholds promise unless asked otherwise."""


@dataclass(frozen=True, slots=True)
class Retrained:
    """What became of one learner: its new version, or why there is none."""

    learner: Learner
    version: ModelVersion | None
    reason: str


def retrain(room: Room, *, by: str, rate: float = RATE, use: bool = True) -> list[Retrained]:
    """Train every learner on the decisions there are by now.

    Args:
        room: the opened parts.
        by: the user in whose name better versions are put to use.
        rate: that thresholds promise.
        use: put better ones to use at once; else they wait for `promote`.

    Raises:
        NotAllowed: the user is no approver; said before anything is trained.
        StoreUnavailable: the store did not answer.
        DocmillError: pages could not be read.
    """
    with room.ledger.reading() as conn:
        able(conn, room.tenant, by, LEAST_ROLE)
    return [
        _kept(room, Learner.KINDS, _kinds(room), by=by, use=use),
        _kept(room, Learner.THRESHOLDS, _thresholds(room, rate), by=by, use=use),
        _kept(room, Learner.RANKER, train_ranker(ranker_lessons(room), in_use=_ranker_in_use(room)), by=by, use=use),
    ]


def add_ranker(room: Room, data: bytes, *, by: str) -> ModelVersion:
    """Keep a ranker that training/ranker/train.py made as a version. It was measured against the rules: it is better than them alone.

    Args:
        room: the opened parts.
        data: of its file.
        by: the user who adds it.

    Raises:
        NotAllowed: the user is no approver.
        StageFailed: the file is no ranker.
        StoreUnavailable: the store did not answer.
    """
    with room.ledger.reading() as conn:
        able(conn, room.tenant, by, LEAST_ROLE)
    is_used = any(one.is_used for one in ranker_from(data).fields.values())
    return keep_version(room, Learner.RANKER, data, metrics_from(data), is_better=is_used and in_use(room, Learner.RANKER) is None)


def _kinds(room: Room) -> Trained | TooFew:
    lessons = kind_lessons(room)
    return train_kinds(lessons, shipped=kind_model(), in_use=_kinds_in_use(room))


def _kinds_in_use(room: Room) -> KindModel:
    found = in_use(room, Learner.KINDS)
    if found is None:
        return kind_model()
    with scratch_folder("model") as folder:
        return kind_model(room.store.fetch(found.object_name, folder))


def _ranker_in_use(room: Room) -> Ranker:
    found = in_use(room, Learner.RANKER)
    return NO_RANKER if found is None else ranker_from(room.store.read(found.object_name))


def _thresholds(room: Room, rate: float) -> Trained | TooFew:
    alone = judged_fields(room.ledger, room.tenant)
    judged = judged_fields(room.ledger, room.tenant, companies_of(room, [one.document for one in alone]))
    return train_thresholds(judged, rate=rate, in_use=parse_thresholds(limits_of_today(room).review_thresholds))


def _kept(room: Room, learner: Learner, made: Trained | TooFew, *, by: str, use: bool) -> Retrained:
    if isinstance(made, TooFew):
        return Retrained(learner, None, made.reason)
    kept = keep_version(room, learner, made.data, made.metrics, is_better=made.is_better)
    if not made.is_better:
        return Retrained(learner, kept, "refused: no better than the one in use")
    if not use:
        return Retrained(learner, kept, "better; waits to be put to use")
    if was_taken_back(room, learner):  # what taught that one teaches this one too
        return Retrained(learner, kept, "better; waits to be put to use by a person, because the last one was rolled back")
    is_asked_for = learner is not Learner.THRESHOLDS or asks_for_learned(room.limits.review_thresholds)
    said = "better: in use now" if is_asked_for else "better: in use once DOCMILL_REVIEW_THRESHOLDS says learned"
    return Retrained(learner, promote(room, kept.model_id, by=by), said)
