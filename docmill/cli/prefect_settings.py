"""What docmill wants of Prefect, as environment: its files under docmill's home, no telemetry, how long runs are kept.

Belongs here: Prefect's own settings. Does not belong here: what a server is told once it runs (prefect_setup).
"""

from docmill.settings import Settings, offer_environment

PREFECT_RETENTION = {
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",  # with orphaned logs and artifacts; Prefect itself drops events only
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(14 * 86_400),
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P3D",  # ISO 8601; mostly heartbeats, of which the newest counts
}
"""How long Prefect's server keeps what it saw: what became of documents is in the ledger. The image sets the same."""

PREFECT_DEFAULTS = {
    **PREFECT_RETENTION,
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLIENT_MAX_RETRIES": "10",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "GX_ANALYTICS_ENABLED": "false",
}
"""What docmill wants of Prefect unless the user says otherwise: no telemetry, patience with a server that is starting, few words, and
heartbeats by which silent runs are found."""


PREFECT_JSON_LOGS = {
    "PREFECT_LOGGING_FORMATTERS_JSON_CLASS": "docmill.logs.JsonFormatter",
    "PREFECT_LOGGING_FORMATTERS_JSON_FORMAT": "%(message)s",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER": "json",
    "PREFECT_LOGGING_HANDLERS_DEBUG_FORMATTER": "json",
}
"""Items of Prefect's logging.yml (PREFECT_LOGGING_[PATH]_[TO]_[KEY]): its processes log as docmill's do. The image sets the same."""


def prefect_environment(found: Settings, **extra: str) -> dict[str, str]:
    """Prefect's environment for the embedded set: its files under docmill's home, its logs in docmill's form."""
    logs = PREFECT_JSON_LOGS if found.log_format == "json" else {}
    return {"PREFECT_HOME": str(found.home.absolute() / "prefect"), **PREFECT_DEFAULTS, **logs, **extra}


def prepare_for_prefect(found: Settings, api_url: str | None) -> None:
    """Set Prefect's environment of this process before Prefect is imported; what the user has set stays.

    Args:
        found: the settings.
        api_url: the server to use; None starts an ephemeral one.
    """
    extra = {"PREFECT_API_URL": api_url} if api_url else {}
    offer_environment(prefect_environment(found, **extra))
