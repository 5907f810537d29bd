"""A change: edits that travel together as one branch, one commit, one pull request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from imagebot.images.reference import ImageName
from imagebot.policy.model import PullRequestKeys
from imagebot.selection.verdict import Refusal, Version
from imagebot.yamledit.prove import Proved

REPUSH = "repush"
"""The kind, and the label, of an update that keeps its tag and brings what somebody pushed under it."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field's value before and after, for the body, the trailers and the report."""

    file: str
    line: int
    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ImageUpdate:
    """One image of an app moved to one version.

    `rule` is the order of the policy as its file has it, `policy_file` that file's name; `skipped` are the nearest
    better tags that were not taken. `promoted` says which environment the version comes from, if it comes from one.
    `source` is the URL of the source where the policy says it.
    """

    app: str
    image: ImageName
    old: tuple[Version, ...]
    new: Version
    kind: str
    because: str
    fields: tuple[FieldChange, ...]
    rule: str
    policy_file: str
    skipped: tuple[Refusal, ...] = ()
    promoted: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What one pull request does. `before` and `files` hold the whole old and new content of each changed file.

    `name` is the app's or the group's. `fingerprint` changes exactly when the proposal does, or what the policy wants
    of it: as long as it is the same, the words of the pull request are left to people. It, the title, the message and
    the labels are empty until the room `review` has given them.
    """

    repository: str
    base: str
    environment: str
    name: str
    branch: str
    updates: tuple[ImageUpdate, ...]
    before: Mapping[str, bytes]
    files: Mapping[str, Proved]
    reviewers: tuple[str, ...]
    assignees: tuple[str, ...]
    wishes: PullRequestKeys
    draft: bool = False
    title: str = ""
    message: str = ""
    labels: tuple[str, ...] = ()
    fingerprint: str = ""
