"""Logging for people or as JSON, always on stderr. Messages carry ids, codes and numbers; document text and file names never."""

import json
import logging
import sys
from datetime import UTC, datetime

from docmill.settings import Settings


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC, ISO 8601), level, logger, message."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. An exception contributes its type only: its text may hold what a document says."""
        body = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            body["exception"] = record.exc_info[0].__name__
        return json.dumps(body)


def start_logging(settings: Settings) -> None:
    """Send docmill's log lines to stderr in the configured form; calling it again changes nothing twice."""
    logger = logging.getLogger("docmill")
    if logger.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else logging.Formatter("%(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(settings.log_level)
    logger.propagate = False
