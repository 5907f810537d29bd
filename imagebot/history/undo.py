"""What a rollback puts back: which fields, and what each of them said before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from imagebot.fields.field import Value
from imagebot.history.commits import Arrival
from imagebot.history.ledger import is_back
from imagebot.history.moves import FieldStep, FieldTrack
from imagebot.images.reference import is_digest, is_tag
from imagebot.plan.claims import Key
from imagebot.policy.model import Policy, Watch
from imagebot.selection.rank import version_of

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Back:
    """A field, by its file and path, that says `now` and should say what it said `then`."""

    key: Key
    file: str
    path: str
    now: Value
    then: Value


@dataclass(frozen=True, slots=True)
class AlreadyBack:
    """There is nothing to put back."""

    because: str


@dataclass(frozen=True, slots=True)
class NoWayBack:
    """It is not known what should be put back, or it would not be back."""

    because: str


Undo = tuple[Back, ...] | AlreadyBack | NoWayBack
Tracks = Mapping[Key, Sequence[FieldTrack]]


@dataclass(frozen=True, slots=True)
class RollbackTarget:
    """A version to go back to: a tag, a digest, or both."""

    tag: str | None
    digest: str | None

    @classmethod
    def parse(cls, text: str) -> RollbackTarget:
        """Read `1.42.0`, `1.42.0@sha256:…` or `sha256:…`. Raises `ValueError`."""
        if is_digest(text):
            return cls(None, text)
        tag, at, digest = text.partition("@")
        if not is_tag(tag) or (at and not is_digest(digest)):
            raise ValueError(f"{text!r} is no version: write a tag, TAG@DIGEST or a digest, as a field had it")
        return cls(tag, digest or None)

    def __str__(self) -> str:
        return str(Value(self.tag, self.digest)).removeprefix("@")

    def fits(self, value: Value) -> bool:
        """Whether a field that says `value` is at this version."""
        return self.tag in (None, value.tag) and self.digest in (None, value.digest)


def undo_last(policy: Policy, tracks: Tracks, arrived: Sequence[Arrival]) -> Undo:
    """What every field of the images that moved last said before their present version.

    A field that took that version with an earlier commit goes back as well. A step back is not taken back: going
    further is for a person to say.
    """
    moved = [(track.steps[-1], key, track) for key, each in tracks.items() for track in each if len(track.steps) > 1]
    newest = max((step.place for step, _, _ in moved if step.place is not None), default=None)
    if newest is None:
        return NoWayBack(f"the base branch never had another version of {policy}")
    last = [(key, track) for step, key, track in moved if step.place == newest]
    for key, track in last:
        if is_back(track, len(track.steps) - 1, track.steps[-1].value, policy.watches[key[1]]):
            commit, old, new = arrived[newest].commit, track.steps[-2].value, track.steps[-1].value
            return AlreadyBack(
                f"{policy} was taken back from {old} to {new} on {arrived[newest].at:%Y-%m-%d}"
                f" with {commit.id[:10]} by {commit.author}; --to goes back further"
            )
    return tuple(back for key in dict.fromkeys(key for key, _ in last) for back in _before(key, tracks[key], newest))


def undo_to(policy: Policy, tracks: Tracks, target: RollbackTarget) -> Undo:
    """What every field of the images that once were at `target` said when they last were."""
    found = {key: newest for key, each in tracks.items() if (newest := _newest(_steps(each), target))}
    if not found:
        return NoWayBack(f"{policy} never was at {target}; it was at {_known(tracks)}")
    backs = []
    for key, newest in found.items():
        for track in tracks[key]:
            step = _newest(track.steps, target) or newest
            backs.append(Back(key, track.said.file, track.said.path, track.said.value, step.value))
    wanted = tuple(back for back in backs if back.now != back.then)
    if not wanted:
        return AlreadyBack(f"{policy} is at {target}")
    for back in wanted:
        if _is_above(back, policy.watches[back.key[1]]):
            return NoWayBack(f"{back.then} is above {back.now}, which {policy} has: that is no way back")
    return wanted


def _before(key: Key, tracks: Sequence[FieldTrack], newest: int) -> Iterator[Back]:
    steps = [(track.steps[-1], track.steps[-2]) for track in tracks if len(track.steps) > 1]
    present = {last.value: before.value for last, before in steps if last.place == newest}
    for track in tracks:
        now = track.said.value
        if now in present:
            then = track.steps[-2].value if len(track.steps) > 1 else present[now]
            yield Back(key, track.said.file, track.said.path, now, then)


def _steps(tracks: Sequence[FieldTrack]) -> list[FieldStep]:
    """All that the fields of a watch ever said, oldest first."""
    return sorted((step for track in tracks for step in track.steps), key=_place)


def _newest(steps: Sequence[FieldStep], target: RollbackTarget) -> FieldStep | None:
    return next((step for step in reversed(steps) if target.fits(step.value)), None)


def _place(step: FieldStep) -> int:
    return -1 if step.place is None else step.place


def _known(tracks: Tracks) -> str:
    """The versions that there were, newest first."""
    steps = _steps([track for each in tracks.values() for track in each])
    names = list(dict.fromkeys(str(step.value) for step in reversed(steps)))
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _is_above(back: Back, watch: Watch) -> bool:
    then, now = (version_of(watch, value.tag) if value.tag else None for value in (back.then, back.now))
    return then is not None and now is not None and bool(then > now)
