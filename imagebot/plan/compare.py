"""What differs between two images, as far as they tell it themselves: data for the body, no sentence yet."""

from __future__ import annotations

from dataclasses import dataclass

from imagebot.images.about import About


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
    return Comparison(Names(), new.platform, (old.size, new.size), len(new.layers), 0, Names(), Names(), Names(), ())
