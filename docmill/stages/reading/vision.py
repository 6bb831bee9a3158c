"""OCR by Google Cloud Vision: DOCUMENT_TEXT_DETECTION through `batch_annotate_images`, with explicit retry and deadline.

The client's shorter `document_text_detection` neither retries nor sets a deadline. How an answer becomes lines is vision_answer.py's.
"""

import io
import ipaddress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import grpc
from google.api_core import exceptions as google_errors
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.cloud import vision
from google.cloud.vision_v1.services.image_annotator.transports import ImageAnnotatorGrpcTransport
from google.oauth2 import service_account
from PIL import Image

from docmill.errors import Damaged, DocmillError, EngineMissing, EngineUnavailable, SettingsInvalid, TooLarge
from docmill.stages.reading.vision_answer import lines_of
from docmill.values.packages import installed_version
from docmill.values.page import Page
from docmill.values.ports import PageImage

MAX_REQUEST_BYTES: Final = 10_000_000
"""Largest image that is sent. The service answers RESOURCE_EXHAUSTED to more, which no retry mends: https://cloud.google.com/vision/quotas"""

_ENCODING_QUALITIES: Final = (92, 75)
_TRANSIENT = (google_errors.ServiceUnavailable, google_errors.ResourceExhausted, google_errors.DeadlineExceeded)
_SCOPES = ("https://www.googleapis.com/auth/cloud-vision",)
# google.rpc.Code of an error that one image carries inside an answer that is otherwise fine
_INVALID_ARGUMENT, _PERMISSION_DENIED, _UNAUTHENTICATED = 3, 7, 16


class VisionEngine:
    """Reads page images with Google Cloud Vision.

    Args:
        endpoint: host:port of another ImageAnnotator; without encryption when it is on loopback. None means Google's.
        credentials: a service account's key file; None means Google's application default credentials.
        timeout_s: longest time for one page with all retries.
        first_delay_s: pause before the first retry; grows up to twenty times that.
    """

    name = "vision"

    def __init__(self, endpoint: str | None, credentials: Path | None, timeout_s: float = 110.0, first_delay_s: float = 0.5) -> None:
        self._endpoint = endpoint
        self._credentials = credentials
        self._timeout_s = timeout_s
        self._retry = Retry(
            predicate=if_exception_type(*_TRANSIENT), initial=first_delay_s, maximum=20 * first_delay_s, multiplier=2.0, timeout=timeout_s
        )

    def version(self, language: str) -> dict[str, str]:  # noqa: ARG002 - the service has one model for all languages
        """The feature asked for and the client's version; Google doesn't say which model answers."""
        return versions()

    def read(self, image: PageImage, *, language: str) -> Page:
        """Words in lines, as the service orders them; no words for an empty page.

        Raises:
            EngineUnavailable: the service did not answer within timeout_s, or failed on this image (retryable).
            EngineMissing, SettingsInvalid: no credentials, or the service refuses them.
            Damaged: the service cannot read this image.
            TooLarge: the image is over MAX_REQUEST_BYTES even when compressed.
        """
        request = vision.AnnotateImageRequest(
            image=vision.Image(content=content_of(image)),
            features=[vision.Feature(type_=vision.Feature.Type.DOCUMENT_TEXT_DETECTION)],
            image_context=vision.ImageContext(language_hints=[language]),
        )
        answer = self._annotate(request)
        if answer.error.code:
            raise _error_of(answer.error.code)
        return Page(
            number=image.number,
            width_px=image.width_px,
            height_px=image.height_px,
            dpi=image.dpi,
            lines=lines_of(answer.full_text_annotation, image.width_px, image.height_px),
            source="vision",
            language=language,
        )

    def _annotate(self, request: Any) -> Any:
        client = _client(self._endpoint, self._credentials)
        try:
            answers = client.batch_annotate_images(requests=[request], retry=self._retry, timeout=self._timeout_s).responses
        except (google_errors.PermissionDenied, google_errors.Unauthenticated, GoogleAuthError) as error:
            raise SettingsInvalid("Google Cloud Vision refuses the credentials") from error
        except google_errors.InvalidArgument as error:
            raise Damaged("Google Cloud Vision cannot read the page image") from error
        except google_errors.GoogleAPIError as error:
            raise EngineUnavailable("Google Cloud Vision did not answer") from error
        if len(answers) != 1:
            raise EngineUnavailable(f"Google Cloud Vision gave {len(answers)} answers to one image")
        return answers[0]


def versions() -> dict[str, str]:
    """What shapes the output of this engine."""
    return {"vision": "DOCUMENT_TEXT_DETECTION", "google-cloud-vision": installed_version("google-cloud-vision")}


def content_of(image: PageImage) -> bytes:
    """The bytes to send: the file itself if it is a JPEG or PNG within the limit, else a JPEG of it.

    Raises:
        TooLarge: over MAX_REQUEST_BYTES at the lowest quality.
    """
    if image.path.suffix not in {".pgm", ".ppm", ".pbm"} and image.path.stat().st_size <= MAX_REQUEST_BYTES:
        return image.path.read_bytes()
    for quality in _ENCODING_QUALITIES:
        encoded = io.BytesIO()
        with Image.open(image.path) as picture:
            (picture if picture.mode in {"L", "RGB"} else picture.convert("L")).save(encoded, format="JPEG", quality=quality)
        if encoded.tell() <= MAX_REQUEST_BYTES:
            return encoded.getvalue()
    raise TooLarge(f"the page image is over {MAX_REQUEST_BYTES} bytes, the most Google Cloud Vision takes", limit=MAX_REQUEST_BYTES)


@lru_cache(maxsize=2)
def _client(endpoint: str | None, credentials: Path | None) -> Any:
    if endpoint and _is_loopback(endpoint):
        # client_options alone would dial TLS
        return vision.ImageAnnotatorClient(transport=ImageAnnotatorGrpcTransport(channel=grpc.insecure_channel(endpoint)))
    key = _key_of(credentials) if credentials else None
    try:
        return vision.ImageAnnotatorClient(credentials=key, client_options={"api_endpoint": endpoint} if endpoint else None)
    except DefaultCredentialsError as error:
        raise EngineMissing("Google Cloud Vision needs credentials; set GOOGLE_APPLICATION_CREDENTIALS") from error


def _key_of(file: Path) -> Any:
    from_file: Any = service_account.Credentials.from_service_account_file  # untyped in google-auth
    try:
        return from_file(file, scopes=_SCOPES)
    except (OSError, ValueError, GoogleAuthError) as error:
        raise SettingsInvalid("cannot use the value of: GOOGLE_APPLICATION_CREDENTIALS") from error


def _is_loopback(endpoint: str) -> bool:
    host = endpoint.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _error_of(code: int) -> DocmillError:
    if code == _INVALID_ARGUMENT:
        return Damaged("Google Cloud Vision cannot read the page image", rpc_code=code)
    if code in {_PERMISSION_DENIED, _UNAUTHENTICATED}:
        return SettingsInvalid("Google Cloud Vision refuses the credentials", rpc_code=code)
    return EngineUnavailable("Google Cloud Vision failed on this image", rpc_code=code)
