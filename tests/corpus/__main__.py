"""`make corpus`: files, fields by shape, refusals by reason, and what looks like an image and is no field."""

from __future__ import annotations

import re
import sys
from collections import Counter

from imagebot.errors import Problem
from tests.corpus.there_and_back import Report, report
from tests.support.shared import SHARED

_OWN = re.compile(r"[a-z0-9._-]+(?:[/:][a-z0-9._-]+)+ |&\S+|\b[0-9][0-9, ]*\b", re.ASCII)


def main() -> None:
    if not (SHARED / "corpus").is_dir():
        sys.exit("there is no corpus: IMAGEBOT_SHARED names no folder that has one")
    result = report()
    _counts(result)
    if "--verbose" in sys.argv:
        _places(result)
    sys.exit(1 if result.broken else 0)


def _counts(result: Report) -> None:
    tried = result.shapes.total()
    fixed = sum(kind.startswith("a field") for kind, _ in result.refused)
    print(f"{result.files} files, {tried} fields: {tried - fixed - len(result.broken)} to another version and back")
    for shape, count in result.shapes.most_common():
        print(f"{count:7} {shape}")
    for broken in result.broken:
        print(f"  BROKEN {broken}")
    print(f"{len(result.unreadable)} files are not read")
    _by_reason(result.unreadable)
    print(f"{len(result.refused)} places are refused")
    _by_reason([problem for _, problem in result.refused])
    print(f"{len(result.unclaimed)} values look like an image and are part of no field")


def _by_reason(problems: list[Problem]) -> None:
    for reason, count in Counter(_OWN.sub("… ", problem.message) for problem in problems).most_common():
        print(f"{count:7} {reason}")


def _places(result: Report) -> None:
    for _, problem in result.refused:
        print(problem.headline)
    for path, scalar in result.unclaimed:
        print(f"{path}:{scalar.line} {scalar.value}")


if __name__ == "__main__":
    main()
