"""Writes the pages that are generated from code: docs/errors.md, docs/settings.md, .env.example and the results schema."""

import json
import subprocess
import sys
from pathlib import Path

from docmill.settings import Settings
from docmill.values.results import results_schema

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "docmill" / "values" / "schemas" / "results.schema.json"


def names_of(field: str) -> list[str]:
    """The environment names of a setting, docmill's own first."""
    alias = Settings.model_fields[field].validation_alias
    return [str(c) for c in getattr(alias, "choices", [])] or [f"DOCMILL_{field.upper()}"]


def settings_page() -> str:
    """docs/settings.md."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{field.default}`"
        rows.append(f"| {', '.join(f'`{n}`' for n in names_of(name))} | {default} | {field.description or ''} |")
    head = "# Settings\n\nRead from the environment and from `.env` by `docmill/settings.py`; this page is generated from it (`make docs`).\n\n"
    return head + "| name | default | what it does |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def env_example() -> str:
    """.env.example: every setting, commented out, with its default."""
    lines = ["# Copy to .env and uncomment what you change. Generated from docmill/settings.py (`make docs`).", ""]
    for name, field in Settings.model_fields.items():
        lines += [f"# {field.description}"] if field.description else []
        value = "" if field.default is None or field.default == () else field.default
        lines += [f"#{names_of(name)[-1]}={value}", ""]
    return "\n".join(lines)


def pages() -> dict[Path, str]:
    """Every generated page but docs/errors.md, by its path."""
    schema = json.dumps(results_schema(), indent=1, ensure_ascii=False) + "\n"
    return {ROOT / "docs" / "settings.md": settings_page(), ROOT / ".env.example": env_example(), SCHEMA: schema}


def main() -> int:
    """Write all pages."""
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    return subprocess.run([sys.executable, str(Path(__file__).with_name("write_error_docs.py"))], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
