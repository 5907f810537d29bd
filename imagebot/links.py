"""How far links are followed: within the folder that somebody named, as a ConfigMap's are, and no further.

Whoever may put files into a folder could otherwise let the bot read any other, and show what it does not understand. A
secret that settings name may be a link to anywhere: no line of it is ever shown.
"""

from __future__ import annotations

import os
from pathlib import Path


def outside(path: Path, *folders: Path) -> Path | None:
    """Where `path` leads in the end, if that is in none of these folders."""
    real = real_path(path)
    return None if any(real.is_relative_to(real_path(folder)) for folder in folders) else real


def real_path(path: Path) -> Path:
    """Where `path` leads. A link to itself leads nowhere, which `Path.resolve` takes for an accident."""
    return Path(os.path.realpath(path))


def is_folder(path: Path) -> bool:
    """Whether there is a folder, or a link to one. What may not be seen is none."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for what may not be seen
