"""Verdicts and fields become one change for each branch, its bytes proved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from imagebot.documents.duration import format_duration
from imagebot.fields.edit import edit, wanted
from imagebot.fields.field import Field, Value
from imagebot.plan.change import REPUSH, Change, FieldChange, ImageUpdate
from imagebot.plan.groups import BranchTarget
from imagebot.policy.model import Policy, PullRequestKeys, Watch
from imagebot.selection.update_kind import kind
from imagebot.selection.verdict import Refusal, Update, Version

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Due:
    """A watch that should say another version, the fields that hold its image, and the nearest better tags."""

    policy: Policy
    watch: Watch
    fields: tuple[Field, ...]
    update: Update
    skipped: tuple[Refusal, ...] = ()


FIRST_DECIDES = {
    "group": "it is the group that all of them are in",
    "draft_while_soaking": "asked of each update for itself, before",
    "title": "there is one",
    "note": "one text for all, in which placeholders name each of them",
}
"""The keys of a policy's `pullRequest` of which a group has what its first policy wants, and why; others are joined."""


def propose(
    target: BranchTarget,
    dues: Sequence[Due],
    base: str,
    files: Mapping[str, bytes],
    *,
    draft: bool = False,
) -> Change:
    """The change that brings every field of `dues` to its version, without words; `files` holds the base's bytes.

    Raises `CannotEdit` if any field cannot be edited: half an update is none.
    """
    moves = [_moves(due) for due in dues]
    edits: dict[str, list[tuple[Field, Value]]] = defaultdict(list)
    for field, value in chain.from_iterable(moves):
        edits[field.file].append((field, value))
    wishes = together([due.policy.pull_request for due in dues])
    return Change(
        repository=target.repository,
        base=base,
        environment=target.environment,
        name=target.name,
        branch=target.branch,
        updates=tuple(map(_image_update, dues, moves)),
        before={file: files[file] for file in sorted(edits)},
        files={file: edit(file, files[file], changes) for file, changes in sorted(edits.items())},
        reviewers=wishes.reviewers,
        assignees=wishes.assignees,
        wishes=wishes,
        draft=draft,
    )


def together(all_: Sequence[PullRequestKeys]) -> PullRequestKeys:
    """What the policies of a group want together: every label and person, and only what all let the forge merge.

    Of the keys in `FIRST_DECIDES` it is what the first policy wants.
    """
    first, *others = all_
    if not others:
        return first
    return first.model_copy(
        update={
            "labels": _each_once(wishes.labels for wishes in all_),
            "reviewers": _each_once(wishes.reviewers for wishes in all_),
            "assignees": _each_once(wishes.assignees for wishes in all_),
            "auto_merge": tuple(kind for kind in first.auto_merge if all(kind in other.auto_merge for other in others)),
        }
    )


def _each_once(names: Iterable[tuple[T, ...]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(names)))


def _moves(due: Due) -> list[tuple[Field, Value]]:
    """The fields that do not say yet what they should, and what they should say."""
    to = Value(due.update.to.tag, due.update.to.digest)
    wishes = [(field, wanted(field, to, due.watch.pin)) for field in due.fields]
    return [(field, value) for field, value in wishes if field.value != value]


def _kind(due: Due, old: Sequence[Version]) -> str:
    """How far the update goes; `repush` where a tag stays that was said to stand for something else."""
    if not old:
        return "other"
    to = due.update.to
    if not due.watch.order_facts.moves and all(
        each.tag == to.tag and each.digest not in (None, to.digest) for each in old
    ):
        return REPUSH
    return kind(old[0].tag, to.tag, due.watch)


def _image_update(due: Due, moves: Sequence[tuple[Field, Value]]) -> ImageUpdate:
    old = tuple(dict.fromkeys(Version(field.tag or "", field.digest) for field, _ in moves))
    return ImageUpdate(
        app=due.policy.app,
        image=due.watch.image,
        old=old,
        new=due.update.to,
        kind=_kind(due, old),
        because=due.update.because,
        fields=tuple(
            FieldChange(field.file, field.line, field.path, str(field.value), str(value)) for field, value in moves
        ),
        rule=due.watch.rule,
        policy_file=due.policy.file.rpartition("/")[2],  # its folder depends on where the bot runs
        skipped=due.skipped,
        promoted=_promoted(due.policy),
        source=due.watch.source or "",
    )


def _promoted(policy: Policy) -> str:
    source = policy.gates.source
    if source is None:
        return ""
    after = f", {format_duration(source.after)} after it got there" if source.after else ""
    return f"{policy.environment} takes only what {source.environment} has deployed{after}"
