"""`make replay`: all bumps, and each miss with its reason."""

from __future__ import annotations

import sys
from collections import defaultdict

from tests.replay.bystanders import beside
from tests.replay.replay import replay
from tests.support.shared import SHARED, Bump, bumps, corpus


def main() -> None:
    if not SHARED.is_dir():
        sys.exit("there is nothing to replay: IMAGEBOT_SHARED names no folder")
    exact = [not replay(bump).misses for bump in bumps()]
    print(f"{sum(exact)} of {len(exact)} exact")
    results = [replay(bump, embedded=True) for bump in bumps()]
    missed: dict[str, list[Bump]] = defaultdict(list)
    for result in results:
        for reason in sorted(set(result.misses)):
            missed[reason].append(result.bump)
    print(f"{sum(not result.misses for result in results)} of {len(results)} exact with --embedded")
    for reason, of in sorted(missed.items(), key=lambda item: -len(item[1])):
        print(f"{len(of):5} {reason}")
        for image in sorted({bump.image for bump in of}):
            print(f"        {image}")
    report_bystanders()


def report_bystanders() -> None:
    """Each bump once more over the whole corpus."""
    results = [beside(bump) for bump in bumps()]
    looked, named = sum(result.looked for result in results), sum(result.named for result in results)
    moved = [path for result in results for path in result.moved]
    print(f"{len(corpus())} files beside each: {looked - named} times a bystander was parsed, {len(moved)} changed")
    print(f"  ({named} times one holds the very image, and may change)")
    for path in sorted(set(moved)):
        print(f"        {path}")


if __name__ == "__main__":
    main()
