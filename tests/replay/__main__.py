"""`make replay`: all bumps, and each miss with its reason."""

from __future__ import annotations

import sys
from collections import defaultdict

from tests.replay.replay import replay
from tests.support.shared import SHARED, Bump, bumps


def main() -> None:
    if not SHARED.is_dir():
        sys.exit("there is nothing to replay: IMAGEBOT_SHARED names no folder")
    results = [replay(bump) for bump in bumps()]
    missed: dict[str, list[Bump]] = defaultdict(list)
    for result in results:
        for reason in sorted(set(result.misses)):
            missed[reason].append(result.bump)
    print(f"{sum(not result.misses for result in results)} of {len(results)} exact")
    for reason, of in sorted(missed.items(), key=lambda item: -len(item[1])):
        print(f"{len(of):5} {reason}")
        for image in sorted({bump.image for bump in of}):
            print(f"        {image}")


if __name__ == "__main__":
    main()
