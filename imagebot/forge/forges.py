"""Every forge by the name that settings give it. To add one: one file, one entry here; docs/forges.md is the recipe."""

from __future__ import annotations

from collections.abc import Callable

from imagebot.forge.protocol import Forge
from imagebot.settings import ForgeKind, RepositorySettings


def _gitea(settings: RepositorySettings) -> Forge:
    from imagebot.forge import gitea

    return gitea.connect(settings)


def _github(settings: RepositorySettings) -> Forge:
    # Imported when first used: PyGithub costs a third of a second that users of another forge should not pay.
    from imagebot.forge import github

    return github.connect(settings)


def _gitlab(settings: RepositorySettings) -> Forge:
    from imagebot.forge import gitlab

    return gitlab.connect(settings)


def _local(settings: RepositorySettings) -> Forge:
    from imagebot.forge import local

    return local.connect(settings)


FORGES: dict[ForgeKind, Callable[[RepositorySettings], Forge]] = {
    "gitea": _gitea,
    "github": _github,
    "gitlab": _gitlab,
    "local": _local,
}


def connect(settings: RepositorySettings) -> Forge:
    """The forge of one environment repository; asks nothing of it yet. Raises `BadInput` if the settings do not fit."""
    return FORGES[settings.forge](settings)
