"""What a path of imagebot.yaml is where the file lies. Without `Surroundings` it stays as its author sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core.core_schema import ValidationInfo

from imagebot.documents.model import STRING, reads
from imagebot.gitnames import GitUrl
from imagebot.settings import grammar


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Around the file: the folder where relative paths begin, and the environment, None where nobody looks into it."""

    folder: Path
    environ: Mapping[str, str] | None = None


def placed(path: Path, folder: Path) -> Path:
    """The path itself, of one that is written in a file of this folder.

    Raises `ValueError` for the home folder of somebody who has none.
    """
    try:
        return folder / path.expanduser()
    except RuntimeError:
        raise ValueError(f"nobody here knows the home folder in {path}; write the whole path") from None


def resolved(path: Path, info: ValidationInfo) -> Path:
    """The path itself, where it is known in which folder the file is. Raises what `placed` raises."""
    return placed(path, info.context.folder) if isinstance(info.context, Surroundings) else path


def _git_url(text: str, info: ValidationInfo) -> str:
    url = GitUrl.parse(text)
    there = url.scheme == "local" and isinstance(info.context, Surroundings)
    return str(resolved(Path(url.text), info)) if there else url.text


FilePath = Annotated[Path, reads(Path, grammar.path), AfterValidator(resolved), STRING]
RepositoryUrl = Annotated[str, AfterValidator(_git_url), STRING]
