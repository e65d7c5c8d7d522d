"""Logs of the processes that stay: one line an event, JSON but on a terminal, with job and tenant where known."""

import logging
import sys
from typing import Any

import structlog


def begin(process: str, level: str) -> None:
    """Everything from this level on that is logged from here on, by us or a library, goes to stderr in one form."""
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if sys.stderr.isatty():
        last = structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                last,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Refused requests are counted by metrics, and every one that failed is logged with its cause elsewhere.
    logging.getLogger("django.security").setLevel(logging.ERROR)
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
