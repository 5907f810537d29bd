"""All fields of one file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from imagebot.errors import Problem
from imagebot.fields.all_shapes import Shape, may_begin, shapes_for
from imagebot.fields.claim import Claim, Lack
from imagebot.fields.explicit import Explicit, resolve
from imagebot.fields.field import Field, Found, NoField
from imagebot.fields.files import is_words
from imagebot.fields.find_words import find_marked, find_words, no_field
from imagebot.fields.marked import MARKER, NO_POLICIES, Marked, Policies, Unnamed, read_all
from imagebot.fields.marked_yaml import Comments
from imagebot.fields.marker import MOST, comments, too_many
from imagebot.fields.nested import Nested, may_nest, nested
from imagebot.fields.place import Place, Trail, path, places
from imagebot.images.reference import ImageName
from imagebot.yamledit.events import Budget
from imagebot.yamledit.limits import MAX_ALIASES
from imagebot.yamledit.parse import Wanted, parse
from imagebot.yamledit.replace import problem, why_fixed
from imagebot.yamledit.tree import Alias, Document, NotYaml, Skipped

# Every field holds its path: below a key of a megabyte, thousands of them would fill the memory.
LONGEST_PATH = 2_000
_TOO_LONG = "the keys above it are too long to name its place"


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A claim with what is known of where it was made; `twice` are the keys that make it doubtful."""

    claim: Claim | Marked
    shape: str
    path: str
    twice: frozenset[str]


def find(
    file: str,
    data: bytes,
    explicit: Sequence[Explicit] = (),
    policies: Policies = NO_POLICIES,
    wanted: Wanted | None = None,
) -> Found:
    """Every field of a file; with `wanted` only those of the YAML documents of whose bytes it says yes.

    `explicit` are those that policies name by their path; `policies` are the images of Flux's policies in markers.
    """
    if too_many(data):
        return Found(unreadable=Problem(file, 1, 1, f"the file has more than {MOST} markers"))
    if not is_words(file):
        return _in_yaml(file, data, explicit, policies, wanted)
    found = find_words(file, data, policies)
    return replace(found, refusals=(*found.refusals, *resolve(file, data, explicit)[1]))


def _in_yaml(file: str, data: bytes, explicit: Sequence[Explicit], policies: Policies, wanted: Wanted | None) -> Found:
    reading = _Reading(file, data, policies, Comments(data, list(comments(data))), may_nest(data), Budget())
    fields: list[Field] = []
    refusals: list[NoField] = []
    unnamed: list[Problem] = []
    for index, document in numbered(parse(data, reading.budget, wanted)):
        if isinstance(document, Skipped):
            reading.marked.skip(document)
            continue
        read = document if isinstance(document, NotYaml) else reading.document(document, index)
        if isinstance(read, NotYaml):
            return find_marked(file, data, policies, _unreadable(file, data, read))
        fields += read.fields
        refusals += read.refusals
        unnamed += read.unnamed
    refusals += [no_field(file, data, lack) for lack in reading.marked.rest()]
    named, wrong = resolve(file, data, explicit)
    taken = {spot.scalar.place for field in fields for spot in field.spots}
    fields += [field for field in named if not any(spot.scalar.place in taken for spot in field.spots)]
    return Found(tuple(fields), (*refusals, *wrong), unnamed=tuple(unnamed))


@dataclass(frozen=True, slots=True)
class _Reading:
    """One file on the way through its documents, and what of it is left for the next: markers, and the budget."""

    file: str
    data: bytes
    policies: Policies
    marked: Comments
    nests: bool
    budget: Budget

    def document(self, document: Document, index: int | None) -> Found | NotYaml:
        """What one document holds, or why the file cannot be read."""
        claimed: list[_Claimed] = []
        refusals: list[NoField] = []
        unnamed: list[Problem] = []
        for item in chain(_look(document, index), _marked(self.marked, document, index, self.policies)):
            match item:
                case Lack():
                    refusals.append(no_field(self.file, self.data, item))
                case Unnamed():
                    unnamed.append(problem(self.file, self.data, item.scalar, item.message))
                case _:
                    claimed.append(item)
        if beyond := _too_many_aliases(claimed):
            return beyond
        fields = list(_fields(self.file, self.data, document, claimed))
        for text in nested(self.data, document, self.budget) if self.nests else ():
            within = text if isinstance(text, NotYaml) else _in_text(self.file, text, index)
            if isinstance(within, NotYaml):
                return within
            fields += within.fields
            refusals += within.refusals
        return Found(tuple(fields), tuple(refusals), unnamed=tuple(unnamed))


def _in_text(file: str, text: Nested, index: int | None) -> Found | NotYaml:
    """The fields of YAML within a value, and what is none; the whole text may stand in the way of each."""
    claimed: list[_Claimed] = []
    lacks = []
    for item in _look(text.document, index, text.trail):
        if isinstance(item, Lack):
            lacks.append(no_field(file, text.data, item))
        else:
            claimed.append(item)
    if beyond := _too_many_aliases(claimed):
        return beyond
    fields = tuple(_fields(file, text.data, text.document, claimed))
    if (why := text.fixed) is not None:
        fields = tuple(replace(field, fixed=problem(file, text.data, field.spots[0].scalar, why)) for field in fields)
    return Found(fields, tuple(lacks))


def _too_many_aliases(claimed: Sequence[_Claimed]) -> NotYaml | None:
    """That a document leads to its images by more aliases than are followed. All other aliases do not count."""
    followed = {spot.via.start: spot.via for item in claimed for spot in item.claim.spots if spot.via}
    merged = next((item.claim.at.known.followed for item in claimed if isinstance(item.claim, Claim)), {})
    for count, (_, alias) in enumerate(sorted((followed | merged).items()), start=1):
        if count > MAX_ALIASES:
            message = f"more than {MAX_ALIASES} aliases lead to images in one document: write some of them out"
            return NotYaml(alias.line, alias.column, message, beyond=True)
    return None


def _unreadable(file: str, data: bytes, why: NotYaml) -> Problem:
    hint = "; a template is edited only at markers" if b"{{" in data else ""
    return Problem(file, why.line, why.column, why.message + hint)


def numbered(
    documents: Iterator[Document | Skipped | NotYaml],
) -> Iterator[tuple[int | None, Document | Skipped | NotYaml]]:
    """Each document with its number, which is None where it is the only one."""
    first = list(islice(documents, 2))
    if len(first) < 2:
        return zip((None,), first, strict=False)
    return enumerate(chain(first, documents))


def _look(document: Document, index: int | None, trail: Trail | None = None) -> Iterator[_Claimed | Lack]:
    for place in places(document, may_begin, trail):
        for key in place.entries:
            for name, shape in shapes_for(key):
                for item in shape.look(place, key):
                    yield item if isinstance(item, Lack) else _claimed(item, place, name, shape, index)


def _claimed(claim: Claim, place: Place, name: str, shape: Shape, index: int | None) -> _Claimed | Lack:
    if place.trail and place.trail.length > LONGEST_PATH:
        return Lack(claim.name, claim.spots[0].scalar, _TOO_LONG)
    own = shape.KEYS | {step for step in claim.steps if isinstance(step, str)}
    twice = place.doubtful | (own & place.twice) | (shape.KEYS & claim.at.twice)
    return _Claimed(claim, name, path(index, place.trail, *claim.steps), twice)


def _marked(
    marked: Comments, document: Document, index: int | None, policies: Policies
) -> Iterator[_Claimed | Lack | Unnamed]:
    for item in read_all(marked.beside(document), policies):
        if isinstance(item, Lack | Unnamed):
            yield item
        elif any(trail and trail.length > LONGEST_PATH for trail in item.trails):
            yield Lack(item.name, item.spots[0].scalar, _TOO_LONG, blocks=True)
        else:
            twice = frozenset[str]().union(*(trail.doubtful for trail in item.trails if trail))
            yield _Claimed(item, MARKER, path(index, item.trails[0]), twice)


def _fields(file: str, data: bytes, document: Document, claimed: list[_Claimed]) -> Iterator[Field]:
    """Fields out of claims: several on the same scalars are one field, and none may move another image."""
    tangles = _tangles(document, claimed)
    seen = set()
    for item in _not_known(claimed):
        claim, first = item.claim, item.claim.spots[0].scalar
        same = (claim.name, *((spot.scalar.start, spot.part) for spot in claim.spots))
        if same not in seen:
            seen.add(same)
            fixed = _fixed(file, data, item, tangles)
            yield Field(file, first.line, item.path, item.shape, claim.name, claim.spots, fixed)


def _not_known(claimed: Sequence[_Claimed]) -> Iterator[_Claimed]:
    """Claims without those that markers make on what a shape claims for the same image."""
    known = {
        (item.claim.name, spot.scalar.place) for item in claimed if item.shape != MARKER for spot in item.claim.spots
    }
    for item in claimed:
        if item.shape != MARKER or not any((item.claim.name, spot.scalar.place) in known for spot in item.claim.spots):
            yield item


def _fixed(file: str, data: bytes, item: _Claimed, tangles: Mapping[int, str]) -> Problem | None:
    """Why this claim cannot be edited, at the first scalar that stands in the way."""
    if item.twice:
        names = ", ".join(f"`{key}`" for key in sorted(item.twice))
        return problem(file, data, item.claim.spots[0].scalar, f"the key {names} occurs twice; keep one")
    for spot in item.claim.spots:
        reason = tangles.get(spot.scalar.start) or why_fixed(data, spot.scalar)
        if reason:
            return problem(file, data, spot.scalar, reason)
    return None


def _tangles(document: Document, claimed: list[_Claimed]) -> dict[int, str]:
    """By the start of a scalar, why an edit of it would move something else: another image, or a value that is none."""
    names: dict[int, set[ImageName]] = defaultdict(set)
    ways: dict[int, set[int]] = defaultdict(set)
    for item in claimed:
        for spot in item.claim.spots:
            names[spot.scalar.start].add(item.claim.name)
            if spot.via:
                ways[spot.scalar.start].add(spot.via.start)
    elsewhere: dict[int, list[Alias]] = defaultdict(list)
    for alias in document.aliases:
        if alias.target and alias.target.start in names and alias.start not in ways[alias.target.start]:
            elsewhere[alias.target.start].append(alias)
    tangles = {start: _used_elsewhere(aliases) for start, aliases in elsewhere.items()}
    return tangles | {start: _of_several(images) for start, images in names.items() if len(images) > 1}


def _used_elsewhere(aliases: list[Alias]) -> str:
    lines = _some([str(alias.line) for alias in aliases])
    return f"the anchor &{aliases[0].name} is also used on line {lines}, for something else: write it out there"


def _of_several(images: set[ImageName]) -> str:
    return f"{_some(sorted(name.familiar for name in images))} share this value: write it out for each"


def _some(items: list[str]) -> str:
    return ", ".join(items[:5]) + (f" and {len(items) - 5} more" if len(items) > 5 else "")
