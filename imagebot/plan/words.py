"""Every sentence that a reviewer reads: title, body and commit message, as functions of the updates alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote

from imagebot.plan.block import Block, Proposed, write
from imagebot.plan.change import Change, FieldChange, ImageUpdate
from imagebot.plan.inert import code, plain
from imagebot.selection.verdict import Version

BODY_LIMIT = 58_000
_FIELDS_SHOWN = 200
_LONGEST_TRAILER = 8000


REPUSH = "repush"
"""The kind, and the label, of an update that keeps its tag and brings what somebody pushed under it."""


def worded(change: Change) -> Change:
    """The change with the title, labels, message and fingerprint that what it does gives it."""
    titled = replace(change, title=title(change), labels=labels(change))
    return replace(titled, message=message(titled), fingerprint=fingerprint(titled))


def labels(change: Change) -> tuple[str, ...]:
    """Those that the policy asks for, and a loud one where a tag was pushed again."""
    again = (REPUSH,) if any(update.kind == REPUSH for update in change.updates) else ()
    return tuple(dict.fromkeys((*change.wishes.labels, *again)))


def closing(because: str, *, settled: bool, base: str) -> str:
    """The comment with which the bot closes its own pull request."""
    if settled:
        return f"Closed by imagebot: {base} already has what this proposed, or it is not wanted any more."
    return f"Taken back by imagebot, for now: {code(because)}. What may run then is proposed anew."


def title(change: Change) -> str:
    """`deps(staging): podinfo 6.5.3 → 6.5.4`."""
    updates, where = change.updates, f"deps({change.environment}): {change.name}"
    if len(updates) == 1 and updates[0].kind == REPUSH:
        return plain(f"{where} {updates[0].new.tag} was pushed again")
    if len(updates) == 1:
        return plain(f"{where} {_versions(updates[0].old)} → {updates[0].new.tag}")
    return plain(f"{where}: {len(updates)} images")


def message(change: Change) -> str:
    """The commit message: what, why, and trailers that `git interpret-trailers` reads back."""
    reasons = [f"{update.image.familiar}: {plain(update.because)}" for update in change.updates]
    trailers = []
    for update in change.updates:
        trailers.append(f"Image-Update: {update.image} {_versions(update.old)} -> {update.new}")
        trailers += [f"Image-Field: {field_id(field)}" for field in update.fields]
    lines = [plain(line, _LONGEST_TRAILER) for line in trailers]
    return f"{change.title}\n\n" + "\n".join(reasons) + "\n\n" + "\n".join(lines) + "\n"


def field_id(field: FieldChange) -> str:
    """`file#path` as the trailer writes it: percent-encoded where a name could break out of its line."""
    return f"{quote(field.file, safe='/._-+=@,:~()[] ')}#{quote(field.path, safe='/._-+=@,:~()[]')}"


def body(change: Change) -> str:
    """The pull request's description: what changes, where, why, and what a reviewer can do about it."""
    updates = change.updates
    shown = "\n\n".join([_heading(change), _table(updates), _files(updates), _why(updates), _choices(updates)])
    if len(shown) > BODY_LIMIT:
        shown = shown[:BODY_LIMIT].rsplit("\n", 1)[0] + "\n\n_The rest did not fit: see the commit message._"
    proposed = tuple(Proposed(str(update.image), update.new.tag, update.new.digest) for update in updates)
    return f"{shown}\n\n{write(Block(change.name, change.environment, proposed, change.fingerprint))}\n"


def fingerprint(change: Change) -> str:
    """What is proposed, not how it is told: line numbers and counts of tags move without anything new to say."""
    moves = [
        (str(each.image), each.new.tag, each.new.digest, [_move(field) for field in each.fields])
        for each in change.updates
    ]
    facts = [change.title, change.labels, moves]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def _move(field: FieldChange) -> tuple[str, str, str, str]:
    return (field.file, field.path, field.old, field.new)


def _heading(change: Change) -> str:
    updates = change.updates
    what = ", ".join(
        f"{code(_versions(update.old))} → {code(update.new.tag)} ({update.kind})" for update in updates[:3]
    )
    more = f" and {len(updates) - 3} more" if len(updates) > 3 else ""
    return f"### {code(change.name)} in {code(change.environment)}: {what}{more}{_warning(updates)}"


def _warning(updates: Sequence[ImageUpdate]) -> str:
    again = [code(update.new.tag) for update in updates if update.kind == REPUSH]
    if not again:
        return ""
    return (
        f"\n\n⚠ {', '.join(again)}: somebody pushed this tag again. The tag stays and what runs changes:"
        " make sure that its publisher meant to."
    )


def _table(updates: Sequence[ImageUpdate]) -> str:
    rows = ["| image | was | becomes |", "|---|---|---|"]
    for update in updates:
        rows.append(f"| {code(update.image.familiar)} | {code(_versions(update.old))} | {code(update.new.tag)} |")
        if update.new.digest:
            old = sorted({version.digest for version in update.old if version.digest})
            rows.append(f"| digest | {code(', '.join(old)) if old else '–'} | {code(update.new.digest)} |")
    return "\n".join(rows)


def _files(updates: Sequence[ImageUpdate]) -> str:
    fields = [field for update in updates for field in update.fields]
    files = len({field.file for field in fields})
    head = f"**Changes {_count(len(fields), 'field')} in {_count(files, 'file')}**"
    lines = [
        f"- {code(f'{field.file}:{field.line}')} {code(field.path)}: {code(field.old)} → {code(field.new)}"
        for field in fields
    ]
    if len(lines) > _FIELDS_SHOWN:
        lines = [*lines[:_FIELDS_SHOWN], f"- and {len(lines) - _FIELDS_SHOWN} more, named in the commit message"]
    return "\n".join([head, "", *lines])


def _why(updates: Sequence[ImageUpdate]) -> str:
    lines = [
        f"- {code(update.image.familiar)}: {code(update.because)}, by {code(update.rule)}, {code(update.policy_file)}"
        for update in updates
    ]
    promoted = dict.fromkeys(f"- Promoted: {code(update.promoted)}" for update in updates if update.promoted)
    return "\n".join(["**Why this tag**", "", *lines, *promoted])


def _choices(updates: Sequence[ImageUpdate]) -> str:
    back = ", ".join(
        f"{code(update.image.familiar)} to {code(', '.join(str(old) for old in update.old))}" for update in updates[:3]
    )
    return (
        f"**Roll back** by reverting the merge: it sets {back}.\n"
        "**Not wanted?** Close this pull request: these versions will not be proposed again, newer ones will.\n"
        "**A commit of yours** on this branch is safe: from then on imagebot leaves the branch alone."
    )


def _versions(versions: Sequence[Version]) -> str:
    tags = list(dict.fromkeys(version.tag or "untagged" for version in versions))
    return ", ".join(tags[:3]) + (", …" if len(tags) > 3 else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
