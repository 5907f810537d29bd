"""The title and the labels of a change, in the form that its policy wants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from imagebot.plan.change import REPUSH, Change, ImageUpdate
from imagebot.policy.placeholders import Form
from imagebot.review.escape import bare, plain
from imagebot.selection.reasons import short
from imagebot.selection.verdict import Version

NEEDS_ATTENTION = "needs-attention"
"""The label of a pull request with a warning."""

_LONGEST_TITLE = 250  # characters: GitHub takes 256, GitLab and Gitea 255
_LONGEST_LABEL = 50
_MOST_LABELS = 90  # GitHub takes 100
_MOST_NAMED = 3
_FURTHEST = ("major", "minor", "patch")


def title(change: Change) -> str:
    """As the policy's form says it, or `deps(staging): podinfo 6.5.3 → 6.5.4`."""
    updates, form = change.updates, change.wishes.title
    if form is not None:
        return plain(form.fill({name: bare(value) for name, value in values(change, updates).items()}), _LONGEST_TITLE)
    where = f"deps({change.environment}): {change.name}"
    if len(updates) != 1:
        words = f"{where}: {len(updates)} images"
    elif updates[0].kind == REPUSH:
        words = f"{where} {updates[0].new.tag} was pushed again{_digests(updates[0])}"
    else:
        words = f"{where} {' → '.join(moved(updates[0].old, [updates[0].new]))}"
    return bare(words, _LONGEST_TITLE)


def labels(change: Change, *, flagged: bool = False) -> tuple[str, ...]:
    """Those that the policy asks for, one for each value of a placeholder; and loud ones where there is reason."""
    wanted = dict.fromkeys(_label(form, change, update) for form in change.wishes.labels for update in change.updates)
    again = any(update.kind == REPUSH for update in change.updates)
    loud = [name for name, there in ((REPUSH, again), (NEEDS_ATTENTION, flagged)) if there]
    return tuple(dict.fromkeys([*list(wanted)[:_MOST_LABELS], *loud]))


def versions(found: Sequence[Version]) -> str:
    """The tags of some versions, or the digest of one that has none: each once, and only the first ones of many."""
    return _some(_named(version) for version in found)


def moved(old: Sequence[Version], new: Sequence[Version]) -> tuple[str, str]:
    """What was and what becomes, so that one can be told from the other: with digests where they share a tag."""
    was, becomes = _names(old, new)
    return _some(was), _some(becomes)


def _label(form: Form, change: Change, update: ImageUpdate) -> str:
    filled = form.fill({name: bare(value) for name, value in values(change, [update]).items()})
    return plain(filled.replace(",", " "), _LONGEST_LABEL).strip()


def values(change: Change, updates: Sequence[ImageUpdate]) -> dict[str, str]:
    """What stands for each placeholder; text that others control, to be made inert."""
    ways = [_names(update.old, [update.new]) for update in updates]
    return {
        "app": _some(update.app for update in updates),
        "count": str(len(updates)),
        "environment": change.environment,
        "from": _some(name for was, _ in ways for name in was),
        "image": _some(update.image.familiar for update in updates),
        "kind": _furthest([update.kind for update in updates]),
        "name": change.name,
        "to": _some(name for _, becomes in ways for name in becomes),
    }


def _names(old: Sequence[Version], new: Sequence[Version]) -> tuple[list[str], list[str]]:
    alike = any(version.tag == other.tag or (version.digest and not version.tag) for version in old for other in new)
    return [_named(version, digest=alike) for version in old], [_named(version, digest=alike) for version in new]


def _named(version: Version, *, digest: bool = False) -> str:
    shown = f"{short(version.digest)}…" if version.digest and (digest or not version.tag) else ""
    return " ".join(part for part in (version.tag, shown) if part) or "untagged"


def _digests(update: ImageUpdate) -> str:
    """Of a tag that was pushed again: what it stood for, and what it stands for now."""
    was = _some(f"{short(version.digest)}…" for version in update.old if version.digest)
    return f": {was} → {short(update.new.digest)}…" if was and update.new.digest else ""


def _furthest(kinds: Sequence[str]) -> str:
    return next((kind for kind in _FURTHEST if kind in kinds), next(iter(kinds), ""))


def _some(names: Iterable[str]) -> str:
    each = list(dict.fromkeys(names))
    return ", ".join(each[:_MOST_NAMED]) + (", …" if len(each) > _MOST_NAMED else "")
