"""What differs between two images, as far as they tell it themselves: data for the body, no sentence yet."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from imagebot.images.about import About
from imagebot.review.image_source import base_of


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one kind, in their order; false where nothing differs. All are the publisher's text."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class Setting:
    """A single thing that is set otherwise: `name` is ours, `was` and `now` the publisher's, empty where unset."""

    name: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """`platform` is the one that sizes, layers and the configuration are of; None where the two have none in common.

    `size` is bytes to download before and after, then; `shared` counts those of `layers` that the old image has too.
    Of environment variables only names are known here: values may be secrets.
    """

    platforms: Names
    platform: str | None
    size: tuple[int, int] | None
    layers: int
    shared: int
    env: Names
    ports: Names
    volumes: Names
    settings: tuple[Setting, ...]

    @property
    def same_config(self) -> bool:
        """Whether both are run in the same way and built on the same base image."""
        return not (self.env or self.ports or self.volumes or self.settings)


def compare(old: About, new: About) -> Comparison:
    """What differs from `old` to `new`. Settings are user, entrypoint, command, working directory, …, base image."""
    before, after = old.run, new.run
    same = old.platform == new.platform
    had = {layer.digest for layer in old.layers}
    return Comparison(
        platforms=_names(old.platforms, new.platforms),
        platform=new.platform if same else None,
        size=(old.size, new.size) if same else None,
        layers=len(new.layers),
        shared=sum(layer.digest in had for layer in new.layers),
        env=_variables(before.env, after.env),
        ports=_names(before.ports, after.ports),
        volumes=_names(before.volumes, after.volumes),
        settings=tuple(
            Setting(name, was, now)
            for (name, was), now in zip(_settings(old).items(), _settings(new).values(), strict=True)
            if was != now
        ),
    )


def _names(old: Iterable[str], new: Iterable[str]) -> Names:
    return Names(tuple(sorted({*new} - {*old})), tuple(sorted({*old} - {*new})))


def _variables(old: Mapping[str, str], new: Mapping[str, str]) -> Names:
    changed = tuple(name for name in sorted(old.keys() & new.keys()) if old[name] != new[name])
    return replace(_names(old, new), changed=changed)


def _settings(about: About) -> dict[str, str]:
    """By the names that they are shown under; a list as a shell would write it."""
    run = about.run
    return {
        "user": run.user,
        "entrypoint": shlex.join(run.entrypoint),
        "command": shlex.join(run.command),
        "working directory": run.workdir,
        "stop signal": run.stop_signal,
        "health check": shlex.join(run.healthcheck),
        "base image": base_of(about),
    }
