"""What the options of documents that come in leave open, said by the settings: their language, and the rules for personal data.

Belongs here: what holds at every border alike (commands, API, flows). Does not belong here: what options there are (values.options).
"""

from docmill.errors import InvalidOptions, SettingsInvalid
from docmill.services.pii_rules import kept_rules
from docmill.services.running.room import Room
from docmill.settings import Settings
from docmill.values.languages import language_code
from docmill.values.options import MillOptions


def settled(room: Room, options: MillOptions) -> MillOptions:
    """The options with the language of the settings, where none was asked for, and the digest of the rules of today; nobody chooses others.

    Raises:
        SettingsInvalid: the language of the settings is not known, or as `kept_rules`.
        StoreUnavailable: as `kept_rules`.
    """
    said = {} if "language" in options.model_fields_set else {"language": default_language(room.settings)}
    return options.model_copy(update={**said, "pii_rules": kept_rules(room)})


def default_language(settings: Settings) -> str:
    """The language of documents that come without one, ISO 639-1.

    Raises:
        SettingsInvalid: docmill does not know it.
    """
    try:
        return language_code(settings.language)
    except InvalidOptions as error:
        raise SettingsInvalid(f"DOCMILL_LANGUAGE: {error.message}") from None
