"""One environment repository as git shows it in this pass: its commits, its files, its fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import urlsplit

from imagebot.cycle.branch_ownership import Branches
from imagebot.cycle.index import Watched
from imagebot.cycle.lazy_property import once
from imagebot.cycle.pass_store import PassStore
from imagebot.cycle.pull_requests import PullRequests, party_of
from imagebot.cycle.registry_cache import RegistryCache
from imagebot.cycle.source_changes import SourceNotes
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError
from imagebot.forge.protocol import Signs
from imagebot.gitrepo.mirror import Heads, Mirror
from imagebot.gitrepo.objects import FileEntry
from imagebot.history.commits import Commit
from imagebot.knownforges import FACTS
from imagebot.observe.events import MirrorRemade, MirrorReused, RepositoryFetched
from imagebot.plan.claims import FileFields
from imagebot.policy.model import Policy
from imagebot.pulls.commands import Command
from imagebot.pulls.freeze import Frozen
from imagebot.settings.resolve import RepositorySettings

_READ_TOGETHER = 200  # files whose past one git reads at once
_MOST_COMMITS = 5000  # of all of them


@dataclass
class Checkout:
    """Fetched once a pass; everything after reads the same commits, whatever is pushed meanwhile.

    `files` are the fields of those that hold watched images, by path.
    """

    world: World
    registries: RegistryCache
    settings: RepositorySettings
    mirror: Mirror
    heads: Heads
    files: Mapping[str, FileFields]
    memory: PassStore
    pull_requests: PullRequests
    _contents: dict[str, bytes] = field(default_factory=dict)
    _lines: dict[frozenset[str], Sequence[Commit]] = field(default_factory=dict)
    _last: dict[tuple[str, str, int], Sequence[Commit]] = field(default_factory=dict)

    @property
    def party(self) -> str:
        """Whose threads ask about this repository: its forge's, or its own where that is a folder of this machine."""
        return party_of(self.settings)

    @property
    def watched(self) -> Watched:
        """What is looked for in the files of this repository."""
        return self.world.index.watched(self.settings.name)

    def past_of(self, paths: frozenset[str]) -> Sequence[Commit]:
        """The commits of the base branch that changed one of these files, newest first, with what else they changed.

        Others that hold watched images are asked about in the same go: their turn may come.
        """
        for known, line in self._lines.items():
            if paths <= known:
                return line
        rest = (path for path in sorted(self.files) if path not in paths)
        group = paths | frozenset(islice(rest, max(_READ_TOGETHER - len(paths), 0)))
        self._lines[group] = self.mirror.line(self.heads.base, group, _MOST_COMMITS)
        return self._lines[group]

    def last_of(self, tip: str, path: str, most: int) -> Sequence[Commit]:
        """The last commits below a tip that changed a file, or with an empty path any; many fields ask the same."""
        key = (tip, path, most)
        if key not in self._last:
            self._last[key] = self.mirror.line(tip, [path] if path else (), most)
        return self._last[key]

    def read_ahead(self, paths: Collection[str]) -> None:
        """Read these files at the base all at once: one after the other would cost a process each."""
        missing = sorted(set(paths) - self._contents.keys())
        entries = self.entries(missing)
        found = self.mirror.blobs([entries[path].blob for path in missing]) if missing else ()
        self._contents |= {path: data for path, data in zip(missing, found, strict=True) if data is not None}

    def entries(self, paths: Sequence[str]) -> Mapping[str, FileEntry]:
        """Those of these paths that are files at the base."""
        return self.mirror.entries(self.heads.base, paths)

    def contents(self, paths: Collection[str]) -> Mapping[str, bytes]:
        """These files at the base, which has them."""
        self.read_ahead(paths)
        return {path: self._contents[path] for path in sorted(paths) if path in self._contents}

    def kept(self, branch: str) -> Frozen | None:
        """Why the bot must leave its branch alone, or None."""
        if branch in self.heads.unreadable:
            return Frozen(self.heads.unreadable[branch])
        rebuilt = Command.REBUILD in self.pull_requests.commands.get(branch, frozenset())
        return self.pull_requests.held(branch) or (None if rebuilt else self.frozen(branch))

    @once
    def notes(self) -> SourceNotes:
        """What changed in the sources of images."""
        return SourceNotes(self.world, self.memory)

    @once
    def branches(self) -> Branches:
        return Branches(self.settings.name, self.mirror, self.heads, self.world.index, lambda: self._addresses)

    def frozen(self, branch: str) -> Frozen | None:
        """The commit on the bot's branch that somebody else made, if there is one."""
        return self.branches.standing(branch).frozen

    def lies_on_the_past(self, branch: str) -> bool:
        """Whether a branch has commits that the base had once and has no more: merging it would bring them back."""
        return self.branches.standing(branch).rewritten

    @once
    def _addresses(self) -> frozenset[str]:
        """Those of the bot's own commits. What GitHub makes itself it commits itself, Enterprise by its host's name."""
        own = {self.world.settings.author.email}
        if self.settings.verified_commits and isinstance(self.pull_requests.forge, Signs):
            host = urlsplit(self.settings.api_url).hostname or ""
            own |= {self.pull_requests.forge.identity()[1], FACTS[self.settings.forge].committer, f"noreply@{host}"}
        return frozenset(own)


def check_out(
    world: World,
    registries: RegistryCache,
    memory: PassStore,
    settings: RepositorySettings,
    policies: tuple[Policy, ...],
) -> Checkout:
    """Fetch one environment repository and find the watched fields at its base. Raises `ImagebotError`."""
    mirror = world.mirror(settings)
    heads = _heads(world, settings.name, mirror)
    if mirror.remade:
        world.tell(MirrorRemade(settings.name, mirror.remade))
    looked = world.index.look(settings.name, policies, mirror, heads.base, world.ask)
    passed_over = looked.unreadable + sum(1 for file in looked.files.values() if file.found.unreadable is not None)
    world.tell(RepositoryFetched(settings.name, heads.base, looked.listed, passed_over))
    pull_requests = PullRequests(world, settings, mirror, heads, memory)
    return Checkout(world, registries, settings, mirror, heads, looked.files, memory, pull_requests)


def _heads(world: World, name: str, mirror: Mirror) -> Heads:
    """Where the branches are; where nothing can be written, and nothing is carried out, as of the last fetch."""
    try:
        return mirror.fetch(world.settings.branch_prefix)
    except ImagebotError as error:
        known = mirror.last_heads(world.settings.branch_prefix) if world.reads_only else None
        if known is None:
            raise
        world.tell(MirrorReused(name, str(error)))
        return known
