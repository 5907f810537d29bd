"""The path patterns of a unit: whole folders where nothing in them is somebody else's, single files elsewhere."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection

from imagebot.suggest.apps import Holders, Unit
from imagebot.suggest.sort import Held

_MOST_LEFT_OUT = 3
_SPECIAL = re.compile(r"[\\*?\[]", re.ASCII)


def patterns(unit: Unit, held_by: Holders) -> list[str]:
    """Gitignore patterns that reach every field of the unit, and no other field of its images.

    The last that matches wins, so what is left out of a folder comes after it.
    """
    held = unit.held
    files = {file for file, _ in held}
    by_folder: dict[str, set[str]] = defaultdict(set)
    for file in files:
        by_folder[unit.homes[file].folder].add(file)
    found: set[str] = set()
    without: set[str] = set()
    for folder, own in by_folder.items():
        strange = _strange(unit, held, folder, held_by) if folder else set()
        if not folder or strange & files or len(strange) > min(_MOST_LEFT_OUT, len(own) - 1):
            found |= {_pattern(file) for file in own}
        else:
            found.add(_pattern(folder))
            without |= {f"!{_pattern(file)}" for file in strange}
    return [*sorted(found), *sorted(without)]


def _strange(unit: Unit, held: Collection[Held], folder: str, held_by: Holders) -> set[str]:
    """The files in a folder that hold an image of the unit and are not its own."""
    return {file for name in unit.images for file in held_by.below(name, folder) if (file, name) not in held}


def _pattern(path: str) -> str:
    """A path as a pattern that means it alone: without a slash inside it would match at any depth."""
    escaped = _SPECIAL.sub(r"\\\g<0>", path)
    if "/" not in path.rstrip("/") or path.startswith(("#", "!")):
        escaped = f"/{escaped}"
    return escaped
