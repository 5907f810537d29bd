"""What may keep a version back for a while, as a policy file writes it, and `Gates`: what holds for one watch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from imagebot.documents.duration import Duration
from imagebot.documents.model import STRING, TEXT_SCHEMA, Misplaced, Model, Visible, reads
from imagebot.images.platform import platform
from imagebot.policy import key_grammar
from imagebot.policy.windows import Window, zone_of

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2})?", re.ASCII)
_TEXT = WithJsonSchema(TEXT_SCHEMA)


@dataclass(frozen=True, slots=True)
class WallTime:
    """A moment on a wall clock; a date alone stands for the whole day. `text` is what a person wrote."""

    text: str
    moment: datetime
    whole_day: bool

    @classmethod
    def parse(cls, text: str) -> WallTime:
        """Read `2026-12-24` or `2026-12-24 18:00`. Raises `ValueError`."""
        hint = f"{text!r} is no date; write it as in 2026-12-24 or '2026-12-24 18:00'"
        if not _DATE.fullmatch(text):
            raise ValueError(hint)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(hint) from None
        return cls(text, moment, len(text) == len("2026-12-24"))

    def start(self, zone: ZoneInfo) -> datetime:
        return self.moment.replace(tzinfo=zone)

    def end(self, zone: ZoneInfo) -> datetime:
        """The first moment after it: the next midnight after a whole day."""
        day_after = datetime.combine(self.moment.date() + timedelta(days=1), time(), zone)
        return day_after if self.whole_day else self.start(zone)


class Freeze(Model):
    """Days on which nothing changes."""

    from_: Annotated[WallTime, reads(WallTime, WallTime.parse), STRING] = Field(alias="from")
    """The first day, `2026-12-20`, or a moment, `2026-12-20 18:00`."""
    to: Annotated[WallTime, reads(WallTime, WallTime.parse), STRING]
    """The last day, or the moment at which it ends."""
    zone: Annotated[ZoneInfo, reads(ZoneInfo, zone_of), STRING] = ZoneInfo("UTC")
    """The time zone of both, as in `Europe/Berlin`."""
    because: Visible = ""
    """Why, in words that pull requests and `explain` repeat."""

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.to.end(self.zone) <= self.from_.start(self.zone):
            raise Misplaced(("to",), f"it ends at {self.to.text}, before it begins")
        return self

    def __str__(self) -> str:
        reason = f" ({self.because})" if self.because else ""
        return f"{self.from_.text} to {self.to.text} {self.zone.key}{reason}"

    def holds(self, moment: datetime) -> bool:
        """Whether `moment` is in it."""
        return self.from_.start(self.zone) <= moment < self.to.end(self.zone)

    def closes(self, after: datetime) -> datetime:
        """The first moment from `after` on that is not in it."""
        return self.to.end(self.zone) if self.holds(after) else after


def _freezing_window(text: str) -> Window:
    window = Window.parse(text)
    if window.closes(datetime(2001, 1, 1, tzinfo=ZoneInfo("UTC"))) is None:
        raise ValueError(f"{text!r} never ends, so nothing would ever change")
    return window


def kind_of_freeze(value: object) -> str:
    """How a freeze is written: as hours of the week, or as days."""
    return "{hours}" if isinstance(value, str | Window) else "{days}"


WindowText = Annotated[Window, reads(Window, Window.parse), STRING]
FreezingHours = Annotated[Window, reads(Window, _freezing_window), STRING]
AnyFreeze = Annotated[
    Annotated[FreezingHours, Tag("{hours}")] | Annotated[Freeze, Tag("{days}")], Discriminator(kind_of_freeze)
]
Platform = Annotated[str, AfterValidator(platform)]


class Promotion(Model):
    """Another environment of the app: what it runs is what may come here."""

    environment: Annotated[str, AfterValidator(key_grammar.dns_label), _TEXT]
    """The environment whose deployed versions are the candidates."""
    after: Duration = timedelta()
    """How long that environment must have had a version before it may come here, such as `2d`."""


@dataclass(frozen=True, slots=True)
class Gates:
    """What keeps versions of one image back in one environment: nothing by default."""

    minimum_age: timedelta = timedelta()
    windows: tuple[Window, ...] = ()
    freezes: tuple[Window | Freeze, ...] = ()
    source: Promotion | None = None

    def for_image(self, minimum_age: timedelta) -> Gates:
        """With the image's own age: the longer one counts."""
        return replace(self, minimum_age=max(self.minimum_age, minimum_age))


def check_sources(sources: Mapping[str, Promotion]) -> None:
    """Each environment with a `from`, by name, checked against loops. Raises `Misplaced`."""
    for start in sources:
        passed = [start]
        while (source := sources.get(passed[-1])) is not None:
            if source.environment in passed:
                way = " from ".join([*passed, source.environment])
                raise Misplaced(("environments", start, "from", "environment"), f"this goes round in a circle: {way}")
            passed.append(source.environment)
