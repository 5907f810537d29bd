"""Fences between teams: what the policies of one folder may reach, as imagebot.yaml says it under `may`.

Whoever writes in that folder writes anything into its files, files of defaults included, so it is what a policy says in
the end that is held against the fence. What is beyond it makes the file a problem: no policy comes of it, so nothing is
asked, fetched or read for it. A path that a pattern reaches in spite of the fence is left out by `Policy.covers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from imagebot.documents.model import Model
from imagebot.images.reference import ImageName
from imagebot.policy.paths import check_path_pattern, check_path_patterns, covers


def _name_pattern(text: str) -> str:
    check_path_pattern(text)
    if "/" in text.strip("/") or text.endswith("/"):
        raise ValueError("write a name, or a pattern of names such as team-a-*, without '/'")
    return _anchored(text)


def _repository_pattern(text: str) -> str:
    return _anchored(check_path_pattern(text))


def _image_pattern(text: str) -> str:
    """A pattern of image names: the registry's host as `ImageName` spells it, and nothing before it."""
    check_path_pattern(text)
    no, rest = text[: text.startswith("!")], text.removeprefix("!").removeprefix("/")
    rest = "**" if rest == "*" else rest
    host, slash, path = rest.partition("/")
    if rest != "**" and not ("*" in host or "." in host or ":" in host or host == "localhost"):
        raise ValueError(f"begin with the registry's host: docker.io/{rest}, ghcr.io/{rest}")
    if "*" not in host and "?" not in host and "[" not in host:
        host = ImageName.parse(f"{host}/x").registry
    return f"{no}/{host}{slash}{path}"


def _anchored(text: str) -> str:
    """A pattern that stands for whole names: gitignore's without a slash would do for any part of one."""
    bare = text.removeprefix("!")
    return text if bare.startswith("/") else f"{'!' if bare != text else ''}/{bare}"


_Patterns = AfterValidator(check_path_patterns)
NamePatterns = Annotated[tuple[Annotated[str, AfterValidator(_name_pattern)], ...], _Patterns]
ImagePatterns = Annotated[tuple[Annotated[str, AfterValidator(_image_pattern)], ...], _Patterns]


class Fence(Model):
    """What policies may reach, as gitignore patterns of which the last that matches wins. A key left out: no fence."""

    apps: NamePatterns | None = None
    """The names that their apps may have, such as `team-a-*`: nobody else's app is taken then."""
    repositories: Annotated[tuple[Annotated[str, AfterValidator(_repository_pattern)], ...], _Patterns] | None = None
    """The environment repositories, and the `sources`, that they may name."""
    paths: Annotated[tuple[Annotated[str, AfterValidator(check_path_pattern)], ...], _Patterns] | None = None
    """The files that they may read and change. Each environment needs `paths` then, and each of those is within."""
    registries: ImagePatterns | None = None
    """The images that they may watch, from the registry's host on: `ghcr.io/acme/`, `docker.io/library/redis`."""
    environments: NamePatterns | None = None
    """The names that their environments may have, such as `staging` and `dev-*`."""

    @model_validator(mode="after")
    def _holds_something(self) -> Self:
        for name in type(self).model_fields:
            if getattr(self, name) == ():
                raise ValueError(f"{name}: [] would let nothing through: leave the folder out of `policies` instead")
        if not self.model_fields_set:
            raise ValueError(f"write at least one of {', '.join(self.known_keys())}")
        return self

    def holds_path(self, path: str) -> bool:
        """Whether a file of an environment repository is within."""
        return self.paths is None or covers(self.paths, path)


@dataclass(frozen=True, slots=True)
class FolderFence:
    """What holds for the policies of one folder, or of one file, as imagebot.yaml spells its path."""

    folder: str
    may: Fence
