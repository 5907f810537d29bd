"""Which new pull requests may be opened now; which wait, for what, and in which order."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_KINDS = {"digest": 1, "repush": 1, "patch": 2, "minor": 3, "major": 4}
_SECURITY, _OTHERS = 0, 5


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A change that has no pull request yet. `name` is the app's or the group's, `kinds` are those of its updates.

    `account` is who opens it, as far as the forge counts: whoever shares a token shares its limits. `cost` is how many
    writes that takes.
    """

    repository: str
    branch: str
    environment: str
    name: str
    kinds: tuple[str, ...]
    labels: tuple[str, ...] = ()
    account: str = ""
    cost: int = 1


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many pull requests of the bot there may be, in one repository or in all; None: any number.

    `limit` of them may be open at once, and `open_now` are. `per_hour` may be opened in an hour; `opened` is when the
    last ones were, open or not: a time in the future, as of a clock that was set back, counts as now.
    """

    open_now: int = 0
    limit: int | None = None
    opened: tuple[datetime, ...] = ()
    per_hour: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a change waits, and its place among all that wait, from 1."""

    because: str
    place: int


def cost(*extras: Sequence[str], is_open: bool = False) -> int:
    """How many writes a pull request takes that is yet to get these extras: labels, reviewers, assignees and the like.

    One opens it, one more adds each kind of extra, and with any of them the true body is written at the end. One that
    is open takes a comment, a body that announces the change, and the true one.
    """
    kinds = sum(1 for names in extras if names)
    return 3 + kinds if is_open else 2 + kinds if kinds else 1


def unpayable(costs: Mapping[str, int], left: int) -> Mapping[str, str]:
    """Which of these branches must wait, in their order, and why: the forge takes only so many writes in this hour.

    None overtakes another: else cheap ones could keep a dear one waiting.
    """
    purse = _Purse({"": left})
    waits = {}
    for branch, writes in costs.items():
        if because := purse.pay("", writes):
            waits[branch] = f"waits: {because}"
    return waits


def queued(
    new: Iterable[Newcomer],
    repositories: Mapping[str, Allowance],
    overall: Allowance,
    writes: Mapping[str, int],
    now: datetime,
) -> Mapping[tuple[str, str], Wait]:
    """The (repository, branch) of those that must wait, in their order; all others may be opened now.

    `writes` says how many more the forge takes from an account in this hour; one that is not there may do any number.
    First come those with a security label, then new digests, patches, minor, major and other updates, each by
    environment and name. None overtakes another that waits for the forge: else cheap ones could keep it waiting.
    """
    tallies = {name: _Tally.of(allowance, f"in {name}", now) for name, allowance in repositories.items()}
    in_all = _Tally.of(overall, "in all", now)
    purse = _Purse(dict(writes))
    waits: dict[tuple[str, str], Wait] = {}
    for newcomer in sorted(new, key=urgency):
        own = tallies.get(newcomer.repository) or _Tally.of(Allowance(), f"in {newcomer.repository}", now)
        tallies[newcomer.repository] = own
        because = own.full or in_all.full or own.too_fast or in_all.too_fast
        because = because or purse.pay(newcomer.account, newcomer.cost)
        if because:
            waits[newcomer.repository, newcomer.branch] = Wait(f"waits: {because}", len(waits) + 1)
            continue
        own.let_in()
        in_all.let_in()
    return waits


@dataclass
class _Tally:
    """An allowance as it shrinks while newcomers are let in. `recent` is what was opened in the last hour, in order."""

    allowance: Allowance
    where: str
    now: datetime
    recent: list[datetime]
    let: int = 0

    @classmethod
    def of(cls, allowance: Allowance, where: str, now: datetime) -> _Tally:
        """One that nobody was let in to."""
        known = sorted(min(at, now) for at in allowance.opened)
        return cls(allowance, where, now, known[bisect_right(known, now - _HOUR) :])

    @property
    def full(self) -> str:
        limit, present = self.allowance.limit, self.allowance.open_now + self.let
        if limit is None or present < limit:
            return ""
        return f"{present} of {limit} pull requests are open {self.where}"

    @property
    def too_fast(self) -> str:
        rate = self.allowance.per_hour
        if rate is None:
            return ""
        if len(self.recent) < rate:
            return ""
        free = f"; the next at {_clock(self.recent[-rate] + _HOUR)}" if rate else ""
        return f"{len(self.recent)} of {rate} were opened {self.where} in the last hour{free}"

    def let_in(self) -> None:
        self.let += 1
        self.recent.append(self.now)


@dataclass
class _Purse:
    """The writes that are left to each account, and the accounts that could not pay for the one whose turn it was."""

    left: dict[str, int]
    empty: set[str] = field(default_factory=set)

    def pay(self, account: str, writes: int) -> str:
        """Why that cannot be paid; empty if it was."""
        left = self.left.get(account)
        if left is None:
            return ""
        if account in self.empty:
            return f"the forge takes {left} more writes in this hour, and others come first"
        if writes > left:
            self.empty.add(account)
            return f"it takes {writes} writes, and the forge takes {left} more in this hour"
        self.left[account] = left - writes
        return ""


def _clock(at: datetime) -> str:
    """The time of day, rounded up: at the minute that is named there is room."""
    return f"{at.astimezone(UTC) + _MINUTE - timedelta.resolution:%H:%MZ}"


def urgency(newcomer: Newcomer) -> tuple[int, str, str, str, str]:
    """What is small comes first, in an order that is always the same."""
    rank = max((_KINDS.get(kind, _OTHERS) for kind in newcomer.kinds), default=_OTHERS)
    if any(_is_security(label) for label in newcomer.labels):
        rank = _SECURITY
    return (rank, newcomer.environment, newcomer.name, newcomer.repository, newcomer.branch)


def _is_security(label: str) -> bool:
    """`security`, or a label with that on one side of a slash or a colon: `security/high`, `type: Security`."""
    return "security" in (part.strip().casefold() for part in label.replace(":", "/").split("/"))
