"""What must hold whatever stands in a file, told by other means than the editor's own proof."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Seq
from dataclasses import dataclass

import yaml
from ruamel.yaml import YAML

from imagebot.errors import CannotEdit
from imagebot.fields.assign import Assigned, assign
from imagebot.fields.explicit import Explicit
from imagebot.fields.field import Field, Value
from imagebot.fields.find import find
from imagebot.fields.screen import screen
from imagebot.images.reference import ImageName
from imagebot.yamledit.parse import parse
from imagebot.yamledit.replace import Patch, replace
from imagebot.yamledit.tree import Document, Mapping, Node, NotYaml, Scalar, Sequence
from tests.support.pins import NEW

FILE = "f.yaml"
TEXTS = (
    *("v2", "1.30", "1.2.3-alpine", "20260101", "no", "1e5", "", "a: b", "x #y", "-", "...", "---", "{", "it's", 'q"'),
    *("\\", "ghcr.io/acme/api:v2", f"v2@{NEW}", "<<", "=", "v2 ", " v2", "*a", "&a", "!t", "|", "%", "@", "`", "?"),
    *("? a", "#", "é"),
)
TOS = (
    Value("v2"),
    Value("1.30"),
    Value("20260101"),
    Value("v2", NEW),
    Value(None, NEW),
    Value("0o17", NEW),
    Value("1e5"),
)


@dataclass(frozen=True, slots=True)
class Case:
    """A file, and numbers that say what to do to it: any number is a choice."""

    data: bytes
    pick: int
    text: int

    @classmethod
    def read(cls, packed: bytes) -> Case:
        """A case out of any bytes: a fuzzer's own way to keep one."""
        return cls(packed[4:], int.from_bytes(packed[:2], "big"), int.from_bytes(packed[2:4], "big"))

    @property
    def packed(self) -> bytes:
        return (self.pick % 65536).to_bytes(2, "big") + (self.text % 65536).to_bytes(2, "big") + self.data


class Finding(AssertionError):
    """The editor broke a promise."""


def check(case: Case, *, second_opinion: bool = False) -> str:
    """Edit the file in two ways, once knowing nothing of images. One word says how far it came."""
    documents = list(parse(case.data))
    readable = not any(isinstance(document, NotYaml) for document in documents)
    word = "unreadable"
    if readable:
        every = [item for document in documents if isinstance(document, Document) for item in scalars(document.root)]
        word = scalar_is_edited_alone(case, every, second_opinion=second_opinion) if every else "empty"
    found = image_is_set_alone(case, second_opinion=second_opinion and readable)
    if case.text % 4 == 0:
        for file in ("Dockerfile", "t.tpl"):
            words_are_set_alone(case, file)
    return found or word


def scalars(root: Node) -> Iterator[Scalar]:
    """Every scalar below a node, in the file's order."""
    match root:
        case Scalar():
            yield root
        case Sequence():
            for item in root.items:
                yield from scalars(item)
        case Mapping():
            for pair in root.pairs:
                yield from scalars(pair[0])
                yield from scalars(pair[1])


def scalar_is_edited_alone(case: Case, every: list[Scalar], *, second_opinion: bool) -> str:
    """Write over one, two or three scalars, or a part of them."""
    wanted: dict[int, Patch] = {}
    for turn in range(1 + case.pick % 3):
        index = (case.pick // 3 * (turn + 1) + turn) % len(every)
        value = every[index].value
        begin, end = (0, len(value)) if case.pick % 7 else (len(value) // 3, len(value) // 2)
        wanted[index] = Patch(begin, end, TEXTS[(case.text + turn) % len(TEXTS)])
    try:
        after = replace(FILE, case.data, [(every[index], patch) for index, patch in wanted.items()])
    except CannotEdit as error:
        honest(str(error))
        return "refused"
    values = {
        index: every[index].value[: patch.start] + patch.text + every[index].value[patch.end :]
        for index, patch in wanted.items()
    }
    only_these_changed(case.data, after, values)
    if second_opinion:
        ruamel_agrees(case.data, after, [(every[index].value, value) for index, value in values.items()])
    return "edited"


def only_these_changed(before: bytes, after: bytes, values: dict[int, str]) -> None:
    """Hold two files beside each other: the scalars of these indexes have these values, and all else is as it was."""
    old, new = layout(before), layout(after)
    if old.gaps != new.gaps:
        raise Finding(f"bytes between the values changed: {difference(old.gaps, new.gaps)}")
    for index, (was, now) in enumerate(zip(old.written, new.written, strict=True)):
        if was != now and index not in values:
            raise Finding(f"value {index} changed from {was!r} to {now!r}")
    if old.events != new.events:
        raise Finding(f"another structure: {difference(old.events, new.events)}")
    expected = [values.get(index, scalar.value) for index, scalar in enumerate(old.scalars)]
    if expected != (actual := [scalar.value for scalar in new.scalars]):
        raise Finding(f"other values: {difference(expected, actual)}")


@dataclass(frozen=True, slots=True)
class Layout:
    """A file cut at its scalars: how each is written, what stands between them, and the structure."""

    scalars: list[Scalar]
    written: list[bytes]
    gaps: list[bytes]
    events: list[tuple[object, ...]]


def layout(data: bytes) -> Layout:
    documents = [document for document in parse(data) if isinstance(document, Document)]
    every = [item for document in documents for item in scalars(document.root)]
    gaps = []
    at = 0
    for item in every:
        gaps.append(data[at : item.start])
        at = max(at, item.end)
    return Layout(every, [data[item.start : item.end] for item in every], [*gaps, data[at:]], events(data))


def events(data: bytes) -> list[tuple[object, ...]]:
    """The events of libyaml without what an edit may change: values, and quotes that a plain value takes on."""
    names = ("anchor", "tag", "flow_style", "explicit", "version", "tags")
    parsed = yaml.parse(data.decode().removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}"), Loader=yaml.CSafeLoader)
    return [(type(event).__name__, *(getattr(event, name, None) for name in names)) for event in parsed]


def difference(old: Seq[object], new: Seq[object]) -> str:
    """The first place where two lists differ."""
    if len(old) != len(new):
        return f"{len(old)} became {len(new)}"
    return next((f"{was!r} became {now!r}" for was, now in zip(old, new, strict=True) if was != now), "nothing")


def ruamel_agrees(before: bytes, after: bytes, intended: Seq[tuple[str, str]]) -> None:
    """Where ruamel.yaml reads the file, it reads the same one afterwards, but for the values that were meant.

    What it reads otherwise from the beginning, such as a byte order mark within a file, is no concern of the edit.
    """
    old = ruamel_events(before)
    if old is None:
        return
    new = ruamel_events(after)
    if new is None:
        raise Finding("ruamel.yaml cannot read it any more")
    if len(old) != len(new):
        raise Finding(f"ruamel.yaml reads {len(new)} events where it read {len(old)}")
    known = {was for was, _ in intended}
    for (kind, was), (_, now) in zip(old, new, strict=True):
        if was != now and (kind != "ScalarEvent" or (was in known and (was, now) not in intended)):
            raise Finding(f"ruamel.yaml reads {now!r} where {was!r} stood, and {intended} was meant")


def ruamel_events(data: bytes) -> list[tuple[str, object]] | None:
    """None where it finds no YAML, or stumbles: its parser knows an AssertionError or two of its own."""
    try:
        return [(type(event).__name__, getattr(event, "value", None)) for event in YAML(pure=True).parse(data.decode())]
    except Exception:  # noqa: BLE001
        return None


def honest(message: str) -> None:
    """A refusal is an answer; a proof that failed is a bug.

    But for one: where a plain scalar is the whole document, it reaches over a tab that begins the next line, and after
    the quotes that a new value needs the tab may not stand. Only the proof knows.
    """
    if "not proved" in message and "cannot start any token" not in message:
        raise Finding(message)


def image_is_set_alone(case: Case, *, second_opinion: bool) -> str | None:
    """Set one of the images found to another version. None if there is none."""
    found = find(FILE, case.data)
    for field in found.fields:
        # Only escapes may hide a name from the screen.
        if not screen(case.data, field.name) and b"\\" not in case.data:
            raise Finding(f"{field.name} has a field and is screened out")
    if not found.fields:
        return None
    picked = found.fields[case.pick % len(found.fields)]
    name = picked.name
    path_leads_there(case.data, picked)
    assigned = set_image(case, case.data, name)
    if assigned.problems or not assigned.changes:
        if assigned.data != case.data:
            raise Finding("a file with a problem changed")
        return "image refused"
    if found.unreadable is None:
        only_fields_changed(case, assigned)
    again = set_image(case, assigned.data, name)
    # With a version in it, a value may turn out to be another image's too: by an odd key above its anchor, or a marker.
    if again.data != assigned.data or not all("share this value" in item.message for item in again.problems):
        raise Finding(f"the second time is not like the first: {again.problems}")
    if second_opinion:
        pairs = zip(layout(case.data).scalars, layout(assigned.data).scalars, strict=True)
        ruamel_agrees(case.data, assigned.data, [(old.value, new.value) for old, new in pairs])
    return "image set"


def set_image(case: Case, data: bytes, name: ImageName) -> Assigned:
    assigned = assign(FILE, data, name, TOS[case.text % len(TOS)], embedded=bool(case.pick % 2))
    for problem in assigned.problems:
        honest(problem.message)
    return assigned


def words_are_set_alone(case: Case, file: str) -> None:
    """The same bytes as a file that is no YAML: only lines of fields change, and only once."""
    found = find(file, case.data)
    if not found.fields:
        return
    name, to = found.fields[case.pick % len(found.fields)].name, TOS[case.text // 4 % len(TOS)]
    assigned = assign(file, case.data, name, to)
    for problem in assigned.problems:
        honest(problem.message)
    lines = {spot.scalar.line for field, _ in assigned.changes for spot in field.spots}
    old, new = case.data.split(b"\n"), assigned.data.split(b"\n")
    changed = [number for number, (was, now) in enumerate(zip(old, new, strict=False), start=1) if was != now]
    if len(old) != len(new) or not lines.issuperset(changed) or (changed and assigned.problems):
        raise Finding(f"lines {changed} changed, and {lines} were meant")
    if assign(file, assigned.data, name, to).data != assigned.data:
        raise Finding("the second time is not like the first")


def path_leads_there(data: bytes, field: Field) -> None:
    """A person may name by its path what was found, and it is still one field. Keys that occur twice have one path."""
    named = find(FILE, data, [Explicit(field.path, field.name)])
    if [other.path for other in named.fields if not other.fixed].count(field.path) > 1:
        raise Finding(f"{field.path} is found twice")


def only_fields_changed(case: Case, assigned: Assigned) -> None:
    """Each field that was meant says the new version, every other field what it said, and no other scalar changed."""
    new = layout(assigned.data)
    spots = [spot.scalar for field, _ in assigned.changes for spot in field.spots]
    starts = {(scalar.within or scalar).start for scalar in spots}
    indexes = [index for index, scalar in enumerate(layout(case.data).scalars) if scalar.start in starts]
    only_these_changed(
        case.data, assigned.data, {index: new.scalars[index].value for index in indexes if index < len(new.scalars)}
    )
    wanted = {field.path: value for field, value in assigned.changes}
    before = {field.path: wanted.get(field.path, field.value) for field in find(FILE, case.data).fields}
    after = {field.path: field.value for field in find(FILE, assigned.data).fields}
    digests = {value.digest for value in wanted.values() if value.digest}
    # A `digest:` that was empty may stand beside a name that had no version before.
    told = {path: value for path, value in after.items() if path in before or value.digest not in digests}
    if before != told:
        raise Finding(f"fields say otherwise: {before} and {after}")
