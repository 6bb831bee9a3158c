"""What it takes to open a store, without any secret: flow processes hand it to workers, which bring their own credentials."""

import re
from dataclasses import dataclass
from pathlib import Path

from docmill.settings import Settings

CALL_DEADLINE_S = 60.0
"""No call to a bucket is tried again after so long. Tasks retry later; a call that waits longer only holds a worker."""

_LOCAL_GATEWAY = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class StoreSpec:
    """How to open an object store. Picklable; equal specs open the same store.

    Attributes:
        url: file:///folder or gs://bucket[/prefix].
        gateway_url: where links to local files point.
        url_key_file: the key that signs those links; None means DOCMILL_URL_KEY of the process that signs.
        gcs_endpoint: another API endpoint than Google's; calls to a plain http one carry no credentials.
        gcs_project: Google Cloud project, where the credentials do not name it.
        google_credentials: credential file on the machine that opens the store; None means Google's default credentials.
        call_deadline_s: no call to a bucket is tried again after so long.
    """

    url: str
    gateway_url: str = "http://127.0.0.1:8000"
    url_key_file: Path | None = None
    gcs_endpoint: str | None = None
    gcs_project: str | None = None
    google_credentials: Path | None = None
    call_deadline_s: float = CALL_DEADLINE_S

    @classmethod
    def from_settings(cls, settings: Settings) -> "StoreSpec":
        """The spec of the store that the settings name."""
        return cls(
            url=settings.resolved_store_url,
            gateway_url=settings.gateway_url or _running_gateway(settings) or f"http://127.0.0.1:{settings.gateway_port}",
            url_key_file=None if settings.url_key else settings.home.absolute() / "url.key",
            gcs_endpoint=settings.gcs_endpoint,
            gcs_project=settings.gcs_project,
            google_credentials=settings.google_credentials.absolute() if settings.google_credentials else None,
        )


def gateway_address_file(settings: Settings) -> Path:
    """Where a running gateway notes its address, because it may have had to take another port than the one that was set."""
    return settings.home.absolute() / "gateway.url"


def _running_gateway(settings: Settings) -> str | None:
    try:
        address = gateway_address_file(settings).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return address if _LOCAL_GATEWAY.fullmatch(address) else None
