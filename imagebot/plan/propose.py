"""Verdicts and fields become one change per policy, its bytes proved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imagebot.documents.duration import format_duration
from imagebot.fields.edit import edit, wanted
from imagebot.fields.field import Field, Value
from imagebot.plan.change import Change, FieldChange, ImageUpdate
from imagebot.plan.titles import REPUSH
from imagebot.plan.words import worded
from imagebot.policy.model import Policy, Watch
from imagebot.selection.kind import kind
from imagebot.selection.verdict import Refusal, Update, Version


@dataclass(frozen=True, slots=True)
class Due:
    """A watch whose verdict is an update, the fields that hold its image, and the nearest better tags."""

    watch: Watch
    fields: tuple[Field, ...]
    update: Update
    skipped: tuple[Refusal, ...] = ()


def branch_of(prefix: str, policy: Policy) -> str:
    """The branch of a policy's pull request: a function of the target, never of the version."""
    return f"{prefix}{policy.environment}/{policy.app}"


def propose(policy: Policy, dues: Sequence[Due], base: str, prefix: str, files: Mapping[str, bytes]) -> Change:
    """The change that brings every field of `dues` to its version; `files` holds the base's bytes.

    Raises `CannotEdit` if any field cannot be edited: half an update is none.
    """
    edits: dict[str, list[tuple[Field, Value]]] = defaultdict(list)
    for due in dues:
        for field, value in _moves(due):
            edits[field.file].append((field, value))
    change = Change(
        repository=policy.repository,
        base=base,
        environment=policy.environment,
        name=policy.app,
        branch=branch_of(prefix, policy),
        updates=tuple(_image_update(policy, due) for due in dues),
        before={file: files[file] for file in sorted(edits)},
        files={file: edit(file, files[file], changes) for file, changes in sorted(edits.items())},
        title="",
        message="",
        labels=(),
        reviewers=policy.pull_request.reviewers,
        assignees=policy.pull_request.assignees,
        wishes=policy.pull_request,
        fingerprint="",
    )
    return worded(change)


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
    if due.watch.digest is None and all(each.tag == to.tag and each.digest not in (None, to.digest) for each in old):
        return REPUSH
    return kind(old[0].tag, to.tag, due.watch)


def _image_update(policy: Policy, due: Due) -> ImageUpdate:
    moves = _moves(due)
    old = tuple(dict.fromkeys(Version(field.tag or "", field.digest) for field, _ in moves))
    return ImageUpdate(
        app=policy.app,
        image=due.watch.image,
        old=old,
        new=due.update.to,
        kind=_kind(due, old),
        because=due.update.because,
        fields=tuple(
            FieldChange(field.file, field.line, field.path, str(field.value), str(value)) for field, value in moves
        ),
        rule=due.watch.rule,
        policy_file=policy.file.rpartition("/")[2],  # its folder depends on where the bot runs
        skipped=due.skipped,
        promoted=_promoted(policy),
    )


def _promoted(policy: Policy) -> str:
    source = policy.gates.source
    if source is None:
        return ""
    after = f", {format_duration(source.after)} after it got there" if source.after else ""
    return f"{policy.environment} takes only what {source.environment} has deployed{after}"
