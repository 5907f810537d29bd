"""Fields that a policy names by file and path, where no known shape reaches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from imagebot.errors import Problem
from imagebot.fields.claim import name_of
from imagebot.fields.field import Field, NoField, Part, Spot, Value
from imagebot.images.reference import ImageName, Reference, is_digest, is_tag
from imagebot.yamledit import tree
from imagebot.yamledit.parse import parse
from imagebot.yamledit.replace import problem, why_fixed
from imagebot.yamledit.tree import Alias, Document, Mapping, Node, Scalar

_STEP = re.compile(
    r"""(?:\.|^)(?P<key>[^\s.\[\]"]+) | \[(?P<index>[0-9]{1,9})\] | \["(?P<quoted>(?:[^"\\]|\\.)*)"\]
    | \[(?P<name>[^\s.\[\]"=]+)=(?P<value>[^\[\]]*)\]""",
    re.VERBOSE | re.ASCII,
)
_DOCUMENT = re.compile(r"---\[(?P<index>[0-9]{1,9})\]\.?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Explicit:
    """A path (`image.tag`, `spec.containers[name=app].image`, `---[1].spec.image`) and the image it is about."""

    path: str
    name: ImageName


@dataclass(frozen=True, slots=True)
class Selector:
    """The item of a list whose `key` is `value`."""

    key: str
    value: str


Step = str | int | Selector


def read_path(text: str) -> tuple[int | None, tuple[Step, ...]]:
    """A path's document (None: whichever has it) and steps. Raises `ValueError` that says what is wrong."""
    chosen = _DOCUMENT.match(text)
    rest = text[chosen.end() :] if chosen else text
    steps: list[Step] = []
    at = 0
    while at < len(rest):
        step = _STEP.match(rest, at)
        if step is None:
            raise ValueError(
                f"{text!r} is no path: what is {rest[at:]!r}? Write it like image.tag or containers[name=app].image"
            )
        steps.append(_step(step))
        at = step.end()
    if not steps:
        raise ValueError("the path is empty")
    return int(chosen["index"]) if chosen else None, tuple(steps)


def _step(step: re.Match[str]) -> Step:
    if step["key"] is not None:
        return step["key"]
    if step["index"] is not None:
        return int(step["index"])
    if step["quoted"] is not None:
        return re.sub(r"\\(.)", r"\1", step["quoted"])
    return Selector(step["name"], step["value"])


def resolve(file: str, data: bytes, explicit: Sequence[Explicit]) -> tuple[list[Field], list[NoField]]:
    """The fields at these paths of a file that parses, and for every other path why it is none."""
    fields, wrong = [], []
    documents = [document for document in parse(data) if isinstance(document, Document)] if explicit else []
    for item in explicit:
        found = _scalar(documents, item.path)
        if isinstance(found, str):
            wrong.append(NoField(item.name, Problem(file, 1, 1, found)))
        elif (spot := _read(found, item.name)) is None:
            message = f"the value at {item.path} is neither {item.name.familiar} nor a tag nor a digest"
            wrong.append(NoField(item.name, problem(file, data, found, message)))
        else:
            reason = why_fixed(data, found) or ("the value has an anchor; write it out" if found.anchor else None)
            fixed = problem(file, data, found, reason) if reason else None
            fields.append(Field(file, found.line, item.path, "path", item.name, (spot,), fixed))
    return fields, wrong


def _scalar(documents: Sequence[Document], path: str) -> Scalar | str:
    """The scalar at `path`, or why there is none."""
    try:
        index, steps = read_path(path)
    except ValueError as error:
        return str(error)
    chosen = documents if index is None else documents[index : index + 1]
    nodes = [node for document in chosen for node in _walk(document.root, steps)]
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


def _walk(root: Node, steps: Sequence[Step]) -> list[Node]:
    nodes = [root]
    for step in steps:
        nodes = [child for node in nodes for child in _children(node, step)]
    return nodes


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
