"""The past of environment repositories, read from git and, where that is wished, from the forge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, partial

from imagebot.cycle.index import Watched
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError
from imagebot.forge.protocol import Merged
from imagebot.gitrepo.mirror import Mirror
from imagebot.history.commits import Arrival, Commit, arrivals
from imagebot.history.entry import HistoryEntry, ReviewFacts, with_reviews
from imagebot.history.file_fields import NOTHING, Owners, Says
from imagebot.history.ledger import Contents, Ledger, read
from imagebot.policy.model import Policy


@dataclass(frozen=True)
class BaseHistory:
    """One environment repository: its mirror, and what its base branch was at, oldest first."""

    mirror: Mirror
    policies: tuple[Policy, ...]
    arrived: tuple[Arrival, ...]
    contents: Contents
    bot: str

    def until(self, place: int | None) -> BaseHistory:
        """As it was at one of its arrivals; None: before the first."""
        return replace(self, arrived=self.arrived[: 0 if place is None else place + 1])

    @cached_property
    def ledger(self) -> Ledger:
        """What the fields tell."""
        return read(self.policies, self.arrived, self.contents, self.bot)

    @property
    def cut(self) -> bool:
        """Whether the branch is older than what was read of it."""
        return bool(self.arrived and self.arrived[0].commit.parents)


def read_pasts(world: World, policies: Sequence[Policy], now: datetime) -> Mapping[str, BaseHistory | ImagebotError]:
    """The past of every environment repository of `policies`, by name; one that failed is kept as its error."""
    names = sorted({policy.repository for policy in policies})
    return {name: _try_read(world, [each for each in policies if each.repository == name], now) for name in names}


def read_past(world: World, policies: Sequence[Policy], now: datetime) -> BaseHistory:
    """The past of the environment repository of these policies, fetched anew. Raises `ImagebotError`."""
    mirror = world.mirror(world.settings.repositories[policies[0].repository])
    base = mirror.fetch(world.settings.branch_prefix).base
    return past_of(mirror, base, policies, world.settings.author.email, now)


def past_of(mirror: Mirror, base: str, policies: Sequence[Policy], bot: str, now: datetime) -> BaseHistory:
    """The past of a commit that is there; `bot` is the bot's address. Raises `WorldError`s."""
    watched = Watched.by(policies)
    arrived = arrivals(mirror.annals(base, watched.is_looked_into), bot, now)
    return BaseHistory(mirror, tuple(policies), arrived, _contents(mirror, arrived, watched, Owners(policies)), bot)


def reviewed(
    world: World, repository: str, entries: Sequence[HistoryEntry], since: datetime | None
) -> tuple[HistoryEntry, ...]:
    """The entries of one repository with what its forge knows of the bot's pull requests. Raises `WorldError`s."""
    forge = world.forge(world.settings.repositories[repository])
    pulls = [_review(merged) for merged in forge.merged_pulls(world.settings.branch_prefix, since)]
    return with_reviews(entries, pulls)


def _review(merged: Merged) -> tuple[str, ReviewFacts]:
    pull = merged.pull
    opened, at = _moment(pull.opened_at), _moment(merged.at)
    return merged.commit, ReviewFacts(pull.number, pull.url, opened, at, merged.by, merged.approvers)


def _moment(text: str) -> datetime | None:
    """An ISO 8601 time; None where the forge tells none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _try_read(world: World, policies: Sequence[Policy], now: datetime) -> BaseHistory | ImagebotError:
    world.go_on()
    name = policies[0].repository
    past = world.ask(f"read the past of {name}", partial(read_past, world, policies, now))
    return past if isinstance(past, ImagebotError) else understood(world, name, past)


def understood(world: World, name: str, past: BaseHistory) -> BaseHistory | ImagebotError:
    """The same past with its ledger read, while that is a matter of this one repository, or why it cannot be read."""
    ledger = world.ask(f"understand the past of {name}", lambda: past.ledger)
    return ledger if isinstance(ledger, ImagebotError) else past


def _contents(mirror: Mirror, arrived: Sequence[Arrival], watched: Watched, owners: Owners) -> Contents:
    """What each version of each file says; each is read once, and parsed only if it may hold a watched image."""
    wanted = _versions([arrival.commit for arrival in arrived])
    found: dict[tuple[str, str], Says] = {}
    for (path, blob), data in zip(wanted, mirror.blobs([blob for _, blob in wanted]), strict=True):
        if data is None:
            says = owners.too_large(path)
        elif (held := watched.find(path, data)) is not None:
            says = owners.says(path, held)
        else:
            continue
        if says is not NOTHING:
            found[path, blob] = says
    return found


def _versions(line: Sequence[Commit]) -> list[tuple[str, str]]:
    """Every version of every file that the base branch had."""
    first = [(change.path, change.old) for commit in line[:1] for change in commit.changes]
    every = [*first, *((change.path, change.new) for commit in line for change in commit.changes)]
    return list(dict.fromkeys((path, blob) for path, blob in every if blob is not None))
