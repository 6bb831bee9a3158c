"""Commands that load when they are asked for: `docmill --version` must not wait for the database, `docmill list` not for Prefect, `--help` for nothing.

Belongs here: which commands there are, in the words of the help, and which module holds which. Does not belong here: what commands do.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

SECTIONS: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "Mill documents": {
            "ingest": ("ingest", "files, folders or gs:// prefixes, all the way"),
            "remill": ("ingest", "a document again: what is missing, or everything"),
            "list": ("status", "jobs, newest first"),
            "status": ("status", "where a job or a batch stands, why it failed"),
            "result": ("documents", "the current results JSON of a document"),
            "url": ("documents", "a signed link to an artefact that expires"),
            "export": ("documents", "everything published of a document"),
            "export-results": ("export_results", "results by filter as CSV, Parquet or ZIP"),
            "delete": ("documents", "a document with everything made from it"),
        },
        "One file, no ledger": {
            "read": ("read", "text, JSON, hOCR, ALTO, Markdown, searchable PDF"),
            "extract": ("extract", "kind, fields, line items, contradictions"),
            "split": ("split", "each document of a PDF that holds several, as a PDF"),
            "classify": ("extract", "what kind of document it is, how surely and why"),
        },
        "Privacy": {
            "find-pii": ("privacy", "personal data in a document or in text"),
            "redact": ("privacy", "a redacted copy that was proven clean"),
            "verify": ("privacy", "whether a copy and its certificate hold"),
            "check-redactions": ("privacy", "text that was left under black boxes"),
            "privacy-report": ("purge", "what personal data a batch held"),
            "purge-originals": ("purge", "remove what redacted documents came from"),
        },
        "Knowledge base": {
            "search": ("search", "passages by meaning and by words"),
            "ask": ("ask", "an answer whose every sentence cites passages"),
            "similar": ("search", "near-duplicates and related documents"),
            "search-stats": ("search_stats", "what was searched for, in vain, how quickly"),
            "reindex": ("search", "write the index anew from the kept chunks"),
        },
        "People and purchasing": {
            "review": ("review", "what machines doubt: list, claim, decide"),
            "models": ("models", "learn from decisions, promote, roll back"),
            "audit": ("audit", "the audit trail: verify, sign, export"),
            "purchasing": ("purchasing", "requests, orders, receipts matched against them"),
        },
        "Servers": {
            "up": ("stack", "Prefect server and UI, worker, gateway with pages"),
            "down": ("stack", "end them"),
            "serve": ("stack", "the HTTP API and the pages alone"),
            "submit": ("remote", "upload files to a gateway"),
            "wait": ("remote", "wait until tasks are over"),
            "download": ("remote", "fetch what tasks published"),
            "tenants": ("tenants", "whose documents are kept apart"),
            "users": ("users", "people and their roles"),
            "keys": ("keys", "API keys of users"),
            "webhooks": ("webhooks", "who is told when a task is over"),
            "deploy": ("installation", "tell a Prefect server of the deployments"),
        },
        "Upkeep": {
            "doctor": ("installation", "what is missing here and how to mend it"),
            "suite": ("suite", "the checks of documents: print them, try one's own"),
            "db": ("installation", "the ledger's schema"),
            "back-up": ("backup", "ledger, store and index of one point in time"),
            "restore": ("backup", "bring a backup back, into an empty place"),
            "clean-up": ("maintenance", "remove what runs left and nobody needs"),
            "quarantine": ("quarantine", "files that killed their process: list, release"),
            "sweep": ("maintenance", "queue jobs again whose runs are gone"),
            "reconcile": ("maintenance", "compare ledger and store"),
            "demo": ("stack", "write sample documents and mill them"),
        },
    },
)
"""Heading -> command -> its module in this package and its line in the help; every module has `add_to(app)`, which adds its commands."""

MODULES: Mapping[str, str] = MappingProxyType({name: module for group in SECTIONS.values() for name, (module, _) in group.items()})
"""Command -> its module."""


class LazyCommands(TyperGroup):
    """A group whose commands come from the modules of this package."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All commands: this loads every module."""
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

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The help's list of commands, without loading any of them."""
        del ctx
        width = max(map(len, MODULES))
        for heading, group in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(width), line) for name, (_, line) in group.items()])

    def _load(self, module: str) -> None:
        part = typer.Typer(rich_markup_mode=None)
        import_module(f"docmill.cli.{module}").add_to(part)
        self.commands.update(get_group(part).commands)
