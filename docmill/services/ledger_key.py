"""The key that seals file names and client metadata in the ledger: from the settings, or a file under home, mode 0600, made on first use.

Every process that opens one ledger needs the same key. On one machine the file does; where a ledger on PostgreSQL is shared by machines, set
DOCMILL_LEDGER_KEY on all of them. Without the key the names are lost, nothing else.
"""

import hashlib
from typing import Final

from docmill.errors import DocmillError, SettingsInvalid, StoreUnavailable
from docmill.settings import Settings
from docmill.storage.ledger.seals import Seal
from docmill.storage.objects.url_key import KEY_BYTES, MIN_KEY_CHARACTERS, url_key

KEY_FILE: Final = "ledger-names.key"
_PURPOSE = b"docmill ledger names key 1\n"


def seal_of(settings: Settings) -> Seal:
    """The seal of the settings' ledger.

    Raises:
        SettingsInvalid: the key is too short.
        StoreUnavailable: the key file cannot be read or made.
    """
    if settings.ledger_key is not None:
        secret = settings.ledger_key.get_secret_value()
        if len(secret) < MIN_KEY_CHARACTERS:
            raise SettingsInvalid(f"DOCMILL_LEDGER_KEY needs at least {MIN_KEY_CHARACTERS} characters")
        return Seal(hashlib.sha256(_PURPOSE + secret.encode()).digest())
    try:
        return Seal(
            url_key(settings.home.absolute() / KEY_FILE)[:KEY_BYTES]
        )  # the same promise as for links: whole, 0600, of many makers one
    except StoreUnavailable:
        raise StoreUnavailable("the key file for names in the ledger cannot be read or made") from None
    except DocmillError:
        raise SettingsInvalid("the key file for names in the ledger is too short") from None
