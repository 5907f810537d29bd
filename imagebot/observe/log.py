"""The log: events on standard error, JSON for machines, colours for a terminal."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import fields
from typing import TextIO

import structlog

from imagebot.observe.events import Event


def log_sink(form: str, level: str, stream: TextIO | None = None) -> Callable[[Event], None]:
    """A sink that writes one line an event. `form` is `json`, `text` or `auto` (text on a terminal)."""
    stream = sys.stderr if stream is None else stream
    text = form == "text" or (form == "auto" and stream.isatty())
    renderer = structlog.dev.ConsoleRenderer(colors=stream.isatty()) if text else structlog.processors.JSONRenderer(ensure_ascii=True)
    logger = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        processors=[structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True), renderer],
    )

    def tell(event: Event) -> None:
        write = getattr(logger, event.level)
        write(event.name, **{field.name: getattr(event, field.name) for field in fields(event)})

    return tell
