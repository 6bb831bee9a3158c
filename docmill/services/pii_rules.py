"""Where the rules for personal data come from and lie: files of the user, and private objects that workers read by their digest.

They may hold names (a deny-list does), so options, run parameters and the ledger carry their digest only.
"""

import json
from pathlib import Path
from typing import Final

import yaml
from pydantic import ValidationError

from docmill.errors import SettingsInvalid
from docmill.services.running.room import Room
from docmill.settings import Settings
from docmill.values.keys import private_name
from docmill.values.pii_rules import NO_RULES, PiiRules

SUFFIXES: Final = (".yaml", ".yml", ".json")
_PLACE = "DOCMILL_PII_RULES"


def rules_in(place: Path) -> PiiRules:
    """The rules in a YAML or JSON file, or in all such files of a folder, by name.

    Raises:
        SettingsInvalid: there is none, or one cannot be used; the message says where, never what.
    """
    files = sorted(file for file in place.iterdir() if file.suffix in SUFFIXES) if place.is_dir() else [place]
    rules = NO_RULES
    for file in files:
        rules = rules.joined(_read(file))
    return rules


def rules_of(settings: Settings) -> PiiRules:
    """The rules that the settings name, none when they name none.

    Raises:
        SettingsInvalid: as `rules_in`.
    """
    return rules_in(settings.pii_rules) if settings.pii_rules else NO_RULES


def kept_rules(room: Room) -> str:
    """Put the settings' rules where workers find them; their digest, empty without rules.

    Raises:
        SettingsInvalid: as `rules_in`.
        StoreUnavailable: they cannot be kept.
    """
    rules = rules_of(room.settings)
    if rules.is_empty:
        return ""
    room.store.create(
        private_name(room.tenant, "pii_rules", rules.digest()), rules.model_dump_json().encode(), media_type="application/json"
    )
    return rules.digest()


def _read(file: Path) -> PiiRules:
    try:
        text = file.read_text(encoding="utf-8")
        body = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
        return PiiRules.model_validate(body if body is not None else {})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsInvalid(f"{_PLACE}: {where}: {first['msg'].removeprefix('Value error, ')}") from None
    except (OSError, ValueError, yaml.YAMLError):
        raise SettingsInvalid(f"{_PLACE}: a file of rules cannot be read, or is neither YAML nor JSON") from None
