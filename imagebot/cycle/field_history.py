"""The fields of one watch through the past of the base branch, from its tip backwards: what each said before.

Files are followed where they were renamed, fields where they went to other files. Asked only where an update is due,
and read only where a version that is due may have been there before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from imagebot.cycle.checkout import Checkout
from imagebot.fields.field import Field
from imagebot.history.commits import Commit, FileChange
from imagebot.history.file_fields import Said
from imagebot.history.moves import pair
from imagebot.history.undone import WentBack
from imagebot.plan.claims import reaches, usable
from imagebot.policy.model import Policy, Watch

MOST_VERSIONS = 500
"""How many commits that changed a watch's files are read at most."""

_MOST_MOVES = 20


@dataclass(frozen=True, slots=True)
class _Version:
    """A file before and after a commit; `file` is what it is called today."""

    file: str
    change: FileChange
    old: bytes | None
    new: bytes | None


@dataclass
class _Followed:
    """A field on the way back: what and where it is at this point, and what it left since, newest first.

    `since` is the commit that brought it here from nowhere: before, it may have been there already.
    """

    today: Field
    said: Said
    left: list[WentBack] = field(default_factory=list)
    since: Commit | None = None


@dataclass
class FieldPast:
    """`fields` are those of the watch today."""

    checkout: Checkout
    policy: Policy
    watch: Watch
    fields: Sequence[Field]
    _today: dict[str, str] = field(default_factory=dict)

    def may_have_said(self, tags: Collection[str]) -> bool:
        """Whether the fields may ever have said one of these tags, or another digest of the tag that they say now.

        Told from bytes, so that nothing is parsed where the answer is no.
        """
        words = [tag.encode() for tag in tags]
        words += [word.replace(b"_", b"+") for word in words if b"_" in word]
        pins = [((one.tag or "").encode(), one.digest.encode()) for one in self.fields if one.digest]
        if any(place.template for place in self.watch.fields):
            return True
        olds = (version.old or b"" for _, versions in self._versions() for version in versions)
        return any(_has(old, words, pins) for old in olds)

    def left(self) -> Mapping[Field, Sequence[WentBack]]:
        """What each field left for what, newest first, as far as the newest 500 commits of its files tell."""
        followed = [_Followed(one, Said(one.file, one.line, one.path, one.value)) for one in self.fields]
        for commit, versions in self._versions():
            self._step_back(followed, commit, versions)
        return {one.today: one.left for one in followed}

    def _step_back(self, followed: Sequence[_Followed], commit: Commit, versions: Sequence[_Version]) -> None:
        files = {version.file: version.change.path for version in versions if version.new is not None}
        here = [one for one in followed if one.since is None and one.said.file in files]
        before = [said for version in versions for said in self._says(version.file, version.old)]
        came, gone = [], []
        for one, said in pair(here, before):
            if one is not None and said is not None:
                _go_back(one, said, commit, files[one.said.file])
            elif one is not None:
                came.append(one)
            elif said is not None:
                gone.append(said)
        # What went and what came with one commit is one, however little alike: it is the same image of the same app.
        for one, said in zip(came, gone, strict=False):
            _go_back(one, said, commit, files[one.said.file])
        for one in came[len(gone) :]:
            one.since = commit
        self._come_again(followed, commit, gone[len(came) :])

    def _come_again(self, followed: Sequence[_Followed], commit: Commit, gone: Sequence[Said]) -> None:
        """What went with this commit may have come back with a later one."""
        absent = [one for one in followed if one.since not in (None, commit)]
        for one, said in pair(absent, gone):
            if one is not None and said is not None and one.since is not None and said.path == one.said.path:
                _go_back(one, said, one.since, one.said.file)
                one.since = None

    def _says(self, file: str, data: bytes | None) -> list[Said]:
        known = None if data is None else self.checkout.watched.find(file, data)
        found = () if known is None else usable(self.watch, known)
        return [Said(file, one.line, one.path, one.value) for one in found]

    def _versions(self) -> Iterator[tuple[Commit, Sequence[_Version]]]:
        """Every commit that changed the files in which the fields were then, newest first."""
        at, left = self.checkout.heads.base, MOST_VERSIONS
        self._today = {one.file: one.file for one in self.fields}
        for _ in range(_MOST_MOVES):
            for commit, versions in self._line(at):
                left -= 1
                sources = self._sources(commit, versions)
                yield commit, [*versions, *sources]
                if left == 0:
                    return
                if sources and commit.parents:
                    at = commit.parents[0]
                    break
            else:
                return

    def _line(self, at: str) -> Iterator[tuple[Commit, list[_Version]]]:
        paths = frozenset(self._today)
        found = self.checkout.past_of(paths) if at == self.checkout.heads.base else self._mirror_line(at, paths)
        commits = [(commit, [one for one in commit.changes if one.path in paths]) for commit in found]
        ids = [blob for _, changes in commits for one in changes for blob in (one.old, one.new) if blob]
        with closing(self.checkout.mirror.blobs(ids)) as contents:
            for commit, changes in commits:
                if changes:
                    yield commit, [self._version(one, contents) for one in changes]

    def _mirror_line(self, at: str, paths: Collection[str]) -> Sequence[Commit]:
        return self.checkout.mirror.line(at, paths, MOST_VERSIONS)

    def _version(self, change: FileChange, contents: Iterator[bytes | None]) -> _Version:
        old = next(contents) if change.old else None
        return _Version(self._today[change.path], change, old, next(contents) if change.new else None)

    def _sources(self, commit: Commit, versions: Sequence[_Version]) -> list[_Version]:
        """The files from which a commit brought fields into these: renamed, or fields that went elsewhere."""
        if not commit.parents or not any(self._came(version) for version in versions):
            return []
        found = [change for change in self.checkout.mirror.changes(commit.id) if self._may_be_source(change)]
        for change in found:
            was = change.was or change.path
            self._today[was] = self._today.get(change.path, was)
        with closing(self.checkout.mirror.blobs([change.old for change in found if change.old])) as contents:
            each = [
                _Version(self._today[change.was or change.path], change, next(contents), None)
                for change in found
                if change.old
            ]
        return [version for version in each if version.change.was or self._names_it(version.old)]

    def _may_be_source(self, change: FileChange) -> bool:
        if change.old is None:
            return False
        if change.path in self._today:
            return change.was != ""
        return self.checkout.watched.is_looked_into(change.path) and reaches(self.policy, self.watch, change.path)

    def _came(self, version: _Version) -> bool:
        return version.new is not None and (
            version.old is None or (self._names_it(version.new) and not self._names_it(version.old))
        )

    def _names_it(self, data: bytes | None) -> bool:
        return data is not None and self.watch.image.repository.rpartition("/")[2].encode() in data


def _has(data: bytes, words: Collection[bytes], pins: Collection[tuple[bytes, bytes]]) -> bool:
    return any(word in data for word in words) or any(tag in data and digest not in data for tag, digest in pins)


def _go_back(one: _Followed, said: Said, commit: Commit, file: str) -> None:
    if said.value != one.said.value:
        one.left.append(WentBack(said.value, one.said.value, commit, file, one.said.path))
    one.said = said
