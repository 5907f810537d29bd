"""A folder that every user of the machine can reach: pytest's own are for whoever runs the tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """Gone at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="imagebot-tests-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
