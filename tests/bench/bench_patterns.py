"""Twenty patterns that are known to be evil, against tags of 128 characters; Python's `re` beside them, on short tags.

`re` doubles its time with each character for most of these, so it gets tags that it can finish.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from imagebot.policy.pattern import Pattern
from tests.support.evil import EVIL_PATTERNS, EVIL_TAGS

SHORT = 10
TARGET = 50.0


def main() -> None:
    """Print how long each pattern takes for all tags."""
    print(f"patterns: five tags of 128 characters (to hold: {TARGET:.0f} ms); `re` with five of {SHORT}")
    worst = 0.0
    for text in EVIL_PATTERNS:
        ours = timed(lambda text=text: [Pattern.parse(text).search(tag) for tag in EVIL_TAGS])  # type: ignore[misc]
        theirs = timed(lambda text=text: [re.search(text, tag[:SHORT]) for tag in EVIL_TAGS])  # type: ignore[misc]
        worst = max(worst, ours)
        print(f"  {text:<32} {ours:7.2f} ms, re {theirs:9.2f} ms")
    print(f"  the slowest takes {worst:.2f} ms")


def timed(task: Callable[[], object]) -> float:
    """Milliseconds of processor time."""
    start = time.process_time()
    task()
    return (time.process_time() - start) * 1000


if __name__ == "__main__":
    main()
