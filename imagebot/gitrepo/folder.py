"""Folders that only their owner may look into, whatever the umask: mirrors hold private repositories."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_OWNERS_ALONE = 0o700


def make_private(folder: Path) -> None:
    """Make the folder, and those above it that are missing; one that is there and is ours is mended. Raises `OSError`.

    A folder of somebody else's, a volume's top for one, keeps the mode that it was given.
    """
    if not folder.is_dir():
        if not folder.parent.exists():
            make_private(folder.parent)
        folder.mkdir(_OWNERS_ALONE, exist_ok=True)
    if folder.stat().st_mode & 0o777 != _OWNERS_ALONE:
        with suppress(PermissionError):
            folder.chmod(_OWNERS_ALONE)
