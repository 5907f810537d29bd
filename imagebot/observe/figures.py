"""Events that count: what a pass found and cost, by repository and by registry. Machines read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from imagebot.observe.events import Event

PolicyState = Literal[
    "suspended", "unknown", "waiting", "unsigned", "frozen", "held", "no_candidate", "outdated", "current"
]
"""What a pass says of a policy in one word: of several the first in this order."""


@dataclass(frozen=True, slots=True)
class RepositoryPassed(Event):
    """What a pass left in one environment repository. `ok`: all its policies are known, and nothing failed.

    `listed` pull requests were open when the forge was asked, `open` ones are now; None where it did not tell.
    """

    name = "repository.passed"
    level = "debug"
    repository: str
    ok: bool
    policies: Mapping[PolicyState, int]
    unknown_since: str
    listed: int | None
    open: int | None
    oldest_open_since: str
    opened: int
    updated: int
    closed: int
    waiting: int
    failed: int
    forge_writes: int


@dataclass(frozen=True, slots=True)
class RegistryAsked(Event):
    """What became of the requests of a pass to one registry, and to the token servers and stores that it names."""

    name = "registry.asked"
    level = "debug"
    registry: str
    answers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class WaitOrdered(Event):
    """A registry or a forge wants to be left alone `until` then, and is."""

    name = "wait.ordered"
    level = "debug"
    party: Literal["forge", "registry"]
    host: str
    until: str


@dataclass(frozen=True, slots=True)
class MetricsServed(Event):
    """From now on metrics and health are to be had there."""

    name = "metrics.served"
    address: str
