"""Events of webhooks: who called, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imagebot.observe.events import Event

CallAnswer = Literal[
    "heeded", "nothing", "again", "forged", "too_many", "unreadable", "too_large", "no_secret", "no_receiver"
]
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
    """What calls were `about` (the first of them) is looked at for these policies: for none where nobody watches it."""

    name = "webhook.heeded"
    about: str
    more: int
    policies: int
