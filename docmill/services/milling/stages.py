"""Stage -> how a worker does it. One entry a stage; adding a stage is adding a row here and in docmill.values.keys.STAGE_OPTIONS."""

from types import MappingProxyType

from docmill.services.milling.publish import PUBLISH
from docmill.services.milling.stage_work import StageWork
from docmill.services.milling.stages_enrichment import ENRICH, SPEAK
from docmill.services.milling.stages_model import CONSULT
from docmill.services.milling.stages_privacy import FIND_PII, REDACT
from docmill.services.milling.stages_reading import INSPECT, READ
from docmill.services.milling.stages_text import INDEX, UNDERSTAND, VALIDATE

STAGE_WORK: MappingProxyType[str, StageWork] = MappingProxyType(
    {work.stage: work for work in (INSPECT, READ, UNDERSTAND, FIND_PII, CONSULT, REDACT, ENRICH, SPEAK, INDEX, VALIDATE, PUBLISH)},
)
"""Every stage by its name."""

__all__ = ["STAGE_WORK", "StageWork"]
