"""The log: events on standard error, JSON for machines, colours for a terminal."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import fields
from typing import TextIO

from imagebot.late_import import imported_late
from imagebot.observe.events import Event, LibrarySaid
from imagebot.outgoing import outgoing_lines
from imagebot.settings.resolve import wants_colours

# For coroutines, and for stack traces in colours: an event has its trace as text.
with imported_late("asyncio"), imported_late("rich"):
    import structlog
    from structlog.typing import EventDict, Processor


def log_sink(form: str, level: str, stream: TextIO | None = None) -> Callable[[Event], None]:
    """A sink that writes one line an event, without empty facts. `form` is `json`, `text` or `auto` by the stream."""
    stream = sys.stderr if stream is None else stream
    logger = structlog.wrap_logger(
        structlog.PrintLogger(stream),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _safe,
            *_renderers(form == "text" or (form == "auto" and stream.isatty()), stream.isatty() and wants_colours()),
        ],
    )

    def tell(event: Event) -> None:
        write = getattr(logger, event.level)
        facts = {field.name: getattr(event, field.name) for field in fields(event)}
        write(event.name, **{name: fact for name, fact in facts.items() if fact != ""})

    return tell


class FromLibraries(logging.Handler):
    """What libraries log at warning or above, and what Python warns of, as events: else they are lines of their own."""

    def __init__(self, tell: Callable[[Event], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    @classmethod
    def listen(cls, tell: Callable[[Event], None]) -> None:
        """From now on, all of them go to `tell`, and nowhere else."""
        logging.captureWarnings(capture=True)
        logging.getLogger().handlers[:] = [cls(tell)]

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one; its own failure, such as a format that does not fit, is no reason to fail."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        self._tell(LibrarySaid(record.name, message))


def _renderers(text: bool, colours: bool) -> list[Processor]:
    if text:
        return [structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0)]
    return [_head_first, structlog.processors.JSONRenderer()]


def _safe(_: object, __: str, said: EventDict) -> EventDict:
    """The facts of an event hold what others wrote: secrets are masked, and no terminal is given orders."""
    return {key: outgoing_lines(value) if isinstance(value, str) else value for key, value in said.items()}


def _head_first(_: object, __: str, said: EventDict) -> EventDict:
    """When and what before the facts, for people who read raw lines."""
    head = {key: said.pop(key) for key in ("timestamp", "level", "event")}
    return {**head, **said}
