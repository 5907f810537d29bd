"""One environment repository as this pass sees it: its commits, its fields, its pull requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from imagebot.cycle.asked import Asked
from imagebot.cycle.memory import Memory
from imagebot.cycle.world import World
from imagebot.forge.protocol import Forge, PullRequest
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.images.reference import ImageName
from imagebot.observe.events import RepositoryFetched
from imagebot.plan import block
from imagebot.plan.claims import FileFields
from imagebot.plan.freeze import BranchCommit, frozen
from imagebot.plan.landed import Landed, landed, rolls_back
from imagebot.policy.model import Policy
from imagebot.selection.verdict import Version
from imagebot.settings import RepositorySettings


@dataclass
class Checkout:
    """Fetched once a pass; everything after reads the same commits, whatever is pushed meanwhile."""

    world: World
    registries: Asked
    settings: RepositorySettings
    mirror: Mirror
    heads: Heads
    files: Mapping[str, FileFields]
    memory: Memory
    _writes_before: int = 0

    @cached_property
    def forge(self) -> Forge:
        forge = self.world.forge(self.settings)
        self._writes_before = forge.writes
        return forge

    @property
    def forge_writes(self) -> int:
        """How often the forge was asked to change something in this pass."""
        return self.forge.writes - self._writes_before if "forge" in self.__dict__ else 0

    @cached_property
    def pulls(self) -> Mapping[str, PullRequest]:
        """The open pull requests by branch: one listing, and none at all while the bot has no branch there."""
        if not self.heads.branches:
            return {}
        return {pull.branch: pull for pull in self.forge.open_pulls(self.world.settings.branch_prefix)}

    @cached_property
    def landed(self) -> tuple[Landed, ...]:
        """What the bot's commits brought to the base branch, newest first, as far as its newest 1 000 commits tell.

        Its rollbacks brought nothing: what they took back is told by what landed before.
        """
        messages = (commit.message for commit in self.mirror.newest_commits(self.heads.base))
        return tuple(landed(message for message in messages if not rolls_back(message)))

    def closed(
        self, branch: str, proposed: tuple[ImageName, str], lifted: datetime | None
    ) -> tuple[tuple[Version, str], ...]:
        """The versions of an image that people refused by closing this branch's pull requests, with who and when.

        Not asked while an open one proposes that very tag: whoever opened it again has changed their mind. Those that
        were closed before they were `lifted` do not count.
        """
        image, tag = proposed
        current = self.pulls.get(branch)
        if current is not None and any((item.image, item.tag) == (str(image), tag) for item in _proposed(current)):
            return ()
        return tuple(
            (Version(item.tag, item.digest), _closing(pull))
            for pull in self.forge.closed_pulls(branch)
            if lifted is None or _closed_at(pull) > lifted
            for item in _proposed(pull)
            if item.image == str(image)
        )

    def frozen(self, branch: str) -> str | None:
        """Why the bot must leave its branch alone, or None."""
        tip = self.heads.branches.get(branch)
        if tip is None:
            return None
        commits = self.mirror.commits_between(self.heads.base, tip)
        return frozen(
            branch,
            [
                BranchCommit(
                    id=commit.id,
                    author=commit.author_name,
                    emails=frozenset({commit.author_email, commit.committer_email}),
                    message=commit.message,
                    adds_nothing=self.mirror.adds_nothing(commit),
                )
                for commit in commits
            ],
            self.world.settings.author.email,
        )


def check_out(
    world: World, registries: Asked, memory: Memory, settings: RepositorySettings, policies: tuple[Policy, ...]
) -> Checkout:
    """Fetch one environment repository and find the watched fields at its base. Raises `ImagebotError`."""
    mirror = world.mirror(settings)
    heads = mirror.fetch(world.settings.branch_prefix)
    tree = mirror.files(heads.base)
    files = world.index.look(settings.name, policies, mirror, tree.entries)
    passed_over = tree.unreadable + sum(1 for file in files.values() if file.found.unreadable is not None)
    world.tell(RepositoryFetched(settings.name, heads.base, len(tree.entries), passed_over))
    return Checkout(world, registries, settings, mirror, heads, files, memory)


def _proposed(pull: PullRequest) -> tuple[block.Proposed, ...]:
    found = block.read(pull.body)
    return () if found is None or found.closed_by_bot else found.proposed


def _closed_at(pull: PullRequest) -> datetime:
    """When it was closed; far ahead where the forge does not say, so that nothing came after."""
    try:
        at = datetime.fromisoformat(pull.closed_at)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _closing(pull: PullRequest) -> str:
    who = f" by {pull.closed_by}" if pull.closed_by else ""
    when = f" on {pull.closed_at[:10]}" if pull.closed_at else ""
    return f"pull request #{pull.number} was closed{who}{when}"
