"""Opening a run's room from saved blocks."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from prefect.runtime import flow_run

from blocks import EmbeddingModel, LanguageModel, Ledger, ObjectStore, OcrEngine, saved_or_default
from docmill.logs import log_ids
from docmill.services.running.room import Room
from docmill.settings import settings


@contextlib.contextmanager
def open_room() -> Iterator[Room]:
    """The room that the saved blocks (or their defaults) describe; closed at the end."""
    reader = saved_or_default(OcrEngine)
    found = settings().model_copy(
        update={
            "store_url": saved_or_default(ObjectStore).url,
            "ledger_url": saved_or_default(Ledger).url.get_secret_value(),
            "vision_endpoint": reader.vision_endpoint,
        },
    )
    room = Room.open(saved_or_default(LanguageModel).applied_to(saved_or_default(EmbeddingModel).applied(found)))
    try:
        with log_ids(tenant=room.tenant, run_id=flow_run.id and str(flow_run.id)):
            yield replace(room, ocr_provider=reader.provider)
    finally:
        room.close()
