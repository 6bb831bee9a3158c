"""What a run mills with: the learned model of kinds and ranker, thresholds where the settings ask for learned ones, the user's suite of checks."""

from dataclasses import replace

from docmill.services.milling.shard import MillLimits
from docmill.services.review.thresholds import LEARNED, asks_for_learned
from docmill.services.running.room import Room
from docmill.services.validation_suite import kept_suite
from docmill.storage.ledger import models
from docmill.values.learning import Learner, ModelVersion


def in_use(room: Room, learner: Learner) -> ModelVersion | None:
    """The version in use; None for what comes with docmill."""
    with room.ledger.reading() as conn:
        return next((one for one in models.versions(conn, room.tenant, [learner]) if one.is_in_use), None)


def limits_of_today(room: Room) -> MillLimits:
    """The limits of a run that begins now, with what was learned by now: one run mills all its documents alike.

    Raises:
        StoreUnavailable: the learned thresholds cannot be read, or the suite not kept.
        SettingsInvalid: the suite of checks that the settings name cannot be used.
    """
    kinds, ranker = in_use(room, Learner.KINDS), in_use(room, Learner.RANKER)
    limits = replace(room.limits, kind_model=kinds.object_name if kinds else "", ranker=ranker.object_name if ranker else "")
    limits = replace(limits, checks=kept_suite(room))
    if not asks_for_learned(limits.review_thresholds):
        return limits
    found = in_use(room, Learner.THRESHOLDS)
    said = room.store.read(found.object_name).decode() if found else ""
    rest = [part for piece in limits.review_thresholds.split(",") if (part := piece.strip()) != LEARNED]
    return replace(limits, review_thresholds=",".join(filter(None, [said, *rest])))  # what the settings name comes last and counts
