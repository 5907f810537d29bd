"""What signatures are held against, as it is now: keys from files, Sigstore's root from a file or by TUF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from imagebot.cycle.world import World
from imagebot.errors import ImagebotError
from imagebot.policy.verify import NO_ROOT, Requirement
from imagebot.publickey import MOST_BYTES, PublicKey
from imagebot.regular import read_regular
from imagebot.trust.anchors import Anchors

_MOST_ROOT_BYTES = 1024 * 1024  # Sigstore's own has 7 KiB


def anchors_of(world: World, requirements: Sequence[Requirement]) -> Anchors:
    """What these are held against."""
    names = {name for one in requirements for _, name in one.named_keys()}
    keys = {name: key_in(name, path) for name, path in world.settings.trust.keys.items() if name in names}
    keyless = any(one.keyless is not None for one in requirements)
    return Anchors(keys, _root(world) if keyless else NO_ROOT)


def root_in(path: Path) -> bytes | str:
    """The trusted root in a file, or why it cannot be read, in words."""
    return _read(path, "the trusted root")


def key_in(name: str, path: Path) -> PublicKey | str:
    """The key in a file, or why there is none, in words."""
    found = _read(path, f"the key {name}", MOST_BYTES)
    if isinstance(found, str):
        return found
    try:
        return PublicKey.parse(found.decode(errors="replace"))
    except ValueError as error:
        return f"the key {name} in {path} cannot be used: {error}"


def _root(world: World) -> bytes | str:
    file = world.settings.trust.root_file
    if file is not None:
        return root_in(file)
    if world.roots is None:
        return NO_ROOT
    try:
        return world.roots.root().document
    except ImagebotError as error:
        return str(error)


def _read(path: Path, what: str, most: int = _MOST_ROOT_BYTES) -> bytes | str:
    try:
        found = read_regular(path, most)
    except OSError as error:
        return f"cannot read {what} {path}: {error.strerror}"
    return found if len(found) <= most else f"{what} {path} is larger than anything of its kind"
