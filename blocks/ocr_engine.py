"""OcrEngine: what reads pages unless the options name another."""

from prefect.blocks.core import Block
from pydantic import Field

from blocks.saved import DOCUMENTATION_URL
from docmill.settings import settings
from docmill.values.options import EngineForm


class OcrEngine(Block):
    """What reads pages of documents whose options say auto, and where OCR engines are found. Options that name an engine go first.

    Example:
        ```python
        from blocks import OcrEngine

        engine = OcrEngine.load("BLOCK_NAME")
        provider = engine.provider
        ```
    """

    _block_type_name = "docmill OCR engine"
    _block_type_slug = "docmill-ocr-engine"
    _description = (
        "The OCR engine docmill reads page images with: auto, Tesseract, RapidOCR, Google Cloud Vision, or one of an installed package."
    )
    _documentation_url = DOCUMENTATION_URL

    provider: EngineForm = Field(
        default="auto",
        description="Engine for documents whose options say auto. auto changes nothing; any other reads every page image, "
        "also of pages with a text layer.",
    )
    vision_endpoint: str | None = Field(
        default_factory=lambda: settings().vision_endpoint,
        description="host:port of another ImageAnnotator than Google's.",
    )
