"""Credentials, clients and links for Google Cloud Storage."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from docmill.errors import SettingsInvalid
from docmill.storage.objects.signing import link_seconds
from docmill.storage.objects.spec import StoreSpec

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.cloud.storage import Blob, Client

GOOGLE_ENDPOINT = "https://storage.googleapis.com"
_SCOPES = ("https://www.googleapis.com/auth/devstorage.read_write", "https://www.googleapis.com/auth/iam")
"""Objects, and signing links through IAM where there is no key."""


def make_client(spec: StoreSpec) -> "Client":
    """A client for the spec's endpoint. Makes no call."""
    from google.cloud.storage import Client  # noqa: PLC0415 - loads in 0.7 s, only where used

    options = {"api_endpoint": spec.gcs_endpoint} if spec.gcs_endpoint else None
    client = Client(project=spec.gcs_project, credentials=_calling_credentials(spec), client_options=options)
    # 3.17 looks the bucket up in a thread of its own for trace attributes, traces or not: one more call, one more permission to grant
    client._bucket_metadata_cache = None  # noqa: SLF001 - the other switch is an environment variable; every use of it checks for None
    return client


def signing_credentials(spec: StoreSpec) -> "Credentials":
    """The credentials that sign links: the spec's file, else Google's default ones.

    Raises:
        google.auth.exceptions.GoogleAuthError: there are none, or they are broken.
    """
    import google.auth  # noqa: PLC0415 - only where used

    if spec.google_credentials is None:
        return google.auth.default(scopes=_SCOPES)[0]
    loaded: tuple[Credentials, str | None]
    loaded = google.auth.load_credentials_from_file(  # type: ignore[no-untyped-call] # google.auth is typed in parts
        str(spec.google_credentials), scopes=_SCOPES
    )
    return loaded[0]


def v4_link(blob: "Blob", spec: StoreSpec, credentials: "Credentials", *, expires: timedelta, download_name: str | None) -> str:
    """A V4 signed link. With a service-account key it is signed here, offline; otherwise IAM signs it (signBlob).

    Format: https://cloud.google.com/storage/docs/access-control/signed-urls

    Raises:
        InvalidOptions: the time is out of bounds.
        SettingsInvalid: the credentials can sign in neither way.
    """
    disposition = f"attachment; filename*=UTF-8''{quote(download_name, safe='')}" if download_name is not None else None
    link: str = blob.generate_signed_url(
        version="v4",
        method="GET",
        expiration=timedelta(seconds=link_seconds(expires)),
        api_access_endpoint=spec.gcs_endpoint or GOOGLE_ENDPOINT,
        response_disposition=disposition,
        **_how_to_sign(credentials),
    )
    return link


def _calling_credentials(spec: StoreSpec) -> "Credentials":
    """Anonymous for another endpoint without a file, and for any plain http one: a token never travels in clear."""
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 - only where used

    endpoint = spec.gcs_endpoint
    if endpoint and (spec.google_credentials is None or not endpoint.startswith("https://")):
        return AnonymousCredentials()  # type: ignore[no-untyped-call] # google.auth is typed in parts
    return signing_credentials(spec)


def _how_to_sign(credentials: "Credentials") -> dict[str, Any]:
    from google.auth.credentials import Signing  # noqa: PLC0415 - only where used
    from google.auth.transport.requests import Request  # noqa: PLC0415 - only where used

    if isinstance(credentials, Signing):
        return {"credentials": credentials}
    if not credentials.valid:
        # also tells a virtual machine's credentials their account
        credentials.refresh(Request())  # type: ignore[no-untyped-call] # google.auth is typed in parts
    account = getattr(credentials, "service_account_email", None)
    if not account:
        raise SettingsInvalid("links to a bucket need a service account: these Google credentials belong to a person")
    return {"credentials": credentials, "service_account_email": account, "access_token": credentials.token}
