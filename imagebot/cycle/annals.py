"""The past of environment repositories, read from git and, where that is wished, from the forge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from imagebot.cycle.index import Watched
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError
from imagebot.gitrepo.mirror import Mirror
from imagebot.history.commits import Arrival, Commit, arrivals
from imagebot.history.ledger import Contents, Ledger, read
from imagebot.history.says import NOTHING, Owners, Says
from imagebot.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Past:
    """One environment repository: its mirror, the commit its base is at, what its base was at, oldest first."""

    mirror: Mirror
    base: str
    policies: tuple[Policy, ...]
    arrived: tuple[Arrival, ...]
    contents: Contents
    bot: str

    def until(self, place: int | None) -> Ledger:
        """What it was told up to the arrival at `place`; None: before the first."""
        return read(self.policies, self.arrived[: 0 if place is None else place + 1], self.contents, self.bot)

    @property
    def ledger(self) -> Ledger:
        """All of it."""
        return self.until(len(self.arrived) - 1)


def read_pasts(world: World, policies: Sequence[Policy], now: datetime) -> Mapping[str, Past | ImagebotError]:
    """The past of every environment repository of `policies`, by name; one that failed is kept as its error."""
    names = sorted({policy.repository for policy in policies})
    return {name: _try_read(world, [each for each in policies if each.repository == name], now) for name in names}


def read_past(world: World, policies: Sequence[Policy], now: datetime) -> Past:
    """The past of one environment repository, all of whose policies are given. Raises `ImagebotError`."""
    mirror = world.mirror(world.settings.repositories[policies[0].repository])
    base = mirror.fetch(world.settings.branch_prefix).base
    watched, bot = Watched.by(policies), world.settings.author.email
    commits = mirror.annals(base, watched.is_looked_into)
    arrived = arrivals(commits, bot, now)
    return Past(mirror, base, tuple(policies), arrived, _contents(mirror, arrived, watched, Owners(policies)), bot)


def _try_read(world: World, policies: Sequence[Policy], now: datetime) -> Past | ImagebotError:
    world.go_on()
    try:
        return read_past(world, policies, now)
    except ImagebotError as error:
        return error


def _contents(mirror: Mirror, arrived: Sequence[Arrival], watched: Watched, owners: Owners) -> Contents:
    """What each version of each file says; each is read once, and parsed only if it may hold a watched image."""
    wanted = _versions([arrival.commit for arrival in arrived])
    found: dict[tuple[str, str], Says] = {}
    for (path, blob), data in zip(wanted, mirror.blobs([blob for _, blob in wanted]), strict=True):
        if data is None:
            says = owners.too_large(path)
        elif watched.may_be_in(path, data):
            says = owners.says(path, watched.find(path, data))
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
