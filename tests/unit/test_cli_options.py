"""Flags are generated from MillOptions: every option has one, and a bad value is refused with the known ones, whatever its kind."""

import pytest
import typer
from typer.main import get_command

from docmill.cli import ingest, read
from docmill.cli.option_flags import options_from
from docmill.errors import InvalidOptions, SettingsInvalid
from docmill.settings import settings
from docmill.values.options import DEFAULT_ENTITIES, MillOptions


def parameters(module, name):
    app = typer.Typer()
    module.add_to(app)
    command = get_command(app)
    command = command.commands[name] if hasattr(command, "commands") else command
    return {p.name: p for p in command.params}


@pytest.mark.parametrize("field", [name for name, field in MillOptions.model_fields.items() if not field.json_schema_extra])
def test_every_option_has_a_flag_with_help(field):
    flag = parameters(ingest, "ingest")[field]
    assert f"--{field.replace('_', '-')}" in flag.opts
    assert str(MillOptions.model_fields[field].description) in flag.help


def test_what_docmill_sets_itself_has_no_flag():
    assert "pii_rules" not in parameters(ingest, "ingest")


def test_a_command_can_offer_some():
    assert set(MillOptions.model_fields) & set(parameters(read, "read")) == {"language", "engine"}


def test_no_flag_given_means_the_defaults(home):
    assert options_from({}) == MillOptions()


def test_the_default_language_is_a_setting(home, monkeypatch):
    monkeypatch.setenv("OCR_LANGUAGE", "deu")
    settings.cache_clear()
    assert options_from({}).language == "de"
    assert options_from({"language": "fr"}).language == "fr"


def test_a_bad_default_language_blames_the_setting(home, monkeypatch):
    monkeypatch.setenv("DOCMILL_LANGUAGE", "qq")
    settings.cache_clear()
    with pytest.raises(SettingsInvalid, match=r"DOCMILL_LANGUAGE: .*\ben\b"):
        options_from({})


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"language": "qq"}, r"--language: .*known are .*\bde\b"),
        ({"engine": "magic"}, "--engine: .*known are auto, tesseract, rapidocr, vision"),
        ({"extract_format": "docx"}, "--extract-format: .*'hocr'"),
        ({"confidence_threshold": "high"}, "--confidence-threshold: .*number"),
        ({"confidence_threshold": "7"}, "--confidence-threshold: .*less than or equal to 1"),
        ({"entities": ["SHOE_SIZE"]}, "--entities: .*SHOE_SIZE.*IBAN_CODE"),
        ({"entities": [" , "]}, "--entities: .*IBAN_CODE"),
        ({"kind": "No!"}, "--kind: "),
    ],
)
def test_a_bad_value_names_its_flag_and_the_known_values(home, asked, says):
    with pytest.raises(InvalidOptions, match=says):
        options_from(asked)


def test_entities_come_repeated_or_with_commas_in_any_case(home):
    assert options_from({"entities": ["person, email_address", "IBAN_CODE"]}).entities == ("EMAIL_ADDRESS", "IBAN_CODE", "PERSON")
    assert set(options_from({}).entities) == set(DEFAULT_ENTITIES)
