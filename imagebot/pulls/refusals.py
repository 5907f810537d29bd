"""What people refused: the versions in pull requests that they closed without merging them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from imagebot.pulls import block
from imagebot.pulls.block import Proposed
from imagebot.pulls.commands import Command, asked


@dataclass(frozen=True, slots=True)
class RefusedVersions:
    """One version that was refused, when, and in which words people are told."""

    proposed: Proposed
    at: datetime
    because: str


def refused(
    number: int, body: str, labels: Collection[str], closed_at: str, closed_by: str
) -> Iterator[RefusedVersions]:
    """What a closed pull request refuses: nothing if the bot closed it, or if people ask for another try on it.

    `closed_at` is an ISO 8601 time. Where the forge tells none it was closed far ahead, so that nothing came after.
    """
    found = block.read(body)
    if found is None or found.closed_by_bot or Command.RETRY in asked(body, labels):
        return
    who = f" by {closed_by}" if closed_by else ""
    when = f" on {closed_at[:10]}" if closed_at else ""
    for item in found.proposed:
        yield RefusedVersions(item, _moment(closed_at), f"pull request #{number} was closed{who}{when}")


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
