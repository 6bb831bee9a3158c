"""Verdicts that are known before anything is run: bytes that were found damaged or encrypted stay so."""

from docmill.errors import DocmillError, NotFound, error_from_code
from docmill.services.milling.receipts import read_receipt
from docmill.services.milling.stages_reading import INSPECT
from docmill.values.keys import artefact_key, document_id
from docmill.values.options import MillOptions
from docmill.values.ports import ObjectStore


def known_verdict(store: ObjectStore, tenant: str, sha256: str, options: MillOptions) -> DocmillError | None:
    """The error that inspecting these bytes ended in before, under this version of inspection; None when nothing is known or force is asked for.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    if options.force:
        return None
    document = document_id(tenant, sha256)
    key = artefact_key(
        tenant=tenant,
        stage=INSPECT.stage,
        version=INSPECT.version,
        inputs=[document],
        options=options,
        engine=INSPECT.engine(options),
    )
    try:
        receipt = read_receipt(store, tenant, document, INSPECT.stage, key)
    except NotFound:
        return None
    return error_from_code(receipt.error_code, receipt.error_message or "") if receipt.error_code else None
