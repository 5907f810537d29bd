"""`make lock`, after uv: pip wants a library pinned by itself, too, where others want it with an extra.

Its resolver looks at `pydantic[email]` before it has seen `pydantic==2`, takes the newest, and then lacks its hash.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)\[[^]]+\]==.*\n(?: +--hash=.*\n)+", re.MULTILINE)


def main() -> None:
    """Add to each lock what it lacks."""
    for file in map(Path, sys.argv[1:]):
        file.write_text(PIN.sub(_with_bare, file.read_text()))


def _with_bare(found: re.Match[str]) -> str:
    return found[0].replace(found[0].partition("==")[0], found["name"], 1) + found[0]


if __name__ == "__main__":
    main()
