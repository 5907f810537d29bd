"""Verdicts and fields become one change per policy, its bytes proved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imagebot.fields.edit import edit, wanted
from imagebot.fields.field import Field
from imagebot.plan.change import Change, FieldChange, ImageUpdate
from imagebot.plan.words import body, message, title
from imagebot.policy.model import Policy, Watch
from imagebot.selection.kind import kind
from imagebot.selection.verdict import Update, Version


@dataclass(frozen=True, slots=True)
class Due:
    """A watch whose verdict is an update, and the fields that hold its image."""

    watch: Watch
    fields: tuple[Field, ...]
    update: Update


def branch_of(prefix: str, policy: Policy) -> str:
    """The branch of a policy's pull request: a function of the target, never of the version."""
    return f"{prefix}{policy.environment}/{policy.app}"


def propose(policy: Policy, dues: Sequence[Due], base: str, prefix: str, files: Mapping[str, bytes]) -> Change:
    """The change that brings every field of `dues` to its version; `files` holds the base's bytes.

    Raises `CannotEdit` if any field cannot be edited: half an update is none.
    """
    edits: dict[str, list[tuple[Field, Version]]] = defaultdict(list)
    for due in dues:
        for field in due.fields:
            version = wanted(field, due.update.to, due.watch.pin)
            if (field.tag, field.digest) != (version.tag, version.digest):
                edits[field.file].append((field, version))
    updates = tuple(_image_update(due) for due in dues)
    return Change(
        repository=policy.repository,
        base=base,
        environment=policy.environment,
        app=policy.app,
        branch=branch_of(prefix, policy),
        updates=updates,
        before={file: files[file] for file in sorted(edits)},
        files={file: edit(file, files[file], changes) for file, changes in sorted(edits.items())},
        title=title(policy, updates),
        body=body(policy, updates),
        message=message(policy, updates),
        labels=policy.pull_request.labels,
        reviewers=policy.pull_request.reviewers,
        assignees=policy.pull_request.assignees,
    )


def _image_update(due: Due) -> ImageUpdate:
    changes, old = [], []
    for field in due.fields:
        version = wanted(field, due.update.to, due.watch.pin)
        before = Version(field.tag or "", field.digest)
        if before != version:
            old.append(before)
            changes.append(FieldChange(field.file, field.line, field.path, str(before), str(version)))
    versions = tuple(dict.fromkeys(old))
    return ImageUpdate(
        image=due.watch.image,
        old=versions,
        new=due.update.to,
        kind=kind(versions[0].tag, due.update.to.tag, due.watch) if versions else "other",
        because=due.update.because,
        fields=tuple(changes),
    )
