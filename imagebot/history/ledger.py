"""The base branch read from its first commit to its last: what every field said, and every change of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from imagebot.fields.field import Value
from imagebot.history.attribution import credit
from imagebot.history.commits import Arrival, FileChange
from imagebot.history.entry import ADDED, COPIED, REMOVED, FieldMove, HistoryEntry
from imagebot.history.file_fields import NOTHING, Said, Says
from imagebot.history.moves import FieldStep, FieldTrack, pair
from imagebot.plan.claims import Key
from imagebot.policy.model import Policy, Watch
from imagebot.selection.rank import version_of
from imagebot.selection.update_kind import kind

Contents = Mapping[tuple[str, str], Says]
"""What versions of files say, by path and blob id; those that say nothing are left out."""


@dataclass(slots=True)
class UnreadFile:
    """A file that names a watched image and could not be read from one place of the branch on, `until` another.

    What it said before counts on meanwhile. No `until`: it cannot be read at the tip either.
    """

    path: str
    place: int
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """`entries` in the order of the branch, oldest first; `tracks` are the fields as they are at its tip, by watch."""

    entries: tuple[HistoryEntry, ...]
    tracks: Mapping[Key, tuple[FieldTrack, ...]]
    unread: tuple[UnreadFile, ...]


def read(policies: Sequence[Policy], arrived: Sequence[Arrival], contents: Contents, bot: str) -> Ledger:
    """Read one environment repository, all of whose policies are given; `bot` is the bot's address."""
    book = _Book(policies, contents, bot)
    for place, arrival in enumerate(arrived):
        book.turn(place, arrival)
    return Ledger(tuple(book.entries), book.tracks(), tuple(book.unread))


class _Book:
    def __init__(self, policies: Sequence[Policy], contents: Contents, bot: str) -> None:
        self.watches: dict[Key, tuple[Policy, Watch]] = {
            (str(policy), index): (policy, watch) for policy in policies for index, watch in enumerate(policy.watches)
        }
        self.files: dict[str, dict[Key, list[FieldTrack]]] = {}
        self.entries: list[HistoryEntry] = []
        self.unread: list[UnreadFile] = []
        self._waiting: dict[str, UnreadFile] = {}
        self._contents = contents
        self._bot = bot
        self._blobs: dict[str, str] = {}
        self._held: dict[Key, Counter[Value]] = defaultdict(Counter)

    def tracks(self) -> dict[Key, tuple[FieldTrack, ...]]:
        """The fields as they are now, by watch; a watch without any has none."""
        found: dict[Key, list[FieldTrack]] = defaultdict(list)
        for by in self.files.values():
            for key, tracks in by.items():
                found[key] += tracks
        return {key: tuple(found[key]) for key in self.watches}

    def turn(self, place: int, arrival: Arrival) -> None:
        """Take up one arrival."""
        new: dict[str, Says] = {}
        for change in arrival.commit.changes:
            if change.old != self._blobs.get(change.path):
                self._catch_up(change)
            self._blobs.pop(change.path, None)
            if change.new is not None:
                self._blobs[change.path] = change.new
            new[change.path] = self._says(change.path, change.new)
            self._note(change.path, place, readable=not new[change.path].doubtful)
        touched: dict[Key, dict[str, Says]] = defaultdict(dict)
        for path, says in new.items():
            for key in (*says.fields, *self.files.get(path, ())):
                touched[key][path] = says
        for key, mine in sorted(touched.items(), key=itemgetter(0)):
            moves = self._moves(key, mine, place)
            if moves:
                self._enter(key, moves, place, arrival)

    def _note(self, path: str, place: int, *, readable: bool) -> None:
        if readable and path in self._waiting:
            self._waiting.pop(path).until = place
        elif not readable and path not in self._waiting:
            self._waiting[path] = UnreadFile(path, place)
            self.unread.append(self._waiting[path])

    def _says(self, path: str, blob: str | None) -> Says:
        return NOTHING if blob is None else self._contents.get((path, blob), NOTHING)

    def _catch_up(self, change: FileChange) -> None:
        """Take over what a file said before the first commit that was read."""
        for key, said in self._says(change.path, change.old).fields.items():
            tracks = [FieldTrack(each, [FieldStep(each.value, None)]) for each in said]
            self.files.setdefault(change.path, {})[key] = tracks
            self._held[key].update(each.value for each in said)

    def _moves(self, key: Key, new: Mapping[str, Says], place: int) -> tuple[FieldMove, ...]:
        before: list[FieldTrack] = []
        after: list[Said] = []
        for path, says in new.items():
            if key not in says.doubtful:
                before += self.files.get(path, {}).pop(key, [])
                after += says.fields.get(key, ())
        held = self._held[key]
        ran = {said.value for said in after if said.value in held}
        moves = []
        for track, said in pair(before, after):
            old = track.steps[-1].value if track else None
            if track is None or said is None or old != said.value:
                moves.append(self._move(key, track, said, ran))
            if old is not None:
                _let_go(held, old)
            if said is not None:
                held[said.value] += 1
                self._keep(key, track or FieldTrack(said), said, place)
        return tuple(moves)

    def _keep(self, key: Key, track: FieldTrack, said: Said, place: int) -> None:
        track.said = said
        if not track.steps or track.steps[-1].value != said.value:
            track.take(said.value, place)
        self.files.setdefault(said.file, {}).setdefault(key, []).append(track)

    def _move(self, key: Key, track: FieldTrack | None, said: Said | None, ran: Collection[Value]) -> FieldMove:
        if track is None:
            assert said is not None, "a pair has one side at least"
            return FieldMove(said.file, said.line, said.path, None, said.value, COPIED if said.value in ran else ADDED)
        old, was = track.steps[-1], track.said
        if said is None:
            return FieldMove(was.file, was.line, was.path, old.value, None, REMOVED, since=old.place)
        watch = self.watches[key][1]
        word = kind(old.value.tag, said.value.tag or "", watch) if said.value.tag != old.value.tag else "digest"
        back = is_back(track, len(track.steps), said.value, watch)
        return FieldMove(said.file, said.line, said.path, old.value, said.value, word, back, old.place)

    def _enter(self, key: Key, moves: tuple[FieldMove, ...], place: int, arrival: Arrival) -> None:
        policy, watch = self.watches[key]
        due = credit(arrival, watch.image, moves, self._bot)
        self.entries.append(
            HistoryEntry(
                repository=policy.repository,
                place=place,
                at=arrival.at,
                dated=arrival.dated,
                app=policy.app,
                environment=policy.environment,
                image=watch.image,
                moves=moves,
                how=due.how,
                authors=due.authors,
                merged_by=due.merged_by,
                took=due.took,
                commit=arrival.commit,
                number=due.number,
            )
        )


def _let_go(held: Counter[Value], value: Value) -> None:
    held[value] -= 1
    if not held[value]:
        del held[value]


def is_back(track: FieldTrack, count: int, last: Value, watch: Watch) -> bool:
    """Whether to go to `last` from the first `count` steps of a field is a way back.

    It is if it goes below the last of them, or, where no order tells, to what was there before that.
    """
    before = track.steps[count - 1].value
    above = version_of(watch, before.tag) if before.tag else None
    below = version_of(watch, last.tag) if last.tag else None
    if above is not None and below is not None and above != below:
        return bool(below < above)
    return track.was_at(last, count - 1)
