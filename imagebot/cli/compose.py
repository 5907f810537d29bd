"""What a verb needs from settings: policies, and a world to work in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

from imagebot.cli.holds import no_policy
from imagebot.cycle.bulkhead import Bulkhead
from imagebot.cycle.committed_policies import committed_policies
from imagebot.cycle.index import FieldIndex
from imagebot.cycle.world import World
from imagebot.forge import forges
from imagebot.forge.manners import Manners
from imagebot.forge.protocol import Forge
from imagebot.forge.source_forge import SourceForge
from imagebot.gitnames import STATE
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.remote import Remote
from imagebot.gitrepo.state_branch import Leaf
from imagebot.observe.events import Event, ProxyUsed
from imagebot.observe.log import log_sink
from imagebot.plan.groups import sharing
from imagebot.policy.freezes import frozen
from imagebot.policy.read import PolicySet
from imagebot.policyfiles import load_policies
from imagebot.registry.client import Registries
from imagebot.registry.trusted_root import TrustedRoots
from imagebot.settings.resolve import (
    GitHubApp,
    RepositorySettings,
    Settings,
    SourceForgeSettings,
    SshKey,
    TokenCredentials,
)
from imagebot.settings.resolve import load as load_settings
from imagebot.store.open import as_it_lies, opener

__all__ = ["load", "load_settings", "mirror_of", "only", "read_policies", "tell_proxies", "travelling", "world_of"]


def load(config: Path | None) -> tuple[Settings, PolicySet]:
    """Settings and policies as they are now. Raises `BadInput` for wrong settings; policies carry their problems."""
    settings = load_settings(config)
    tell = log_sink(settings.log.format, settings.log.level)
    return settings, read_policies(settings, tell, world_of(settings) if settings.committed_policies else None)


def read_policies(settings: Settings, tell: Callable[[Event], None], world: World | None) -> PolicySet:
    """The policies that `settings` name, as they are now; a bug that is met in one file is told, and is in the set.

    Those in git are read by `world`.
    """
    bulkhead = Bulkhead(tell)
    committed = {} if world is None else committed_policies(world)
    policies = load_policies(settings, bulkhead.ask, committed)
    held = tuple(frozen(policy, settings.freezes) for policy in policies.policies)
    return replace(policies, policies=held, bugs=tuple(bulkhead.bugs))


def tell_proxies(settings: Settings, tell: Callable[[Event], None]) -> None:
    """By which proxies hosts are reached, where there are any: whoever reads the log is to see whence they come."""
    for towards, by in settings.proxies_told.items():
        tell(ProxyUsed(towards, by))


def only(policies: PolicySet, wanted: tuple[str, ...]) -> PolicySet:
    """The policies named `APP` or `APP@ENVIRONMENT`; all if none is named. Raises `BadInput` for an unknown name."""
    if not wanted:
        return policies
    names = {name for policy in policies.policies for name in (policy.app, str(policy))}
    for name in wanted:
        if name not in names:
            raise no_policy(policies, name, names)
    kept = tuple(policy for policy in policies.policies if {policy.app, str(policy)} & set(wanted))
    apps = {policy.app for policy in kept}
    beside = tuple(policy for policy in policies.policies if policy.app in apps and policy not in kept)
    return replace(policies, policies=kept, beside=beside, chosen=True)


def travelling(policies: PolicySet, wanted: tuple[str, ...]) -> PolicySet:
    """`only` these, and what shares a pull request with one of them: it is made of all its members."""
    chosen = [str(policy) for policy in only(policies, wanted).policies]
    return only(policies, tuple(sharing(policies.policies, chosen))) if wanted else policies


def _never() -> bool:
    return False


def world_of(
    settings: Settings, stopping: Callable[[], bool] = _never, *, locked: bool = False, part: bool = False
) -> World:
    """The registries, repositories and forges of `settings`, asked nothing yet; good for any number of passes.

    `locked`: this process holds the lock of the state, so that it may keep there what it finds in files. `part`: only
    some of the policies will be asked for.
    """
    known: dict[str, Forge] = {}
    manners = Manners()

    def forge(repository: RepositorySettings) -> Forge:
        # One for all passes: it keeps connections and an App's token.
        if repository.name not in known:
            known[repository.name] = forges.connect(repository, manners)
        return known[repository.name]

    asked: dict[str, SourceForge] = {}

    def source_forge(notes: SourceForgeSettings) -> SourceForge:
        if notes.name not in asked:
            asked[notes.name] = forges.source_forge(notes, manners)
        return asked[notes.name]

    def git_credentials(repository: RepositorySettings) -> TokenCredentials | SshKey | None:
        if isinstance(repository.credentials, GitHubApp):
            return forge(repository).git_credentials()
        return repository.credentials

    def mirror(repository: RepositorySettings) -> Mirror:
        return mirror_of(settings, repository, git_credentials(repository))

    def source(name: str, branch: str | None) -> Mirror:
        repository = settings.sources[name]
        remote = _remote(repository, git_credentials(repository), branch or repository.branch)
        folder = settings.state / "mirrors" / f"{repository.name}@{quote(remote.branch, safe='')}.git"
        return Mirror.open(folder, remote)

    def shelf(name: str) -> Leaf:
        repository = settings.repositories[name]
        remote = _remote(repository, git_credentials(repository), settings.branch_prefix + STATE)
        return Leaf(remote, "state.json", settings.author, settings.state / "mirrors")

    return World(
        settings=settings,
        registries=Registries(settings.registries, settings.credential_sources, way=settings.way),
        mirror=mirror,
        source=source,
        forge=forge,
        source_forge=source_forge,
        store=opener(settings, shelf),
        as_it_lies=partial(as_it_lies, settings),
        index=FieldIndex(settings.state / "mirrors", writes=locked, part=part),
        tell=log_sink(settings.log.format, settings.log.level),
        stopping=stopping,
        roots=TrustedRoots(tuf, settings.state / "tuf", settings.way) if (tuf := settings.trust.tuf) else None,
    )


def mirror_of(
    settings: Settings, repository: RepositorySettings, credentials: TokenCredentials | SshKey | None = None
) -> Mirror:
    """The mirror of an environment repository, in the state folder."""
    folder = settings.state / "mirrors" / f"{repository.name}.git"
    return Mirror.open(folder, _remote(repository, credentials, repository.branch))


def _remote(repository: RepositorySettings, credentials: TokenCredentials | SshKey | None, branch: str) -> Remote:
    """One branch of it, reached as settings say."""
    return Remote(repository.url, branch, credentials, repository.way)
