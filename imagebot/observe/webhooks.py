"""Events of webhooks: who called, and what became of it. No name of what a call is about is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imagebot.observe.events import Event

CallAnswer = Literal["heeded", "nothing", "again", "forged", "too_many", "unreadable", "no_secret"]
"""What became of a call: `nothing` in it was of interest, it came `again`, or it was refused."""


@dataclass(frozen=True, slots=True)
class WebhooksServed(Event):
    """From now on registries and forges may call there."""

    name = "webhooks.served"
    address: str


@dataclass(frozen=True, slots=True)
class WebhookCalled(Event):
    name = "webhook.called"
    level = "debug"
    receiver: str
    answer: CallAnswer


@dataclass(frozen=True, slots=True)
class WebhookRefused(Event):
    """Calls of this receiver were refused, `times` since this was told last; why the newest was."""

    name = "webhook.refused"
    level = "warning"
    receiver: str
    because: str
    times: int


@dataclass(frozen=True, slots=True)
class WebhookHeeded(Event):
    """A pass over a part of the policies begins, because somebody called."""

    name = "webhook.heeded"
    subjects: int
    policies: int
