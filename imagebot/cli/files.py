"""The files that a person means by paths on the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from imagebot.fields.files import kind_of


def files_in(paths: Sequence[Path]) -> Iterator[Path]:
    """The files to look into, each once, in order; one that is named is taken whatever its ending.

    In folders hidden folders are skipped and symbolic links are not followed.
    """
    seen = set()
    for path in paths:
        for file in below(path) if path.is_dir() else (path,):
            if (file in seen) or (path.is_dir() and not kind_of(file.name)):
                continue
            seen.add(file)
            yield file


def below(folder: Path) -> Iterator[Path]:
    """Every regular file below a folder, in order, but for those in hidden folders."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            file = Path(parent) / name
            if file.is_file() and not file.is_symlink():
                yield file
