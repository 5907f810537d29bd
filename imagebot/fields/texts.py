"""Every value of a file as text, and the references that stand in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from imagebot.fields.place import Trail
from imagebot.images.reference import Reference
from imagebot.yamledit.tree import Document, Mapping, Node, Scalar, Sequence

# Words with something behind a colon or an at: most words of a file have none, and are passed over in C.
_WORD = re.compile(r"(?<![A-Za-z0-9_./:@-])[A-Za-z0-9_./-]*+[:@][A-Za-z0-9_./:@-]++", re.ASCII)
# What stands before or behind a reference and would be a part of it: `${REGISTRY}app:v1`, `app:v1-${ARCH}`, `app:v1*`.
_NOT_BEFORE = frozenset("})]$%*~+&#^?")
_NOT_AFTER = frozenset("$%{([*~+=#^?")
_PUNCTUATION = ".:-"
_ENDS_A_SENTENCE = frozenset("\"'`)]}>,;")
_SCHEMES = ("docker://", "oci://")
_LONGEST = 600
_FIRST_PORT = 80


@dataclass(frozen=True, slots=True)
class StandingReference:
    """A reference in a text, and the character at which it begins."""

    at: int
    reference: Reference


def texts(document: Document) -> Iterator[tuple[Scalar, Trail | None]]:
    """Every scalar of a document that is no key, where it is written, and the way to it."""
    stack: list[tuple[Node, Trail | None]] = [(document.root, None)]
    while stack:
        node, trail = stack.pop()
        doubtful = trail.doubtful if trail else frozenset[str]()
        match node:
            case Scalar():
                yield node, trail
            case Sequence():
                stack += reversed([(item, Trail(index, trail, doubtful)) for index, item in enumerate(node.items)])
            case Mapping():
                stack += reversed(list(_values(node, trail, doubtful)))


def references(text: str) -> Iterator[StandingReference]:
    """The full references in a text, each with a tag or a digest, between boundaries that end it for sure."""
    for word in _WORD.finditer(text):
        begin, end = word.start() + _skipped(word[0]), word.end()
        if end - begin > _LONGEST or (word.start() and text[word.start() - 1] in _NOT_BEFORE):
            continue
        written = text[begin:end].rstrip(_PUNCTUATION)
        after = text[end : end + 1]
        punctuated = begin + len(written) < end
        if after in _NOT_AFTER or (punctuated and after and not (after.isspace() or after in _ENDS_A_SENTENCE)):
            continue
        reference = _read(written)
        if reference:
            yield StandingReference(begin, reference)


def _values(node: Mapping, trail: Trail | None, doubtful: frozenset[str]) -> Iterator[tuple[Node, Trail]]:
    keys = Counter(key.value for key, _ in node.pairs if isinstance(key, Scalar))
    for key, value in node.pairs:
        if isinstance(key, Scalar):
            yield value, Trail(key.value, trail, doubtful | {key.value} if keys[key.value] > 1 else doubtful)


def _skipped(word: str) -> int:
    """How much of a word stands before its reference: a scheme of images, or a variable with `:-` for its default."""
    default = word.rfind(":-") + 2 if ":-" in word else 0
    return default + next((len(scheme) for scheme in _SCHEMES if word.startswith(scheme, default)), 0)


def _read(text: str) -> Reference | None:
    if ":" not in text and "@" not in text:
        return None
    try:
        reference = Reference.parse(text)
    except ValueError:
        return None
    return reference if reference.digest or (reference.tag and not _is_port(reference)) else None


def _is_port(reference: Reference) -> bool:
    """Whether this is rather a host and its port: `redis:6379`, but neither `redis:7` nor `acme/redis:6379`."""
    tag = reference.tag or ""
    return "/" not in reference.written and tag.isdecimal() and len(tag) <= len("65535") and int(tag) >= _FIRST_PORT
