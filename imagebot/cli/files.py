"""The files that a person means by paths on the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path

from imagebot.fields.files import kind_of


def files_in(paths: Sequence[Path]) -> Iterator[Path]:
    """The files to look into, each once, in order; one that is named is taken whatever its ending.

    In folders hidden folders are skipped and symbolic links are not followed.
    """
    seen = set()
    for path in paths:
        is_folder = path.is_dir()
        for file in below(path) if is_folder else (path,):
            if (file in seen) or (is_folder and not kind_of(file.name)):
                continue
            seen.add(file)
            yield file


def below(folder: Path) -> Iterator[Path]:
    """Every regular file below a folder, in order, but for those in hidden folders."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=attrgetter("name"))
    except OSError:
        return
    yield from (Path(entry.path) for entry in entries if entry.is_file(follow_symlinks=False))
    for entry in entries:
        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield from below(Path(entry.path))
