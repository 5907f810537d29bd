"""What must be said of each shape, a new one too."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from imagebot.fields.all_shapes import RUNNING, SHAPES, may_begin, shapes_for
from imagebot.fields.claim import Claim
from imagebot.fields.place import Trail, places
from imagebot.yamledit.parse import parse
from imagebot.yamledit.tree import Document
from tests.support.shared import corpus

OF_WHATEVER = {
    "image volume": "Kubernetes mounts any artifact",
    "argo cd chart": "a chart",
    "oci repository": "Flux applies what is in it",
    "oci chart": "a chart",
}
"""The shapes whose images run in no container, and what may stand there instead."""


def test_each_shape_says_whether_what_it_finds_runs_in_containers() -> None:
    """Where it does, a tag that is no image at all is never written."""
    names = {name for shapes in SHAPES.values() for name, _ in shapes}
    unsaid = names - RUNNING - OF_WHATEVER.keys()
    assert not unsaid, f"name {unsaid} in RUNNING of fields/all_shapes.py, or with a reason in OF_WHATEVER here"
    assert not RUNNING & OF_WHATEVER.keys()


KEYS = st.sampled_from(
    [*SHAPES, *(f"a{key.title()}" for key in SHAPES), *(key.upper() for key in SHAPES), "tag", "value", "newName", "x"]
)
VALUES = st.sampled_from(["ghcr.io/acme/api:v1", "ghcr.io/acme/api", "v1", "oci://ghcr.io/acme/api", "image.tag", ""])
TREES = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(TREES)
def test_where_no_shape_may_begin_none_finds_anything(tree: object) -> None:
    data = repr(tree).encode()
    assert list(_found(data, chosen=True)) == list(_found(data, chosen=False))


def test_in_real_files_nothing_is_found_where_no_shape_may_begin() -> None:
    for path in corpus():
        data = path.read_bytes()
        assert list(_found(data, chosen=True)) == list(_found(data, chosen=False))


def _found(data: bytes, *, chosen: bool) -> Iterator[tuple[str, object]]:
    """What shapes find in the maps where one may begin, or in every map."""

    def every(keys: list[str], trail: Trail | None) -> bool:
        return True

    for document in parse(data):
        if isinstance(document, Document):
            for place in places(document, may_begin if chosen else every):
                for key in place.entries:
                    for name, shape in shapes_for(key):
                        for item in shape.look(place, key):
                            yield name, (item.name, item.spots if isinstance(item, Claim) else item.message)
