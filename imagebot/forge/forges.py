"""Every forge by the name that settings give it. To add one: one file, one entry here; docs/forges.md is the recipe."""

from __future__ import annotations

from collections.abc import Callable

from imagebot.forge.discreet import discreet
from imagebot.forge.manners import Manners
from imagebot.forge.protocol import Forge
from imagebot.forge.source_forge import SOURCE_APIS, SourceForge, connect_by_rest
from imagebot.settings.resolve import ForgeKind, RepositorySettings, SourceForgeSettings


def _azure(settings: RepositorySettings, manners: Manners) -> Forge:
    from imagebot.forge import azure

    return azure.connect(settings, manners)


def _bitbucket(settings: RepositorySettings, manners: Manners) -> Forge:
    from imagebot.forge import bitbucket

    return bitbucket.connect(settings, manners)


def _gitea(settings: RepositorySettings, manners: Manners) -> Forge:
    from imagebot.forge import gitea

    return gitea.connect(settings, manners)


def _github(settings: RepositorySettings, manners: Manners) -> Forge:
    # Imported when first used: PyGithub costs a third of a second that users of another forge should not pay.
    from imagebot.forge import github

    return github.connect(settings, manners)


def _gitlab(settings: RepositorySettings, manners: Manners) -> Forge:
    from imagebot.forge import gitlab

    return gitlab.connect(settings, manners)


def _local(settings: RepositorySettings, _: Manners) -> Forge:
    from imagebot.forge import local

    return local.connect(settings)


FORGES: dict[ForgeKind, Callable[[RepositorySettings, Manners], Forge]] = {
    "azure": _azure,
    "bitbucket": _bitbucket,
    "gitea": _gitea,
    "github": _github,
    "gitlab": _gitlab,
    "local": _local,
}


def source_forge(settings: SourceForgeSettings, manners: Manners) -> SourceForge:
    """A forge that is asked what changed in a source. Asks nothing of it yet."""
    if settings.forge != "github":
        return connect_by_rest(settings, manners)
    from imagebot.forge import github_wire

    wire, _ = github_wire.connect(settings, settings.forge_credentials, manners)
    return SourceForge(wire, SOURCE_APIS["github"])


def connect(settings: RepositorySettings, manners: Manners) -> Forge:
    """The forge of one environment repository, told no secret. Asks nothing of it yet.

    Raises `BadInput` if the settings do not fit.
    """
    return discreet(FORGES[settings.forge](settings, manners))
