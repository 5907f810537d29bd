"""One environment repository as its forge shows it in this pass: what is open, what people refused and ask for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from imagebot.bans import Ban, ToldToWait
from imagebot.cycle.lazy_property import once
from imagebot.cycle.pass_store import PassStore
from imagebot.cycle.world import World
from imagebot.errors import BadResponse, ImagebotError, Unavailable, WorldError
from imagebot.forge.protocol import Forge, Listing, PullRequest
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.images.reference import ImageName
from imagebot.observe.events import ForgeWarned
from imagebot.plan.change import Change
from imagebot.policy.model import Policy
from imagebot.pulls import block
from imagebot.pulls.commands import Command, asked
from imagebot.pulls.freeze import Frozen
from imagebot.pulls.refusals import RefusedVersions, refused
from imagebot.selection.doubts import BELIEVED_AFTER
from imagebot.selection.facts import KeptBack
from imagebot.selection.reasons import shown
from imagebot.selection.verdict import Hold, Version
from imagebot.settings.resolve import RepositorySettings

T = TypeVar("T")
_MOST_SILENT = 3  # one may be a hiccup; each costs the pass a quarter of a minute, or four
_WISHES_SINCE = timedelta(days=1)
"""How far back wishes on closed pull requests are looked for. An hour would do, as long as refusals are remembered, if
all clocks agreed; a day of them is one page for all but the busiest.
"""


@dataclass
class PullRequests:
    """Asked of the forge when it is first wanted, and once in a pass.

    `promised_writes` are those that the forge was asked for and will be in this pass, as far as it is planned.
    `in_vain` is what it would not put on a pull request in this pass: it need not be asked for another.
    """

    world: World
    settings: RepositorySettings
    mirror: Mirror
    heads: Heads
    memory: PassStore
    opened: int = 0
    promised_writes: int = 0
    in_vain: set[str] = field(default_factory=set)
    _writes_before: int = 0
    _silent: int = 0

    @property
    def account(self) -> str:
        """Whose limits on writes count here: those of everything behind one API."""
        return f"{self.settings.forge} {self.settings.api_url}"

    @once
    def forge(self) -> Forge:
        forge = self.world.forge(self.settings)
        self._writes_before = forge.writes
        forge.begin(self.memory)
        return forge

    @property
    def writes(self) -> int:
        """How often the forge was asked to change something in this pass."""
        return self.forge.writes - self._writes_before if "forge" in self.__dict__ else 0

    @property
    def ban(self) -> Ban | None:
        """That the forge wants to be left alone, if it was asked in this pass and does."""
        return self.forge.ban if "forge" in self.__dict__ else None

    def remember(self, at: datetime) -> None:
        """Count what was opened and written, for the limits of the next passes."""
        self.memory.count("opened", self.settings.url, [at] * self.opened)
        if self.are_known:
            self.memory.left_open(self.settings.url, len(self.open) + self.opened)
        if "forge" in self.__dict__ and self.forge.hourly_writes is not None:
            self.memory.count("writes", self.account, [at] * self.writes)

    @once
    def open(self) -> Mapping[str, PullRequest]:
        """The open pull requests by branch, of two the older: one listing, and none while the bot has no branch there.

        A forge that failed to tell them is not asked again by this pass. Raises what it failed with.
        """
        return {branch: pulls[-1] for branch, pulls in self._by_branch.items()}

    @property
    def doubles(self) -> tuple[PullRequest, ...]:
        """The open ones of a branch beside its oldest, which is in `open`: two bots at once, on some forges."""
        return tuple(pull for pulls in self._by_branch.values() for pull in pulls[:-1])

    @once
    def _by_branch(self) -> Mapping[str, Sequence[PullRequest]]:
        """The open ones of each branch, the oldest last."""
        found: dict[str, list[PullRequest]] = defaultdict(list)
        for pull in sorted(self._listed, key=lambda pull: pull.number, reverse=True):
            found[pull.branch].append(pull)
        return found

    def told(self, branch: str) -> block.Block | None:
        """What the open pull request of a branch says of itself, if there is one and it does."""
        pull = self.open.get(branch)
        return None if pull is None else block.read(pull.body)

    @property
    def are_known(self) -> bool:
        """Whether the forge has told what is open; asks it, if nobody has yet."""
        return not isinstance(self._listing, ImagebotError)

    @property
    def _listed(self) -> Listing[PullRequest]:
        if isinstance(self._listing, ImagebotError):
            raise self._listing
        return self._listing

    @once
    def _listing(self) -> Listing[PullRequest] | ImagebotError:
        return self.ask(f"list the pull requests of {self.settings.name}", self._list)

    def ask(self, task: str, question: Callable[[], T]) -> T | ImagebotError:
        """`World.ask`, of a forge: one that did not answer a few times in a row is asked no more by this pass.

        To be told to wait is an answer, which nobody has to wait for.
        """
        if self._silent >= _MOST_SILENT:
            return Unavailable(
                f"{party_of(self.settings)} did not answer {_MOST_SILENT} times in a row; the next pass asks it again"
            )
        answer = self.world.ask(task, question)
        is_silent = isinstance(answer, Unavailable) and not isinstance(answer, ToldToWait)
        self._silent = self._silent + 1 if is_silent else 0
        return answer

    def _list(self) -> Listing[PullRequest]:
        if not (self.heads.branches or self.heads.unreadable):
            return Listing()
        listed = self.forge.open_pulls(self.world.settings.branch_prefix)
        for one in listed.unread:
            self.world.tell(ForgeWarned(self.settings.name, one.because))
        return listed

    def doubt(self, branch: str) -> str:
        """Why nobody can say that this branch has no open pull request but those in `open`; empty if it has none."""
        return self._listed.doubt(branch)

    @once
    def commands(self) -> Mapping[str, frozenset[Command]]:
        """What people ask for in the words and labels of open pull requests, by branch."""
        return {
            branch: frozenset().union(*(asked(pull.body, pull.labels) for pull in pulls))
            for branch, pulls in self._by_branch.items()
        }

    def refused(self, branch: str, policy: Policy, image: ImageName, tag: str) -> tuple[KeptBack, ...]:
        """The versions of an image that people refused by closing this branch's pull requests, with who and when.

        Not asked while an open one proposes that very tag: whoever opened it again has changed their mind. Those that
        were closed before they were lifted do not count.
        """
        found = self.told(branch)
        wanted = (policy.app, str(image), tag)
        if found is not None and any((item.app, item.image, item.tag) == wanted for item in found.proposed):
            return ()
        lifted = self.memory.lifted(policy, tag)
        return tuple(
            KeptBack(Hold.CLOSED, Version(item.proposed.tag, item.proposed.digest), item.because)
            for item in self._refusals(branch)
            if (item.proposed.app, item.proposed.image) == (policy.app, str(image))
            # A forge tells whole seconds: what was closed in the very second of lifting counts as closed after it.
            and (lifted is None or item.at >= lifted.replace(microsecond=0))
        )

    def refused_meanwhile(self, change: Change) -> str | None:
        """Why a change may not be opened after all: what is remembered of closed pull requests may be an hour old.

        Raises `BadResponse` where it may be open already.
        """
        if because := self.doubt(change.branch):
            raise BadResponse(because)
        before = set(self._refusals(change.branch))
        proposed = {(update.app, str(update.image), update.new.tag) for update in change.updates}
        for item in self._ask_refusals(change.branch):
            one = item.proposed
            if item not in before and (one.app, one.image, one.tag) in proposed:
                return item.because
        return None

    def was_refused(self, branch: str) -> bool:
        """Whether people closed a pull request of this branch, and have not taken that back."""
        return bool(self._refusals(branch))

    def _refusals(self, branch: str) -> tuple[RefusedVersions, ...]:
        known = self.memory.refusals(self._place(branch), self._open_now(branch))
        return self._ask_refusals(branch) if known is None or (known and branch in self._wished_again) else known

    @once
    def _wished_again(self) -> frozenset[str]:
        """The branches of closed pull requests on which people ask for another try; one listing, while any is refused.

        A forge that does not answer lifts nothing.
        """
        try:
            closed = self.forge.closed_since(self.world.settings.branch_prefix, self.memory.now - _WISHES_SINCE)
        except WorldError:
            return frozenset()
        return frozenset(pull.branch for pull in closed if Command.RETRY in asked(pull.body, pull.labels))

    def _ask_refusals(self, branch: str) -> tuple[RefusedVersions, ...]:
        closed = self.ask(f"list what was closed of {branch}", lambda: self.forge.closed_pulls(branch))
        if isinstance(closed, ImagebotError):
            raise closed
        self._check_whereabouts(branch, closed)
        found = tuple(
            item
            for pull in closed
            for item in refused(pull.number, pull.body, pull.labels, pull.closed_at, pull.closed_by)
        )
        self.memory.are_refused(self._place(branch), self._open_now(branch), found)
        return found

    def _check_whereabouts(self, branch: str, closed: Sequence[PullRequest]) -> None:
        """A pull request that there was, whose branch is there, is open, closed or merged. Raises `WorldError`s.

        A forge may lose its index for a while, and answer every list with nothing. Where one was really deleted, that
        is believed after a day. That there was one is remembered, or told by the refs that forges keep in git; where
        the state is lost and the forge keeps no such refs (Bitbucket Cloud, Azure DevOps, the local one) nobody can
        know: then the branch is taken for one that was pushed before a pass was killed, and a pull request is opened,
        which a forge refuses that has one open for that branch.
        """
        if self._open_now(branch) or branch not in self.heads.branches:
            return
        before = self.memory.was_open(self._place(branch)) or self._in_git(branch, closed)
        if before is None or self.memory.now - before[1] >= BELIEVED_AFTER:
            return
        number, at = before
        if number in {pull.number for pull in closed}:
            return
        if number not in self._merged:
            raise BadResponse(
                f"the forge of {self.settings.name} lists pull request #{number} of {branch} neither as open nor as "
                f"closed; unless it does, that is believed from {shown(at + BELIEVED_AFTER)} on"
            )

    def _in_git(self, branch: str, closed: Sequence[PullRequest]) -> tuple[int, datetime] | None:
        """The newest pull request that has this branch's tip for its head, and since when the forge lists none of it.

        Not asked for where the forge shows that it knows the branch. Raises `WorldError`s.
        """
        numbers = () if closed else self._pull_refs.get(self.heads.branches[branch], ())
        if not numbers:
            return None
        return numbers[-1], self.memory.unlisted_since(f"{self._place(branch)} #{numbers[-1]}")

    @once
    def _merged(self) -> frozenset[int]:
        """The numbers of those that were merged: one listing, and only where somebody has to know."""
        merged = self.forge.merged_pulls(self.world.settings.branch_prefix, None)
        return frozenset(one.pull.number for one in merged)

    @once
    def _pull_refs(self) -> Mapping[str, tuple[int, ...]]:
        return self.mirror.pull_refs()

    def unlisted(self, branch: str) -> str:
        """Why a branch without an open pull request may have one all the same; empty if it has none."""
        try:
            self._refusals(branch)
        except WorldError as error:
            return str(error)
        return ""

    def _open_now(self, branch: str) -> int | None:
        return self.open[branch].number if branch in self.open else None

    def opens(self, pull: PullRequest) -> None:
        """Count a pull request that was opened; when it is open no more, people may have refused it."""
        self.opened += 1
        self.memory.are_refused(self._place(pull.branch), pull.number, self._refusals(pull.branch))

    def _place(self, branch: str) -> str:
        return f"{self.settings.url} {self.settings.branch} {branch}"

    def held(self, branch: str) -> Frozen | None:
        """That people hold the pull request of this branch, if they do."""
        if Command.HOLD not in self.commands.get(branch, frozenset()):
            return None
        held = next(pull for pull in reversed(self._by_branch[branch]) if Command.HOLD in asked(pull.body, pull.labels))
        return Frozen(f"people hold pull request #{held.number} by its checkbox or label")


def party_of(settings: RepositorySettings) -> str:
    """Who answers for an environment repository: the host of its forge, of its git server, or itself."""
    hosts = (urlsplit(url).netloc for url in (settings.api_url, settings.url) if url and "://" in url)
    return next((host for host in hosts if host), settings.name)
