"""OcrEngine: what reads page images unless the options name another."""

from typing import Literal

from prefect.blocks.core import Block
from pydantic import Field

from blocks.saved import DOCUMENTATION_URL
from docmill.settings import settings


class OcrEngine(Block):
    """Where OCR engines are found. The engine itself is chosen per run by the options.

    Example:
        ```python
        from blocks import OcrEngine

        engine = OcrEngine.load("BLOCK_NAME")
        provider = engine.provider
        ```
    """

    _block_type_name = "docmill OCR engine"
    _block_type_slug = "docmill-ocr-engine"
    _description = "The OCR engine docmill reads page images with: Tesseract, or Google Cloud Vision."
    _documentation_url = DOCUMENTATION_URL

    provider: Literal["auto", "tesseract", "rapidocr", "vision"] = Field(
        default="auto", description="Engine for runs whose options say auto."
    )
    vision_endpoint: str | None = Field(
        default_factory=lambda: settings().vision_endpoint,
        description="host:port of another ImageAnnotator than Google's.",
    )
