"""A rollback as a change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imagebot.fields.edit import edit
from imagebot.fields.field import Field, Value
from imagebot.plan.change import Change, FieldChange, ImageUpdate
from imagebot.plan.groups import ROLLBACK as BRANCH_END
from imagebot.policy.model import Policy
from imagebot.policy.watch import Watch
from imagebot.selection.update_kind import kind
from imagebot.selection.verdict import Version


@dataclass(frozen=True, slots=True)
class PutBack:
    """A field and the older value that it should have again."""

    watch: Watch
    field: Field
    value: Value


@dataclass(frozen=True, slots=True)
class RollbackWish:
    """Who wants it, and why."""

    by: str
    because: str


@dataclass(frozen=True, slots=True)
class RollbackBranch:
    """The branch that it goes to, and its own."""

    base: str
    branch: str


def rollback_branch(prefix: str, policy: Policy) -> str:
    """The branch of a policy's rollback, beside that of its updates: no app's name has a `+`."""
    return f"{prefix}{policy.environment}/{policy.app}{BRANCH_END}"


def roll_back(
    policy: Policy, backs: Sequence[PutBack], wish: RollbackWish, place: RollbackBranch, files: Mapping[str, bytes]
) -> Change:
    """The change that puts these fields back, without words; `files` holds the base's bytes. Raises `CannotEdit`."""
    edits: dict[str, list[tuple[Field, Value]]] = defaultdict(list)
    for back in backs:
        edits[back.field.file].append((back.field, back.value))
    return Change(
        repository=policy.repository,
        base=place.base,
        environment=policy.environment,
        name=policy.app,
        branch=place.branch,
        updates=_updates(policy, backs, wish),
        before={file: files[file] for file in sorted(edits)},
        files={file: edit(file, files[file], changes) for file, changes in sorted(edits.items())},
        reviewers=policy.pull_request.reviewers,
        assignees=policy.pull_request.assignees,
        wishes=policy.pull_request,
    )


def _updates(policy: Policy, backs: Sequence[PutBack], wish: RollbackWish) -> tuple[ImageUpdate, ...]:
    """One for each image and value: the fields of an image need not all go back to the same one."""
    groups: dict[tuple[str, Value], list[PutBack]] = defaultdict(list)
    for back in backs:
        groups[str(back.watch.image), back.value].append(back)
    return tuple(
        ImageUpdate(
            app=policy.app,
            image=mine[0].watch.image,
            old=tuple(dict.fromkeys(Version(back.field.tag or "", back.field.digest) for back in mine)),
            new=Version(value.tag or "", value.digest),
            kind=kind(mine[0].field.tag, value.tag or "", mine[0].watch),
            because=wish.because,
            fields=tuple(_field_change(back) for back in mine),
            rule=mine[0].watch.rule,
            policy_file=policy.file.rpartition("/")[2],
        )
        for (_, value), mine in groups.items()
    )


def _field_change(back: PutBack) -> FieldChange:
    field = back.field
    return FieldChange(field.file, field.line, field.path, str(field.value), str(back.value))
