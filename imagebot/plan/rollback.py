"""A rollback as a change, and every sentence of it that a reviewer reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from imagebot.fields.edit import edit
from imagebot.fields.field import Field, Value
from imagebot.plan.block import Block, Proposed, write
from imagebot.plan.change import Change, FieldChange, ImageUpdate
from imagebot.plan.frame import YOURS, framed
from imagebot.plan.groups import ROLLBACK as BRANCH_END
from imagebot.plan.inert import bare, code, prose
from imagebot.plan.landed import ROLLBACK
from imagebot.plan.titles import labels, moved
from imagebot.plan.words import fingerprint, trailers
from imagebot.policy.model import Policy
from imagebot.policy.watch import Watch
from imagebot.selection.byhand import HandHold
from imagebot.selection.kind import kind
from imagebot.selection.verdict import Version

LABEL = "rollback"
_FIELDS_SHOWN = 100
_CHOICES = (
    "**Not wanted?** Close this pull request, and lift what is held: closing alone lifts nothing.\n\n"
    "**A commit of yours** on this branch is safe: from then on imagebot leaves the branch alone.\n\n"
    f"{YOURS}"
)


@dataclass(frozen=True, slots=True)
class PutBack:
    """A field and the older value that it should have again."""

    watch: Watch
    field: Field
    value: Value


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants it, and why."""

    by: str
    because: str


@dataclass(frozen=True, slots=True)
class Place:
    """The branch that it goes to, and its own."""

    base: str
    branch: str


def rollback_branch(prefix: str, policy: Policy) -> str:
    """The branch of a policy's rollback, beside that of its updates: no app's name has a `+`."""
    return f"{prefix}{policy.environment}/{policy.app}{BRANCH_END}"


def roll_back(policy: Policy, backs: Sequence[PutBack], wish: Wish, place: Place, files: Mapping[str, bytes]) -> Change:
    """The change that puts these fields back; `files` holds the base's bytes. Raises `CannotEdit`."""
    edits: dict[str, list[tuple[Field, Value]]] = defaultdict(list)
    for back in backs:
        edits[back.field.file].append((back.field, back.value))
    change = Change(
        repository=policy.repository,
        base=place.base,
        environment=policy.environment,
        name=policy.app,
        branch=place.branch,
        updates=_updates(policy, backs, wish),
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
    called = replace(change, title=_title(change), labels=tuple(dict.fromkeys((*labels(change), LABEL))))
    return replace(called, fingerprint=fingerprint(called))


def message(change: Change, wish: Wish, sign_off: str | None = None) -> str:
    """The commit message, with trailers that tell a rollback from an update."""
    asked = bare(f"Asked for by {wish.by}: {wish.because}")
    mark = f"{ROLLBACK}: {change.name}@{change.environment}"
    return f"{change.title}\n\n{asked}\n\n{trailers(change.updates, sign_off, mark)}\n"


def body(change: Change, wish: Wish, holds: Sequence[HandHold], cautions: Sequence[str]) -> str:
    """What it puts back, who asked for it, what is held from now on, and how that is lifted."""
    proposed = tuple(Proposed(one.app, str(one.image), one.new.tag, one.new.digest) for one in change.updates)
    told = Block(change.name, change.environment, proposed, change.fingerprint, title=change.title)
    parts = [
        f"### Roll back {code(change.name)} in {code(change.environment)}: {_ways(change)}",
        "\n".join(f"- ⚠ {prose(caution)}" for caution in cautions),
        f"**Asked for** by {code(wish.by)}: {prose(wish.because)}",
        _fields(change),
        _held(change, holds),
        _CHOICES,
        write(told),
    ]
    return framed("\n\n".join(part for part in parts if part) + "\n")


def _updates(policy: Policy, backs: Sequence[PutBack], wish: Wish) -> tuple[ImageUpdate, ...]:
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


def _title(change: Change) -> str:
    was, then = moved(
        [version for update in change.updates for version in update.old], [update.new for update in change.updates]
    )
    where = f"rollback({change.environment}): {change.name} {was}"
    return bare(f"{where} as it was before" if was == then else f"{where} → {then}")


def _ways(change: Change) -> str:
    ways = [f"{code(moved(update.old, [update.new])[0])} → {code(str(update.new))}" for update in change.updates[:3]]
    return ", ".join(ways) + (f" and {len(change.updates) - 3} more" if len(change.updates) > 3 else "")


def _fields(change: Change) -> str:
    fields = [field for update in change.updates for field in update.fields]
    lines = [
        f"- {code(f'{field.file}:{field.line}')} {code(field.path)}: {code(field.old)} → {code(field.new)}"
        for field in fields[:_FIELDS_SHOWN]
    ]
    more = [f"- and {len(fields) - _FIELDS_SHOWN} more"] if len(fields) > _FIELDS_SHOWN else []
    return "\n".join(["**Puts back**, and changes nothing else:", "", *lines, *more])


def _held(change: Change, holds: Sequence[HandHold]) -> str:
    where = f"{change.name}@{change.environment}"
    lines = [
        f"- {code(hold.version) if hold.version else 'every version'}, until somebody lifts it with"
        f" {code(f'imagebot unhold {where}' + (f' {hold.version}' if hold.version else ''))}"
        for hold in holds
    ]
    return "\n".join(["**Held**, so that it is not proposed again; other versions may be:", "", *lines])
