"""Where the suite of checks comes from and lies: a file of the user, and a private object that workers read by its digest."""

import hashlib
from pathlib import Path
from typing import Final

from docmill.errors import DocmillError, SettingsInvalid
from docmill.services.running.room import Room
from docmill.settings import Settings
from docmill.stages.validation.suite import SuiteData, suite_data
from docmill.stages.validation.suite_file import read_suite
from docmill.values.keys import private_name

MOST_BYTES: Final = 1024 * 1024
_PLACE: Final = "DOCMILL_VALIDATION_SUITE"


def suite_in(file: Path, *, place: str = _PLACE) -> SuiteData:
    """The suite in a file, as far as it can be judged without Great Expectations.

    Raises:
        SettingsInvalid: it cannot be read or used; the message begins with `place` and says line, expectation and what to do.
    """
    return _read(_text(file, place), place)


def suite_of(settings: Settings) -> SuiteData:
    """The suite that the settings name, else the one that comes with docmill.

    Raises:
        SettingsInvalid: as `suite_in`.
    """
    return suite_in(settings.validation_suite) if settings.validation_suite else suite_data()


def own_suite(settings: Settings) -> tuple[str, ...]:
    """The digest of the settings' suite, part of what decides a result; none where the settings name none.

    Raises:
        SettingsInvalid: as `suite_in`.
    """
    return (_digest(_checked(settings.validation_suite)),) if settings.validation_suite else ()


def kept_suite(room: Room) -> str:
    """Put the settings' suite where workers find it; its object's name, empty where the settings name none.

    Raises:
        SettingsInvalid: as `suite_in`.
        StoreUnavailable: it cannot be kept.
    """
    file = room.settings.validation_suite
    if file is None:
        return ""
    text = _checked(file)
    name = private_name(room.tenant, "validation_suite", _digest(text))
    room.store.create(name, text.encode(), media_type="application/json")
    return name


def _checked(file: Path) -> str:
    text = _text(file, _PLACE)
    _read(text, _PLACE)
    return text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(file: Path, place: str) -> str:
    try:
        data = file.read_bytes()
        if len(data) > MOST_BYTES:
            raise SettingsInvalid(f"{place}: the file is larger than {MOST_BYTES} bytes")
        return data.decode("utf-8")
    except OSError as error:
        raise SettingsInvalid(f"{place}: the file cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise SettingsInvalid(f"{place}: the file is no UTF-8 text") from None


def _read(text: str, place: str) -> SuiteData:
    try:
        return read_suite(text)
    except DocmillError as error:
        raise SettingsInvalid(f"{place}: {error.message}") from None
