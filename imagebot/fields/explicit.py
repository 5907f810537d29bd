"""Fields that a policy names by file and path, where no known shape reaches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as StrMapping
from dataclasses import dataclass
from itertools import islice

from imagebot.errors import Problem
from imagebot.fields.claim import name_of
from imagebot.fields.explicit_path import Selector, Step, read_path
from imagebot.fields.field import Field, NoField, Part, Spot, Value
from imagebot.fields.template import Span, Template
from imagebot.images.reference import ImageName, Reference, is_digest, is_tag
from imagebot.yamledit import tree
from imagebot.yamledit.lines import line_numbers
from imagebot.yamledit.parse import parse, parse_within
from imagebot.yamledit.replace import problem, why_fixed
from imagebot.yamledit.tree import Alias, Document, Mapping, Node, Scalar

_LINE = re.compile(r"[^\s](?:[^\n]*[^\s])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Explicit:
    """A path (`image.tag`, `spec.containers[name=app].image`, `---[1].spec.image`) and the image it is about.

    With a template the version is only a part of the value there, or of a line of it.
    """

    path: str
    name: ImageName
    template: Template | None = None


def resolve(file: str, data: bytes, explicit: Sequence[Explicit]) -> tuple[list[Field], list[NoField]]:
    """The fields at these paths of a file that parses, and for every other path why it is none.

    A path goes on into YAML that is the text of a value. Where a template fits several lines each is a field.
    """
    fields, wrong = [], []
    documents = [document for document in parse(data) if isinstance(document, Document)] if explicit else []
    for item in explicit:
        scalar = _scalar(data, documents, item.path)
        if isinstance(scalar, str):
            wrong.append(NoField(item.name, Problem(file, 1, 1, scalar)))
            continue
        try:
            found = _by_template(scalar, item.name, item.template) if item.template else _whole(scalar, item)
        except ValueError as error:
            wrong.append(NoField(item.name, _problem(file, data, scalar, f"the value at {item.path} {error}")))
            continue
        reason = _why_fixed(data, scalar)
        fixed = _problem(file, data, scalar, reason) if reason else None
        line_at = line_numbers(data, scalar)
        for number, spots in enumerate(found, start=1):
            path = item.path if number == 1 else f"{item.path}~{number}"
            fields.append(Field(file, line_at(spots[0].start), path, "path", item.name, spots, fixed))
    return fields, wrong


def _why_fixed(data: bytes, scalar: Scalar) -> str | None:
    if scalar.anchor:
        return "the value has an anchor; write it out"
    if scalar.within is None:
        return why_fixed(data, scalar)
    return why_fixed(scalar.within.value.encode(), scalar) or _why_fixed(data, scalar.within)


def _problem(file: str, data: bytes, scalar: Scalar, message: str) -> Problem:
    return problem(file, scalar.within.value.encode() if scalar.within else data, scalar, message)


def _scalar(data: bytes, documents: Sequence[Document], path: str) -> Scalar | str:
    """The scalar at `path`, or why there is none."""
    try:
        index, steps = read_path(path)
    except ValueError as error:
        return str(error)
    chosen = documents if index is None else documents[index : index + 1]
    nodes = [node for document in chosen for node in _walk(data, document.root, steps)]
    match nodes:
        case []:
            return f"nothing stands at {path}"
        case [Scalar() as scalar]:
            return scalar
        case [Alias() as alias]:
            return (
                f"{path} is the alias *{alias.name} on line {alias.line}; name the place of its anchor, or write it out"
            )
        case [_]:
            return f"{path} is no single value"
        case _:
            return (
                f"{path} leads to {len(nodes)} values, on lines {', '.join(str(node.line) for node in nodes)}; name one"
            )


def _walk(data: bytes, root: Node, steps: Sequence[Step]) -> list[Node]:
    nodes = [root]
    for step in steps:
        nodes = [child for node in nodes for child in _children(_opened(data, node), step)]
    return nodes


def _opened(data: bytes, node: Node) -> Node:
    """What a value is to a path that goes on in it: the YAML that its text is, if it is one document."""
    if not isinstance(node, Scalar) or node.within:
        return node
    inner = list(parse_within(data, node))
    return inner[0].root if len(inner) == 1 and isinstance(inner[0], Document) else node


def _children(node: Node, step: Step) -> Iterator[Node]:
    match node, step:
        case Mapping(), str():
            yield from (value for key, value in node.pairs if isinstance(key, Scalar) and key.value == step)
        case tree.Sequence(), int():
            yield from node.items[step : step + 1]
        case tree.Sequence(), Selector():
            yield from (item for item in node.items if _chosen(item, step))
        case _:
            return


def _chosen(item: Node, selector: Selector) -> bool:
    named = [value for value in _children(item, selector.key) if isinstance(value, Scalar)]
    return [value.value for value in named] == [selector.value]


def _whole(scalar: Scalar, item: Explicit) -> list[tuple[Spot, ...]]:
    spot = _read(scalar, item.name)
    if spot is None:
        raise ValueError(f"is neither {item.name.familiar} nor a tag nor a digest; is it a part? Then give a template")
    return [(spot,)]


def _by_template(scalar: Scalar, name: ImageName, template: Template) -> list[tuple[Spot, ...]]:
    """The spots on each line that reads as the template says, blanks around it left out."""
    found = []
    for line in _LINE.finditer(scalar.value):
        readings = list(islice(template.readings(line[0], name), 2))
        if len(readings) > 1:
            raise ValueError(f"can be read as {template.text} in several ways; write more of the line in the template")
        found += [_spots(scalar, line.start(), reading) for reading in readings]
    if not found:
        raise ValueError(f"has no line that reads {template.text} with {name.familiar}")
    return found


def _spots(scalar: Scalar, at: int, reading: StrMapping[str, Span]) -> tuple[Spot, ...]:
    spots = []
    for placeholder, part in (("tag", Part.VERSION), ("digest", Part.DIGEST)):
        if placeholder in reading:
            start, end = (at + index for index in reading[placeholder])
            text = scalar.value[start:end]
            says = Value(text) if part is Part.VERSION else Value(None, text)
            spots.append(Spot(scalar, part, says, start, end))
    return tuple(spots)


def _read(scalar: Scalar, name: ImageName) -> Spot | None:
    """What of the image this scalar holds."""
    text = scalar.value.rstrip("\n")
    try:
        read = Reference.parse(text)
    except ValueError:
        read = None
    if read and read.name == name:
        return Spot(scalar, Part.REFERENCE, Value(read.tag, read.digest), len(read.written), len(text))
    head, _, digest = text.partition("@")
    if is_tag(head) and (is_digest(digest) if "@" in text else name_of(text) != name):
        return Spot(scalar, Part.TAG, Value(head, digest or None), 0, len(text))
    return Spot(scalar, Part.DIGEST, Value(None, text), 0, len(text)) if is_digest(text) else None
