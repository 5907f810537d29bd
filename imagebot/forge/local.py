"""A forge for trials: pull requests are files beside a bare repository, with the semantics of GitHub.

`/path/environments.git` keeps them in `/path/environments.pulls/`, one file each: `1.md`, the facts as `key: JSON`
lines between two `---`, then the body, byte for byte. Merging needs git, so the `pr` verb does that.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import TypeAdapter, ValidationError

from imagebot import clock
from imagebot.bans import Remembers
from imagebot.errors import BadInput, BadResponse, NotFound, Unavailable
from imagebot.forge.proposed import without
from imagebot.forge.protocol import MOST_MERGED, Access, Listing, Merged, Proposal, PullRequest, State, Unread, Written
from imagebot.forge.skeleton import Search, Skeleton
from imagebot.knownforges import FACTS
from imagebot.settings.resolve import RepositorySettings

_FILE = re.compile(r"([1-9][0-9]{0,8})\.md", re.ASCII)
_BRANCH = re.compile(rb'^branch: ("[^"\\\\\n]{1,1000}")$', re.MULTILINE)
_FENCE = "---\n"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Record:
    """What one file holds."""

    pull: PullRequest
    comments: tuple[str, ...] = ()


_RECORDS = TypeAdapter(Record)
_Stamp = tuple[int, int, int, int]
"""What changes with a file: which one it is, when it was written and changed, its size."""


def connect(settings: RepositorySettings, now: Callable[[], datetime] = clock.now) -> Local:
    """The local forge beside the bare repository at `settings.url`, a path or a `file://` URL. Raises `BadInput`."""
    return Local(pulls_folder(settings.url), settings.branch, now)


def pulls_folder(url: str) -> Path:
    """Where the pull requests of the repository at this path or `file://` URL are kept. Raises `BadInput`."""
    parts = urlsplit(url)
    path = Path(unquote(parts.path)) if parts.scheme == "file" else Path(url)
    if parts.scheme not in ("", "file") or not path.is_absolute():
        raise BadInput(f"forge: local needs a repository on this disk, as an absolute path; {url!r} is none")
    return path.with_name(path.name.removesuffix(".git") + ".pulls")


class Local(Skeleton):
    """The pull requests in one folder. Any number of processes may use it at once: every change holds its lock.

    `reads` and `writes` count the files: one that did not change is not read again.
    """

    reads = 0
    writes = 0

    def __init__(self, folder: Path, base: str, now: Callable[[], datetime]) -> None:
        super().__init__(FACTS["local"], base)
        self.folder = folder
        self._now = now
        self._files: dict[int, tuple[_Stamp, Record]] = {}

    def begin(self, remembers: Remembers) -> None:
        """Nobody tells us to wait here."""

    def access(self) -> Access:
        there = self.folder if self.folder.exists() else self.folder.parent
        if os.access(there, os.W_OK):
            return Access("pull requests can be written as files")
        return Access("pull requests are files", (f"{there} cannot be written: let imagebot write there",))

    def _list(self, search: Search) -> Listing[PullRequest]:
        """By when the file was changed, which people do by hand."""
        since = search.since
        found = self.pulls()
        return Listing(
            (pull for pull in found if since is None or self._changed(pull.number) >= since.timestamp()), found.unread
        )

    def _list_merged(self, prefix: str, since: datetime | None) -> Listing[Merged]:
        """Nothing is known here of the commit, which git made, nor of approvals, which there are none."""
        found = self._found(Search("merged", prefix))
        merged = [Merged(pull, pull.closed_at, pull.closed_by, "") for pull in found]
        recent = [one for one in merged if since is None or _moment(one.at) >= since]
        recent.sort(key=lambda one: (one.at, one.pull.number), reverse=True)
        return Listing(recent[:MOST_MERGED], found.unread)

    def _open(self, proposal: Proposal) -> Written:
        with self._locked():
            there = self.pulls()
            for pull in there:
                if (pull.state, pull.branch, pull.base) == ("open", proposal.branch, proposal.base):
                    return Written(pull)
            if because := there.doubt(proposal.branch):
                raise BadResponse(because)
            number = self._next_number()
            opened = PullRequest(
                number=number,
                url=self._file(number).as_uri(),
                branch=proposal.branch,
                base=proposal.base,
                title=proposal.title,
                body=proposal.body,
                state="open",
                labels=proposal.labels,
                reviewers=proposal.reviewers,
                assignees=proposal.assignees,
                opened_at=self._now().isoformat(),
                draft=proposal.draft,
            )
            return Written(self._save(Record(opened)))

    def _show(self, pull: PullRequest) -> PullRequest:
        return self.pull(pull.number)

    def _change(
        self, pull: PullRequest, *, title: str | None = None, body: str | None = None, close: bool = False
    ) -> PullRequest:
        def changed(there: PullRequest) -> PullRequest:
            told = replace(
                there,
                title=there.title if title is None else title,
                body=there.body if body is None else body,
            )
            return replace(told, state="closed", closed_at=self._now().isoformat()) if close else told

        return self._changed_open(pull, changed)

    def _comments(self, pull: PullRequest) -> tuple[str, ...]:
        return self._load(pull.number).comments

    def _comment(self, pull: PullRequest, comment: str) -> None:
        with self._locked():
            record = self._open_record(pull.number)
            self._save(replace(record, comments=(*record.comments, comment)))

    def _label(self, pull: PullRequest, names: Sequence[str]) -> Sequence[str]:
        self._changed_open(pull, lambda there: replace(there, labels=_joined(there.labels, names)))
        return ()

    def _ask_for_review(self, pull: PullRequest, names: Sequence[str]) -> Sequence[str]:
        self._changed_open(pull, lambda there: replace(there, reviewers=_joined(there.reviewers, names)))
        return ()

    def _assign(self, pull: PullRequest, names: Sequence[str]) -> Sequence[str]:
        self._changed_open(pull, lambda there: replace(there, assignees=_joined(there.assignees, names)))
        return ()

    def _set_draft(self, pull: PullRequest, *, wanted: bool) -> Sequence[str]:
        self._changed_open(pull, lambda there: replace(there, draft=wanted))
        return ()

    def _unlabel(self, pull: PullRequest, names: Sequence[str]) -> PullRequest:
        with self._locked():
            record = self._load(pull.number)
            left = without(record.pull.labels, names)
            return self._save(replace(record, pull=replace(record.pull, labels=left)))

    def _changed_open(self, pull: PullRequest, change: Callable[[PullRequest], PullRequest]) -> PullRequest:
        with self._locked():
            record = self._open_record(pull.number)
            return self._save(replace(record, pull=change(record.pull)))

    def pulls(self) -> Listing[PullRequest]:
        """All of them, whatever their state and base, in order of their numbers; people may edit their files."""
        found: list[PullRequest] = []
        unread: list[Unread] = []
        for number in self._numbers():
            try:
                found.append(self._load(number).pull)
            except NotFound:
                # Deleted meanwhile.
                continue
            except BadResponse as error:
                unread.append(Unread(self._branch(number), f"pull request {number} cannot be read: {error}", number))
        return Listing(found, unread)

    def pull(self, number: int) -> PullRequest:
        """The one with this number. Raises `NotFound`."""
        return self._load(number).pull

    def reject(self, number: int, by: str) -> PullRequest:
        """Close it as a person does: what it proposed is not wanted. Raises `NotFound`, also if it is not open."""
        return self._settle(number, "closed", by)

    def merged(self, number: int, by: str) -> PullRequest:
        """Record that somebody merged it. Raises `NotFound`, also if it is not open."""
        return self._settle(number, "merged", by)

    def _settle(self, number: int, state: State, by: str) -> PullRequest:
        with self._locked():
            record = self._open_record(number)
            settled = replace(record.pull, state=state, closed_by=by, closed_at=self._now().isoformat())
            return self._save(replace(record, pull=settled))

    def _numbers(self) -> list[int]:
        return sorted(int(found[1]) for name in self._names() if (found := _FILE.fullmatch(name)))

    def _branch(self, number: int) -> str:
        """What is left of a file that cannot be read; empty if not even that."""
        try:
            found = _BRANCH.search(self._file(number).read_bytes())
            return str(json.loads(found[1])) if found else ""
        except (OSError, ValueError):
            return ""

    def _changed(self, number: int) -> float:
        """When the file was, in seconds."""
        try:
            return self._file(number).stat().st_mtime
        except OSError as error:
            raise Unavailable(f"cannot read {self._file(number)}: {error.strerror}") from None

    def _open_record(self, number: int) -> Record:
        record = self._load(number)
        if record.pull.state != "open":
            raise NotFound(f"pull request {number} is {record.pull.state}, no longer open")
        return record

    def _file(self, number: int) -> Path:
        return self.folder / f"{number}.md"

    def _names(self) -> list[str]:
        try:
            return [file.name for file in self.folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Unavailable(f"cannot read the pull requests in {self.folder}: {error.strerror}") from None

    def _load(self, number: int) -> Record:
        file = self._file(number)
        try:
            return self._record(number, _stamp(file.stat()))
        except FileNotFoundError:
            raise NotFound(f"there is no pull request {number} in {self.folder}") from None
        except OSError as error:
            raise Unavailable(f"cannot read {file}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise BadResponse(f"{file} is not UTF-8 text") from None

    def _record(self, number: int, now: _Stamp) -> Record:
        """What a file holds; `now` tells whether it is as it was when it was read last."""
        before, known = self._files.get(number, (None, None))
        if known is not None and before == now:
            return known
        path = self._file(number)
        with path.open("rb") as file:
            stamp = _stamp(os.fstat(file.fileno()))
            record = read(file.read().decode(), str(path))
        self.reads += 1
        self._files[number] = (stamp, record)
        return record

    def _save(self, record: Record) -> PullRequest:
        self.writes += 1
        _write_whole(self._file(record.pull.number), write(record))
        return record.pull

    def _next_number(self) -> int:
        """One more than was ever given out, also if the files of the last ones were deleted since."""
        counter = self.folder / ".last"
        last = counter.read_text(encoding="ascii", errors="replace").strip() if counter.exists() else "0"
        if not last.isdecimal():
            raise BadResponse(f"{counter} should hold the last number given out, not {last!r}")
        number = max([int(last), *self._numbers()]) + 1
        _write_whole(counter, f"{number}\n")
        return number

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.folder.mkdir(exist_ok=True)
            with (self.folder / ".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise Unavailable(f"cannot write the pull requests in {self.folder}: {error.strerror}") from None


def write(record: Record) -> str:
    """The text of a file; `read` gives the record back."""
    facts = {**asdict(record.pull), "comments": record.comments}
    body = facts.pop("body")
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in facts.items())
    return _FENCE + "".join(lines) + _FENCE + str(body)


def read(text: str, file: str) -> Record:
    """The record in the text of a file. Raises `BadResponse` that names the file: people may edit these files."""
    head, fence, body = text.removeprefix(_FENCE).partition("\n" + _FENCE)
    if not text.startswith(_FENCE) or not fence:
        raise BadResponse(f"{file}:1: no pull request: it does not begin with facts between two lines of ---")
    facts: dict[str, object] = {"body": body}
    for line, fact in enumerate(head.split("\n"), start=2):
        key, _, value = fact.partition(": ")
        try:
            facts[key] = json.loads(value)
        except ValueError:
            raise BadResponse(f"{file}:{line}: expected a fact as `name: JSON`, found {fact!r}") from None
    comments = facts.pop("comments", [])
    try:
        return _RECORDS.validate_json(json.dumps({"pull": facts, "comments": comments}), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadResponse(f"{file}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


def _stamp(facts: os.stat_result) -> _Stamp:
    return (facts.st_ino, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size)


def _joined(there: tuple[str, ...], wanted: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*there, *wanted)))


def _moment(text: str) -> datetime:
    """When something happened; long ago where that is not told."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return _LONG_AGO
    return at if at.tzinfo is not None else _LONG_AGO


def _write_whole(file: Path, text: str) -> None:
    """Either the old content or the new, whatever kills us: a temporary file, then a rename."""
    draft = file.with_name(f".{file.name}.draft")
    with draft.open("wb") as out:
        out.write(text.encode())
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
