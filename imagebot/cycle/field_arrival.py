"""What the history of a base branch says about fields: who brought a value there, and when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile

from imagebot.cycle.checkout import Checkout
from imagebot.cycle.field_history import FieldPast
from imagebot.fields.field import Field
from imagebot.history.attribution import number
from imagebot.history.commits import Commit, arrivals
from imagebot.history.undone import WentBack, says_so
from imagebot.history.undone import taken_back as undone
from imagebot.plan.claims import usable
from imagebot.plan.groups import ROLLBACK
from imagebot.policy.model import Policy, Watch
from imagebot.pulls import block
from imagebot.selection.facts import Case
from imagebot.selection.verdict import Version

_MOST_VERSIONS = 100
_BELOW = 20  # commits by whose dates another's is judged
_AHEAD = timedelta(days=1)  # so far may the clock of whoever committed be wrong


@dataclass(frozen=True, slots=True)
class FieldArrival:
    """A field has had its value since `at`; `dated` by the commit, or else by when the bot first saw it there.

    `doubt` says for people why the commit's own date does not count, if there is none that could.
    """

    who: str
    at: datetime
    dated: bool
    doubt: str = ""


def arrival(checkout: Checkout, watch: Watch, field: Field) -> FieldArrival:
    """When the field took the value that it has now, as the base branch saw it: a merge counts when it was merged."""
    versions = [
        (commit, change.new)
        for commit in checkout.last_of(checkout.heads.base, field.file, _MOST_VERSIONS)
        for change in commit.changes
        if change.path == field.file
    ]
    there = list(takewhile(lambda version: version[1] is not None, versions))
    brought = None
    with closing(checkout.mirror.blobs([blob for _, blob in there if blob])) as contents:
        for (commit, _), data in zip(there, contents, strict=False):
            if not _says_so(checkout, watch, field, data):
                break
            brought = commit
    if brought is None:
        return FieldArrival("somebody", _first_seen(checkout, field, checkout.heads.base), dated=False)
    return arrived(checkout, field, brought)


def arrived(checkout: Checkout, field: Field, commit: Commit) -> FieldArrival:
    """When a commit came to the base branch.

    The bot's own commits carry the date of what they are based on, others a date that cannot be, or none. Where such a
    one lies on the branch itself, put there without a merge, the moment of its arrival is not written anywhere, and
    counts from when the bot first saw it.
    """
    below = checkout.last_of(commit.id, "", _BELOW)
    came = arrivals(below, checkout.world.settings.author.email, checkout.memory.now + _AHEAD)[-1]
    if came.dated:
        return FieldArrival(commit.author, came.at, dated=True)
    doubt = "" if came.at == commit.committed else " (git has no usable date for it)"
    return FieldArrival(commit.author, _first_seen(checkout, field, commit.id), dated=False, doubt=doubt)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A version that people took back in a field of today, and the commit with which they did."""

    field: Field
    version: Version
    left: WentBack


def taken_back(checkout: Checkout, policy: Policy, case: Case, fields: Sequence[Field]) -> Iterator[TakenBack]:
    """What people took back of what may be due now. Raises `WorldError`s."""
    above = _above(case, fields)
    past = FieldPast(checkout, policy, case.watch, fields)
    if not past.may_have_said(above):
        return
    for one, left in past.left().items():
        for version, how in undone(left, case.ranking.place, partial(_is_ours, checkout, policy, case.watch)):
            yield TakenBack(one, version, how)


def _above(case: Case, fields: Sequence[Field]) -> list[str]:
    """The tags that may run and stand above what some field says."""
    place = case.ranking.place
    said = [at for one in fields if one.tag is not None and (at := place(one.tag)) is not None]
    if not said:
        return []
    lowest = min(said)
    return [each.tag for each in case.candidates if (at := place(each.tag)) is not None and at > lowest]


def _is_ours(checkout: Checkout, policy: Policy, watch: Watch, left: WentBack) -> bool:
    """Whether the bot moved a field so. It never moves one down, but where a policy lets it, or to another digest.

    Where git does not tell, as a forge kept no more than a title of it, the forge does.
    """
    if _git_tells(checkout, left):
        return True
    same_tag = left.value.tag == left.then.tag
    return (same_tag or watch.downgrade == "allow") and _forge_tells(checkout, policy, watch, left)


def _forge_tells(checkout: Checkout, policy: Policy, watch: Watch, left: WentBack) -> bool:
    """Whether a merged pull request of the bot's became this commit, and proposed just this."""
    commit, prefix = left.commit, checkout.world.settings.branch_prefix
    since = None if commit.committed is None else commit.committed - _AHEAD
    wanted = (policy.app, str(watch.image))
    return any(
        (item.app, item.image) == wanted
        and left.then.tag in (item.tag, None)
        and left.then.digest in (item.digest, None)
        for merged in checkout.pull_requests.forge.merged_pulls(prefix, since)
        if commit.id == merged.commit or number(commit) == merged.pull.number
        if not merged.pull.branch.endswith(ROLLBACK) and (found := block.read(merged.pull.body)) is not None
        for item in found.proposed
    )


def _git_tells(checkout: Checkout, left: WentBack) -> bool:
    """By a commit on the branch itself, or by one that a merge brought."""
    commit = left.commit
    if len(commit.parents) < 2:
        return says_so(commit.message, left)
    brought = checkout.mirror.commits_between(commit.parents[0], commit.id)
    claims = [one for one in brought if len(one.parents) == 1 and says_so(one.message, left)]
    return any(answer is True for answer in checkout.branches.judged(claims))


def _first_seen(checkout: Checkout, field: Field, commit: str) -> datetime:
    key = f"commit:{commit}"
    return checkout.memory.first_seen(field.name, [key])[key]


def _says_so(checkout: Checkout, watch: Watch, field: Field, data: bytes | None) -> bool:
    known = None if data is None else checkout.watched.find(field.file, data)
    said = () if known is None else usable(watch, known)
    return any((other.path, other.name, other.value) == (field.path, field.name, field.value) for other in said)
