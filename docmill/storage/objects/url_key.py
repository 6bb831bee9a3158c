"""The key that signs links to local files: from the settings, or 32 random bytes in a file under home that the first user makes."""

import io
import secrets
from contextlib import suppress
from pathlib import Path

from docmill.errors import SettingsInvalid, StoreUnavailable
from docmill.settings import settings
from docmill.storage.objects.folders import made_folder
from docmill.storage.objects.staging import staged

KEY_BYTES = 32
MIN_KEY_CHARACTERS = 16


def url_key(file: Path | None) -> bytes:
    """The key.

    Args:
        file: where it lies, made when missing; None takes DOCMILL_URL_KEY from the settings of this very process.

    Raises:
        SettingsInvalid: there is no key, or it is too short.
        StoreUnavailable: the file cannot be read or made.
    """
    if file is None:
        return _key_of_settings()
    try:
        key = _read_or_make(file)
    except OSError:
        raise StoreUnavailable("the key file for links cannot be read or made") from None
    if len(key) < KEY_BYTES:
        raise SettingsInvalid("the key file for links is too short; remove it and a new one is made, then old links end")
    return key


def _key_of_settings() -> bytes:
    secret = settings().url_key
    key = secret.get_secret_value().encode() if secret else b""
    if len(key) < MIN_KEY_CHARACTERS:
        raise SettingsInvalid(f"DOCMILL_URL_KEY needs at least {MIN_KEY_CHARACTERS} characters")
    return key


def _read_or_make(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        _make(file)
        return file.read_bytes()


def _make(file: Path) -> None:
    """Of many processes that come here at once one gives the file its name, complete; the others use it."""
    random = io.BytesIO(secrets.token_bytes(KEY_BYTES))
    with made_folder(file.parent, ()) as folder, staged(folder, random, flush=True) as complete, suppress(FileExistsError):
        complete.link_to(folder, file.name)
