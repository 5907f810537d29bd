"""Why a text is no semantic version, part by part: for whoever wonders why a tag is left out.

https://semver.org/#semantic-versioning-specification-semver, items 2, 9 and 10.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_BEGINS = re.compile(r"v?[0-9]+(?:\.|$)", re.ASCII)
_NUMBER = re.compile(r"[0-9]+", re.ASCII)
_IDENTIFIER = re.compile(r"[0-9A-Za-z-]+", re.ASCII)
_PARTS = 3


def why_no_semver(text: str) -> str | None:
    """What is wrong first; `None` of a text that nobody would take for a version, such as `latest`, or where too few
    parts are all that is wrong.
    """
    if not _BEGINS.match(text):
        return None
    core, build_mark, build = text.removeprefix("v").partition("+")
    core, early_mark, early = core.partition("-")
    return next(_of_core(core), None) or next(_of_suffixes((early_mark, early), (build_mark, build)), None)


def _of_core(core: str) -> Iterator[str]:
    parts = core.split(".")
    for part in parts:
        if not part:
            yield "between two dots, or behind the last, there is no part"
        elif not _NUMBER.fullmatch(part):
            yield _odd_part(part)
        elif part.startswith("0") and part != "0":
            yield f"the part {part} begins with a zero"
    if len(parts) > _PARTS:
        yield f"it has {len(parts)} parts"


def _odd_part(part: str) -> str:
    number = _NUMBER.match(part)
    rest = part[number.end() :] if number else ""
    if rest.startswith("_"):
        return f"the part {part} is no number (only in the tags of charts a _ stands for a +)"
    if rest:
        return f"the part {part} is no number; what comes before a release stands behind a -, as in {number[0]}-{rest}"  # type: ignore[index]
    return f"the part {part} is no number"


def _of_suffixes(*suffixes: tuple[str, str]) -> Iterator[str]:
    for mark, text in suffixes:
        for identifier in text.split(".") if mark else ():
            if not identifier:
                yield f"behind the {mark}, between two dots or at the end, there is nothing"
            elif not _IDENTIFIER.fullmatch(identifier):
                yield f"the part {identifier} behind the {mark} has other characters than letters, digits and -"
            elif mark == "-" and identifier.startswith("0") and identifier != "0" and _NUMBER.fullmatch(identifier):
                yield f"the part {identifier} behind the - begins with a zero"
