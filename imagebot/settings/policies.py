"""Where imagebot.yaml says that policies are, and what it says about them: fences, and defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from imagebot.documents.model import Misplaced, Model
from imagebot.policy.check_file import UNCHECKED, InSettings
from imagebot.policy.defaults import DefaultsFile
from imagebot.policy.fence import Fence, FolderFence
from imagebot.settings.paths import FilePath


class FencedPolicies(Model):
    """A folder of policy files, or a single one, and what these may reach."""

    from_: FilePath = Field(alias="from")
    """The folder or the file."""
    may: Fence | None = None
    """What its policies may reach. What is beyond is an error in the policy file, and is never looked at."""


def _way_to_name(value: object) -> str:
    return "{path}" if isinstance(value, str | Path) else "{fence}"


AnyPolicies = Annotated[
    Annotated[FilePath, Tag("{path}")] | Annotated[FencedPolicies, Tag("{fence}")],
    Discriminator(_way_to_name),
]


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


def paths_of(policies: Sequence[Path | FencedPolicies]) -> tuple[Path, ...]:
    """The folders and files of policies, with a fence or without."""
    return tuple(one.from_ if isinstance(one, FencedPolicies) else one for one in policies)


def fences_of(policies: Sequence[Path | FencedPolicies]) -> Mapping[Path, Fence]:
    """The fences by folder or file, as they are spelled."""
    fenced = (one for one in policies if isinstance(one, FencedPolicies))
    return {one.from_: one.may for one in fenced if one.may is not None}


def check_once(policies: Sequence[Path | FencedPolicies]) -> None:
    """Raise `Misplaced` for a folder that is named twice, where fences make that a question."""
    paths = paths_of(policies)
    for index, path in enumerate(paths):
        if fences_of(policies) and path in paths[:index]:
            raise Misplaced(("policies", index), f"{path} is here twice, so nobody can say which fence holds")
