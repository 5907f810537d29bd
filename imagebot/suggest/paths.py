"""The path patterns of a unit: whole folders where nothing in them is somebody else's, single files elsewhere."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from imagebot.images.reference import ImageName
from imagebot.suggest.apps import Unit

_MOST_LEFT_OUT = 3
_SPECIAL = re.compile(r"[\\*?\[]", re.ASCII)


def patterns(unit: Unit, held_by: Mapping[ImageName, set[str]]) -> list[str]:
    """Gitignore patterns that reach every field of the unit, and no other field of its images.

    The last that matches wins, so what is left out of a folder comes after it.
    """
    files = {file for file, _ in unit.held}
    held: dict[str, set[str]] = defaultdict(set)
    for file in files:
        held[unit.homes[file].folder].add(file)
    found: set[str] = set()
    without: set[str] = set()
    for folder, own in held.items():
        strange = _strange(unit, folder, held_by)
        if not folder or strange & files or len(strange) > min(_MOST_LEFT_OUT, len(own) - 1):
            found |= {_pattern(file) for file in own}
        else:
            found.add(_pattern(folder))
            without |= {f"!{_pattern(file)}" for file in strange}
    return [*sorted(found), *sorted(without)]


def _strange(unit: Unit, folder: str, held_by: Mapping[ImageName, set[str]]) -> set[str]:
    """The files in a folder that hold an image of the unit and are not its own."""
    held = unit.held
    return {
        file
        for name in unit.images
        for file in held_by.get(name, ())
        if file.startswith(folder) and (file, name) not in held
    }


def _pattern(path: str) -> str:
    """A path as a pattern that means it alone: without a slash inside it would match at any depth."""
    escaped = _SPECIAL.sub(r"\\\g<0>", path)
    if "/" not in path.rstrip("/") or path.startswith(("#", "!")):
        escaped = f"/{escaped}"
    return escaped
