"""Where imagebot.yaml says that policies are, on disk or in git, and what it says about them: fences, and defaults."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, Tag

from imagebot import gitnames
from imagebot.documents.model import Misplaced, Model
from imagebot.policy.check_file import UNCHECKED, InSettings
from imagebot.policy.defaults import DefaultsFile
from imagebot.policy.fence import Fence, FolderFence
from imagebot.settings import grammar
from imagebot.settings.paths import FilePath


class FencedPolicies(Model):
    """A folder of policy files, or a single one, and what these may reach."""

    from_: FilePath = Field(alias="from")
    """The folder or the file."""
    may: Fence | None = None
    """What its policies may reach. What is beyond is an error in the policy file, and is never looked at."""


class CommittedPolicies(Model):
    """Policy files in a repository, as they are at the tip of its branch, and what these may reach."""

    repository: Annotated[str, AfterValidator(grammar.one_line)]
    """The name of the repository, under `repositories` or `sources`."""
    path: Annotated[str, AfterValidator(gitnames.repository_path)] | None = None
    """The folder or the file, from the root of the repository. Default: all of it."""
    may: Fence | None = None
    """What its policies may reach. What is beyond is an error in the policy file, and is never looked at."""

    @property
    def place(self) -> str:
        """What its files are called after: `environments:/policies`."""
        return f"{self.repository}:/{self.path or ''}"

    def has(self, path: str) -> bool:
        """Whether a file of the repository is among them."""
        return self.path is None or path == self.path or path.startswith(f"{self.path}/")


def _way_to_name(value: object) -> str:
    if isinstance(value, str | Path):
        return "{path}"
    return "{git}" if isinstance(value, CommittedPolicies) or "repository" in _keys(value) else "{fence}"


def _keys(value: object) -> Sequence[object]:
    return list(value) if isinstance(value, Mapping) else ()


AnyPolicies = Annotated[
    Annotated[FilePath, Tag("{path}")]
    | Annotated[FencedPolicies, Tag("{fence}")]
    | Annotated[CommittedPolicies, Tag("{git}")],
    Discriminator(_way_to_name),
]
Named = Path | FencedPolicies | CommittedPolicies


@dataclass(frozen=True, slots=True)
class PolicyRules:
    """What imagebot.yaml says about policy files: the folders that it names, their fences, the defaults in it, and what
    else it has that they are held against.
    """

    folders: tuple[Path, ...] = ()
    fences: Mapping[Path, FolderFence] = field(default_factory=dict)
    defaults: DefaultsFile | None = None
    settings: InSettings = UNCHECKED


NO_RULES = PolicyRules()


def paths_of(policies: Sequence[Named]) -> tuple[Path, ...]:
    """The folders and files of policies on disk, with a fence or without."""
    there = (one.from_ if isinstance(one, FencedPolicies) else one for one in policies)
    return tuple(one for one in there if isinstance(one, Path))


def committed_of(policies: Sequence[Named]) -> tuple[CommittedPolicies, ...]:
    """Those in git."""
    return tuple(one for one in policies if isinstance(one, CommittedPolicies))


def fences_of(policies: Sequence[Named]) -> Mapping[Path, Fence]:
    """The fences by folder or file, as they are spelled; those in git by what their files are called after."""
    fenced = ((_place(one), one.may) for one in policies if not isinstance(one, Path))
    return {place: may for place, may in fenced if may is not None}


def _place(one: Named) -> Path:
    match one:
        case FencedPolicies():
            return one.from_
        case CommittedPolicies():
            return Path(one.place)
    return one


def check_known(policies: Sequence[Named], known: Collection[str]) -> None:
    """Raise `Misplaced` for policies in a repository that the settings do not name."""
    for index, one in enumerate(policies):
        if isinstance(one, CommittedPolicies) and one.repository not in known:
            there = ", ".join(sorted(known))
            raise Misplaced(
                ("policies", index, "repository"),
                f"{one.repository!r} is not among `repositories` and `sources`, which have {there}",
            )


def check_once(policies: Sequence[Named]) -> None:
    """Raise `Misplaced` for a folder that is named twice, where fences make that a question."""
    paths = [_place(one) for one in policies]
    for index, path in enumerate(paths):
        if fences_of(policies) and path in paths[:index]:
            raise Misplaced(("policies", index), f"{path} is here twice, so nobody can say which fence holds")
