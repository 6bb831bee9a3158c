"""Versions of models: kept for good, put to use when better, taken back by one command. Every change is in the audit trail's stream `models`."""

import hashlib
from collections.abc import Mapping

from docmill.errors import Conflict, InvalidOptions
from docmill.services.review.people import able
from docmill.services.running.room import Room
from docmill.storage.ledger import Connection, models
from docmill.storage.ledger.audit import append_event
from docmill.storage.ledger.ids import new_id
from docmill.values.keys import private_name
from docmill.values.learning import Learner, ModelVersion, Use

STREAM = "models"

LEAST_ROLE = "approver"
"""Who may say which version is in use: it decides for every document from then on."""


def keep_version(room: Room, learner: Learner, data: bytes, metrics: Mapping[str, float], *, is_better: bool) -> ModelVersion:
    """Keep what was learned as the learner's next version; putting it to use is another step.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    name = private_name(room.tenant, "models", sha256)
    room.store.create(name, data, media_type="application/json")
    at = room.ledger.now()
    made = ModelVersion(
        model_id=new_id(at), learner=learner, number=1, object_name=name, sha256=sha256, metrics=dict(metrics), is_better=is_better,
        created_at=at,
    )  # fmt: skip
    with room.ledger.transaction() as conn:
        kept = models.insert(conn, room.tenant, made)
        facts = {"learner": learner.value, "number": kept.number, "sha256": sha256, "is_better": is_better}
        append_event(conn, room.tenant, STREAM, "model.made", facts, at=at)
    return kept


def promote(room: Room, model_id: str, *, by: str) -> ModelVersion:
    """Put a version to use.

    Raises:
        NotAllowed: the user is no approver.
        NotFound: no such version.
        Conflict: it was no better than the one in use when it was made, or it is in use already.
    """
    with room.ledger.transaction() as conn:
        able(conn, room.tenant, by, LEAST_ROLE)
        wanted = models.version(conn, room.tenant, model_id)
        if not wanted.is_better:
            raise Conflict("this version was no better than the one in use; it is kept, and not put to use")
        if wanted.is_in_use:
            raise Conflict("this version is in use already")
        _use(conn, room, wanted.learner, model_id, "promoted", by)
    return wanted.model_copy(update={"is_in_use": True})


def roll_back(room: Room, learner: Learner, *, by: str) -> ModelVersion | None:
    """Put the version to use that was in use before this one; None where that is what comes with docmill.

    Raises:
        NotAllowed: the user is no approver.
        Conflict: nothing learned is in use.
    """
    with room.ledger.transaction() as conn:
        able(conn, room.tenant, by, LEAST_ROLE)
        before = _before(conn, room.tenant, learner)
        _use(conn, room, learner, before, "rolled_back", by)
        return models.version(conn, room.tenant, before) if before else None


def was_taken_back(room: Room, learner: Learner) -> bool:
    """Whether the last word on a learner was a roll-back: then only a person puts a version to use again."""
    with room.ledger.reading() as conn:
        said = models.uses(conn, room.tenant, learner)
    return bool(said) and said[0].reason == "rolled_back"


def all_versions(room: Room) -> list[ModelVersion]:
    """Every version, newest first."""
    with room.ledger.reading() as conn:
        return models.versions(conn, room.tenant)


def _before(conn: Connection, tenant: str, learner: Learner) -> str | None:
    """What was in use before the version in use: uses and roll-backs as a stack."""
    stack: list[str] = []
    for one in reversed(models.uses(conn, tenant, learner)):
        if one.reason == "promoted" and one.model_id:
            stack.append(one.model_id)
        elif stack:
            stack.pop()
    if not stack:
        raise Conflict("nothing learned is in use: there is nothing to roll back")
    return stack[-2] if len(stack) > 1 else None


def _use(conn: Connection, room: Room, learner: Learner, model_id: str | None, reason: str, by: str) -> None:
    at = room.ledger.now()
    models.use(conn, room.tenant, Use(use_id=new_id(at), learner=learner, model_id=model_id, reason=reason, said_by=by, at=at))
    append_event(conn, room.tenant, STREAM, f"model.{reason}", {"learner": learner.value, "model_id": model_id, "by": by}, at=at)


def learner_named(name: str) -> Learner:
    """A learner by name.

    Raises:
        InvalidOptions: there is none of this name.
    """
    try:
        return Learner(name)
    except ValueError:
        raise InvalidOptions(f"learners are {', '.join(Learner)}") from None
