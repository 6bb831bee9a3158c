"""Commands that load when they are asked for: `docmill --version` must not wait for the database, `docmill list` not for Prefect.

Belongs here: which module holds which command. Does not belong here: what commands do.
"""

from importlib import import_module
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

MODULES: MappingProxyType[str, str] = MappingProxyType(
    {
        "ingest": "ingest",
        "remill": "ingest",
        "read": "read",
        "extract": "extract",
        "classify": "extract",
        "find-pii": "privacy",
        "redact": "privacy",
        "verify": "privacy",
        "check-redactions": "privacy",
        "privacy-report": "purge",
        "purge-originals": "purge",
        "list": "status",
        "status": "status",
        "result": "documents",
        "url": "documents",
        "export": "documents",
        "export-results": "export_results",
        "delete": "documents",
        "purchasing": "purchasing",
        "search": "search",
        "ask": "ask",
        "similar": "search",
        "search-stats": "search_stats",
        "reindex": "search",
        "review": "review",
        "audit": "audit",
        "back-up": "backup",
        "restore": "backup",
        "clean-up": "maintenance",
        "sweep": "maintenance",
        "reconcile": "maintenance",
        "up": "stack",
        "down": "stack",
        "serve": "stack",
        "doctor": "installation",
        "db": "installation",
        "deploy": "installation",
        "submit": "remote",
        "wait": "remote",
        "download": "remote",
        "keys": "keys",
        "webhooks": "webhooks",
        "demo": "stack",
    },
)
"""Command -> its module in this package, in the order of the help; every module has `add_to(app)`, which adds its commands."""


class LazyCommands(TyperGroup):
    """A group whose commands come from the modules of this package."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All commands, for the help: this loads every module."""
        del ctx
        for module in dict.fromkeys(MODULES.values()):
            self._load(module)
        return list(MODULES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command; None when there is no such one, with all loaded, so that Typer can say which one was meant."""
        if cmd_name in MODULES:
            self._load(MODULES[cmd_name])
        else:
            self.list_commands(ctx)
        return super().get_command(ctx, cmd_name)

    def _load(self, module: str) -> None:
        part = typer.Typer(rich_markup_mode=None)
        import_module(f"docmill.cli.{module}").add_to(part)
        self.commands.update(get_group(part).commands)
