"""The description of a pull request: what a reviewer needs to decide without opening a second tab."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from imagebot.images.reference import DIGEST_PATTERN
from imagebot.knownforges import USUAL, ForgeFacts, ForgeKind
from imagebot.plan.change import REPUSH, Change, ImageUpdate
from imagebot.pulls.block import Block, Proposed, write
from imagebot.pulls.body_frame import YOURS, framed
from imagebot.pulls.commands import boxes, comments
from imagebot.review.escape import code, html_code, prose
from imagebot.review.facts import in_full, table
from imagebot.review.flags import Flag, flags
from imagebot.review.image_facts import ImageFacts, unasked
from imagebot.review.links import HOSTS, links
from imagebot.review.note import note
from imagebot.review.source_words import source_sections
from imagebot.review.titles import labels, moved
from imagebot.review.truncate import BodyPart, Worth, fit
from imagebot.review.warnings import warning
from imagebot.selection.reasons import short

BODY_LIMIT = 58_000
"""Characters. GitHub takes 65 536, the other forges more; what people add to it should fit, too."""
PEOPLES_ROOM = 7_000
"""Of what is left of it, for words of people. Where they need more the description is shorter."""

_FIELDS_SHOWN = 10
_FIELDS_FOLDED = 200
_SKIPPED_SHOWN = 4
_WARNINGS_SHOWN = 40
_WARNINGS_NEEDED = 5
_NAMED = 3
_NOT_WANTED = "**Not wanted?** Close this pull request: these versions will not be proposed again, newer ones will."
_DIGEST = re.compile(DIGEST_PATTERN, re.ASCII)


@dataclass(frozen=True, slots=True)
class Description:
    """What a pull request says besides its title; `flags` are the warnings in it."""

    body: str
    labels: tuple[str, ...]
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class _Shown:
    """One update and all that is told about it."""

    update: ImageUpdate
    beside: ImageFacts
    flags: tuple[Flag, ...]
    hosts: Mapping[str, ForgeKind]
    folds: bool


def describe(
    change: Change,
    besides: Sequence[ImageFacts],
    hosts: Mapping[str, ForgeKind] = HOSTS,
    room: int = BODY_LIMIT,
    facts: ForgeFacts = USUAL,
) -> Description:
    """The body and the labels of a change; `besides` has what is known about each of its updates, in their order.

    `room` is how many characters the body may have, `facts` what is known of the forge that shows it.
    """
    shown = [
        _Shown(update, beside, flags(update, beside), hosts, facts.folds)
        for update, beside in zip(change.updates, besides, strict=True)
    ]
    found = tuple(flag for each in shown for flag in each.flags)
    proposed = tuple(Proposed(one.app, str(one.image), one.new.tag, one.new.digest) for one in change.updates)
    told = Block(
        change.name,
        change.environment,
        proposed,
        change.fingerprint,
        draft=change.draft,
        title=change.title,
        unknown=unasked(besides),
    )
    block = f"\n{write(told)}\n"
    room -= len(framed(block if facts.block_in_body else ""))
    body = framed(fit([*_parts(change, shown, facts)], room)) + block
    return Description(body, labels(change, flagged=bool(found)), found)


def _parts(change: Change, shown: Sequence[_Shown], facts: ForgeFacts) -> Iterator[BodyPart]:
    yield BodyPart(f"{_heading(change)}\n")
    yield from _warnings(shown)
    yield from _one(shown[0]) if len(shown) == 1 else _several(shown)
    yield BodyPart(f"\n{_choices(change)}\n", Worth.ADVICE, BodyPart(f"\n{_NOT_WANTED}\n"))
    if words := note(change):
        yield BodyPart(f"\n{words}\n")
    ask = boxes if facts.labels else comments
    yield BodyPart(f"\n{ask(code(change.base))}\n")
    if len(shown) == 1:
        yield from _folded(shown[0])


def _heading(change: Change) -> str:
    updates = change.updates
    what = [f"{' → '.join(map(code, moved(update.old, [update.new])))} ({update.kind})" for update in updates[:_NAMED]]
    moves = ", ".join(what) if len(updates) <= _NAMED else f"{len(updates)} images"
    return f"### {code(change.name)} in {code(change.environment)}: {moves}"


def _warnings(shown: Sequence[_Shown]) -> Iterator[BodyPart]:
    lines = [
        f"- ⚠ {_name(each.update) + ': ' if len(shown) > 1 else ''}{warning(flag, each.update)}"
        for each in shown
        for flag in each.flags
    ]
    if len(lines) > _WARNINGS_SHOWN:
        lines = [*lines[:_WARNINGS_SHOWN], f"- ⚠ and {len(lines) - _WARNINGS_SHOWN} more warnings"]
    if lines:
        yield BodyPart("\n" + "".join(f"{line}\n" for line in lines[:_WARNINGS_NEEDED]))
        yield from (BodyPart(f"{line}\n", Worth.WARNINGS) for line in lines[_WARNINGS_NEEDED:])


def _one(shown: _Shown) -> Iterator[BodyPart]:
    update = shown.update
    yield BodyPart(f"\n{table(update, shown.beside, shown.hosts)}\n", Worth.FACTS)
    yield BodyPart(f"\n{_fields(update, _FIELDS_SHOWN)}\n", Worth.FIELDS)
    yield BodyPart(f"\n**Why this tag**: {_why(update)}\n", Worth.REASONS)
    if skipped := _skipped(update):
        yield BodyPart(f"\n{skipped}\n", Worth.SKIPPED)
    for title, section in _of_source(shown):
        yield BodyPart(_fold(shown, title, [section]), Worth.DETAILS)


def _several(shown: Sequence[_Shown]) -> Iterator[BodyPart]:
    yield BodyPart("\n| app | image | was | becomes | kind | fields |\n|---|---|---|---|---|---|\n")
    for each in shown:
        update = each.update
        was, becomes = map(code, moved(update.old, [update.new]))
        signs = "⚠ " if each.flags else ""
        cells = (code(update.app), code(update.image.familiar), was, becomes, signs + update.kind, len(update.fields))
        yield BodyPart(f"| {' | '.join(map(str, cells))} |\n", Worth.OVERVIEW)
    for each in shown:
        yield _section(each)


def _section(shown: _Shown) -> BodyPart:
    """All about one of several updates, folded; in parts if there is not room enough for so many."""
    update = shown.update
    summary = f"{html_code(update.app)} {html_code(update.image.familiar)}" if shown.folds else _name(update)
    facts = [_why(update), table(update, shown.beside, shown.hosts), _fields(update, _FIELDS_SHOWN)]
    told = [f"{title}:\n\n{section}" for title, section in _of_source(shown)]
    more = [_skipped(update), *told, in_full(update, shown.beside)]
    least = BodyPart(f"\n{_name(update)}: {_why(update)}\n", Worth.REASONS)
    return BodyPart(
        _fold(shown, summary, [*facts, *more]),
        Worth.DETAILS,
        BodyPart(_fold(shown, summary, facts), Worth.FIELDS, least),
    )


def _of_source(shown: _Shown) -> Iterator[tuple[str, str]]:
    beside = shown.beside
    if beside.changes is not None:
        compare = links(beside.old, beside.new, shown.update, shown.hosts).compare
        yield from source_sections(beside.changes, compare)


def _folded(shown: _Shown) -> Iterator[BodyPart]:
    """What most reviewers need not see."""
    update = shown.update
    if len(update.fields) > _FIELDS_SHOWN:
        yield BodyPart(_fold(shown, "All fields", [_fields(update, _FIELDS_FOLDED)]), Worth.DETAILS)
    if len(update.skipped) > _SKIPPED_SHOWN:
        lines = "\n".join(f"- {_refused(item.tag, item.because)}" for item in update.skipped)
        yield BodyPart(_fold(shown, "Better tags that were not taken", [lines]), Worth.DETAILS)
    words = "Whole digests, and what is configured otherwise"
    yield BodyPart(_fold(shown, words, [in_full(update, shown.beside)]), Worth.DETAILS)


def _fold(shown: _Shown, summary: str, sections: Sequence[str]) -> str:
    """After a line of HTML, Markdown begins with an empty one. Where there is none, nothing folds: a heading stands."""
    inside = "\n\n".join(section for section in sections if section)
    if not shown.folds:
        return f"\n#### {summary}\n\n{inside}\n"
    return f"\n<details><summary>{summary}</summary>\n\n{inside}\n\n</details>\n"


def _fields(update: ImageUpdate, most: int) -> str:
    fields = update.fields
    files = len({field.file for field in fields})
    lines = [
        f"- {code(f'{field.file}:{field.line}')} {code(field.path)}: {_value(field.old)} → {_value(field.new)}"
        for field in fields[:most]
    ]
    if len(fields) > most:
        lines.append(f"- and {len(fields) - most} more")
    return "\n".join([f"**Changes {_count(len(fields), 'field')} in {_count(files, 'file')}**", "", *lines])


def _value(text: str) -> str:
    """Digests are cut: whole ones, twice in each line, would hide what is different between the lines."""
    return code(_DIGEST.sub(lambda found: f"{short(found[0])}…", text))


def _why(update: ImageUpdate) -> str:
    promoted = f" Promoted: {prose(update.promoted)}." if update.promoted else ""
    return f"{prose(update.because)}, by {code(update.rule)} in {code(update.policy_file)}.{promoted}"


def _skipped(update: ImageUpdate) -> str:
    if not update.skipped:
        return ""
    some = "; ".join(_refused(item.tag, item.because) for item in update.skipped[:_SKIPPED_SHOWN])
    more = f"; and {len(update.skipped) - _SKIPPED_SHOWN} more" if len(update.skipped) > _SKIPPED_SHOWN else ""
    return f"**Not taken**: {some}{more}."


def _refused(tag: str, because: str) -> str:
    return prose(because) if tag in because else f"{code(tag)}: {prose(because)}"


def _choices(change: Change) -> str:
    updates = change.updates
    apps = list(dict.fromkeys(update.app for update in updates))
    named = apps if len(apps) <= _NAMED else apps[:1]
    commands = ", ".join(code(f"imagebot rollback {app}@{change.environment}") for app in named)
    more = " and so on, app by app" if len(apps) > len(named) else ""
    lines = [
        f"**Roll back** with {commands}{more}, or by reverting the merge.{_back(updates)}{_lost(updates)}",
        _NOT_WANTED,
        "**A commit of yours** on this branch is safe: from then on imagebot leaves the branch alone.",
        YOURS,
    ]
    return "\n\n".join(lines)


def _back(updates: Sequence[ImageUpdate]) -> str:
    """The very values that a rollback writes, where there are few."""
    if len(updates) > _NAMED:
        return ""
    sets = []
    for update in updates:
        old = dict.fromkeys(code(field.old) for field in update.fields)
        sets.append(f"{code(update.image.familiar)} to {', '.join(list(old)[:_NAMED])}")
    return f" That sets {', '.join(sets)}."


def _lost(updates: Sequence[ImageUpdate]) -> str:
    if not any(update.kind in (REPUSH, "digest") for update in updates):
        return ""
    return " What the tag stood for before has no tag any more: the registry may have deleted it by then."


def _name(update: ImageUpdate) -> str:
    return f"{code(update.app)} {code(update.image.familiar)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
