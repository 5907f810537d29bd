"""A repository with a past: a thousand commits as people and bots make them, and what `history` should tell of them.

The past is played event by event on a model of apps and their fields; git gets it in one stream. What is expected comes
from the model alone. One seed, one past.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from tests.support.git_repos import BareRepository, Content, counted, file_change

HOUR = 3600
START = 1_735_689_600  # 2025-01-01T00:00:00Z
Who = tuple[str, str]
BOT: Who = ("imagebot", "imagebot@example.com")
APP_OF_BOT: Who = ("imagebot[bot]", "1+imagebot[bot]@users.noreply.github.com")
GITHUB: Who = ("GitHub", "noreply@github.com")
PEOPLE: tuple[Who, ...] = (
    ("Ada", "ada@example.com"),
    ("Bob", "bob@example.com"),
    ("=cmd|' /C calc'!A0", "eve@example.com"),
    ("\x1b[31mMallory [bold]\u202e", "mallory@example.com"),
    ("Zoë | `rm`", "zoe@example.com"),
)
IMAGE = "127.0.0.1:1/acme"
"""At a registry that is not there: nobody has to be asked about the past."""
BASE = """\
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      containers:
"""


@dataclass(frozen=True)
class Value:
    tag: str
    digest: str | None = None

    def __str__(self) -> str:
        return f"{self.tag}@{self.digest}" if self.digest else self.tag


@dataclass(frozen=True)
class Written:
    """A field as the model has it."""

    file: str
    line: int
    path: str
    value: Value


@dataclass(frozen=True)
class App:
    """One app in one environment, and how its files are written now. `second` is what its kustomization says."""

    name: str
    environment: str
    value: Value
    folder: str = ""
    comments: int = 0
    sidecars: int = 0
    second: Value | None = None
    broken: bool = False

    @property
    def files(self) -> dict[str, str]:
        side = "".join(f"        - name: side\n          image: {IMAGE}/side:1.{n}.0\n" for n in range(self.sidecars))
        text = "# a remark\n" * self.comments + BASE + side
        text += f"        - name: app\n          image: {IMAGE}/{self.name}:{self.value}\n"
        files = {f"{self._at}/deployment.yaml": text + ("  }{ no yaml\n" if self.broken else "")}
        if self.second is not None:
            digest = f"    digest: {self.second.digest}\n" if self.second.digest else ""
            image = f"images:\n  - name: {IMAGE}/{self.name}\n    newTag: '{self.second.tag}'\n"
            files[f"{self._at}/kustomization.yaml"] = image + digest
        return files

    @property
    def fields(self) -> list[Written]:
        line = self.comments + 8 + 2 * self.sidecars
        path = f"spec.template.spec.containers[{self.sidecars}].image"
        found = [Written(f"{self._at}/deployment.yaml", line, path, self.value)]
        if self.second is not None:
            found.append(Written(f"{self._at}/kustomization.yaml", 3, "images[0].newTag", self.second))
        return found

    @property
    def _at(self) -> str:
        return f"clusters/{self.environment}/{self.folder or self.name}"


@dataclass(frozen=True)
class Told:
    """What is expected of one entry. `moves` are file, line, path, old, new and whether that is back."""

    place: int
    at: int
    dated: bool
    app: str
    moves: tuple[tuple[str, int, str, str | None, str | None, bool], ...]
    how: str
    authors: tuple[str, ...]
    merged_by: str
    took: int | None
    number: int | None


@dataclass(frozen=True)
class Pushed:
    """How a change reached the base branch: what an entry tells of that, and whose commit it is."""

    how: str = "by hand"
    authors: tuple[str, ...] = ()
    merged_by: str = ""
    took: int | None = None
    number: int | None = None
    dated: bool = True


@dataclass
class Past:
    """A past being made. `told` is what is expected, oldest first; `events` counts what happened.

    `unread` counts versions of files that nobody can read.
    """

    random: Random
    with_bot: bool = True
    apps: dict[str, App] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    events: dict[str, int] = field(default_factory=dict)
    line: list[int] = field(default_factory=list)
    unread: int = 0
    now: int = START
    at: int = START
    _mark: int = 0
    _number: int = 0
    _stream: list[bytes] = field(default_factory=list)
    _said: dict[str, dict[int, list[str]]] = field(default_factory=dict)

    def write(self, repository: BareRepository) -> list[str]:
        """Put it all into a repository, with main at its end; the ids of what main was at, oldest first."""
        marks = repository.folder / "marks"
        end = f"reset refs/heads/main\nfrom :{self.line[-1]}\n\n".encode()
        repository.git("fast-import", "--quiet", f"--export-marks={marks}", stdin=b"".join(self._stream) + end)
        ids = dict(line.split(" ") for line in marks.read_text().splitlines())
        return [ids[f":{mark}"] for mark in self.line]

    # What git gets.

    def commit(
        self,
        files: Mapping[str, Content],
        by: tuple[Who, Who],
        dates: tuple[int, int],
        message: str,
        parents: Sequence[int],
    ) -> int:
        """One commit by author and committer, at their dates, on its parents; its mark."""
        self._mark += 1
        people = zip(("author", "committer"), by, dates, strict=True)
        head = "".join(f"{role} {who[0]} <{who[1]}> {at} +0000\n" for role, who, at in people)
        links = "".join(f"{'merge' if n else 'from'} :{parent}\n" for n, parent in enumerate(parents))
        start = f"commit refs/heads/past\nmark :{self._mark}\n{head}".encode()
        body = b"".join(file_change(path, content) for path, content in files.items())
        self._stream += [start, counted(message.encode()), links.encode(), body, b"\n"]
        return self._mark

    def land(self, mark: int, committed: int, moved: Sequence[tuple[App | None, App]], pushed: Pushed) -> None:
        """The base branch is at `mark` now, committed then; it brought these apps from one state to another."""
        possible = self.at <= committed <= self.now
        self.at = committed if possible else self.at
        pushed = replace(pushed, dated=pushed.dated and possible)
        self.line.append(mark)
        for old, new in sorted(moved, key=lambda pair: f"{pair[1].name}@{pair[1].environment}"):
            self.apps[f"{new.name}@{new.environment}"] = new
            self._tell(old, new, pushed)

    def _tell(self, old: App | None, new: App, pushed: Pushed) -> None:
        name = f"{new.name}@{new.environment}"
        said = self._said.setdefault(name, {})
        before = {n: written.value for n, written in enumerate(old.fields)} if old else {}
        moves = []
        for n, written in enumerate(new.fields):
            was = before.get(n)
            past = said.setdefault(n, [])
            if was != written.value:
                moves.append(_moved(written, was, past))
                past.append(str(written.value))
        if old is not None and old.second is not None and new.second is None:
            gone = old.fields[1]
            moves.append((gone.file, gone.line, gone.path, str(gone.value), None, False))
            said.pop(1)
        if moves:
            place, took = len(self.line) - 1, pushed.took if pushed.dated else None
            rest = (pushed.how, pushed.authors, pushed.merged_by, took, pushed.number)
            self.told.append(Told(place, self.at, pushed.dated, name, tuple(moves), *rest))


def _moved(
    written: Written, was: Value | None, past: Sequence[str]
) -> tuple[str, int, str, str | None, str | None, bool]:
    new = written.value
    back = False
    if was is not None:
        back = _key(new) < _key(was) if new.tag != was.tag else str(new) in past
    return (written.file, written.line, written.path, None if was is None else str(was), str(new), back)


def _key(value: Value) -> list[int]:
    return [int(part) for part in value.tag.split(".")]
