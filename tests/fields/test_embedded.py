"""References in longer text: found by the exact name between boundaries, and edited on the spot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.fields.assign import assign
from imagebot.fields.edit import edit
from imagebot.fields.embedded import find_embedded
from imagebot.fields.field import Field, Value
from imagebot.fields.find import LONGEST_PATH, find
from imagebot.fields.texts import references
from imagebot.images.reference import ImageName
from tests.support.pins import NEW, OLD

API = ImageName("ghcr.io", "acme/api")
REDIS = ImageName("docker.io", "library/redis")
NAMES = frozenset({API, REDIS})


def embedded(text: str) -> tuple[Field, ...]:
    """The places of the two images in longer text."""
    data = text.encode()
    return find_embedded("f.yaml", data, find("f.yaml", data), NAMES)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("--image=ghcr.io/acme/api:v1", ["v1"], id="argument"),
        pytest.param("ghcr.io/acme/api:v1", ["v1"], id="alone"),
        pytest.param("run ghcr.io/acme/api:v1 and redis:7.2", ["v1", "7.2"], id="two"),
        pytest.param("'ghcr.io/acme/api:v1'", ["v1"], id="quotes"),
        pytest.param('{\\"image\\":\\"ghcr.io/acme/api:v1\\"}', ["v1"], id="JSON"),
        pytest.param("skopeo copy docker://ghcr.io/acme/api:v1 oci://redis:7", ["v1", "7"], id="schemes"),
        pytest.param("${IMAGE:-ghcr.io/acme/api:v1}", ["v1"], id="default"),
        pytest.param("image == 'docker.io/library/redis:7'", ["7"], id="expression"),
        pytest.param("It runs ghcr.io/acme/api:v1.", ["v1"], id="end of a sentence"),
        pytest.param("ghcr.io/acme/api:v1: pulled", ["v1"], id="colon behind"),
        pytest.param("[ghcr.io/acme/api:v1,redis:7]", ["v1", "7"], id="list"),
        pytest.param(f"ghcr.io/acme/api:v1@{OLD}", [f"v1@{OLD}"], id="pinned"),
        pytest.param(f"ghcr.io/acme/api@{OLD};", [f"@{OLD}"], id="only a digest"),
        pytest.param("GHCR.IO/acme/api:v1", ["v1"], id="case of the host"),
        pytest.param("„redis:7“", ["7"], id="quotes of other languages"),
        pytest.param("ghcr.io/acme/api", [], id="no tag"),
        pytest.param("ghcr.io/acme/api:latest-${ARCH}", [], id="tag goes on"),
        pytest.param("ghcr.io/acme/api:v1-<arch>", [], id="placeholder"),
        pytest.param("ghcr.io/acme/api:$TAG", [], id="variable"),
        pytest.param("${REGISTRY}redis:7", [], id="registry in a variable"),
        pytest.param("$REGISTRY/redis:7", [], id="path in a variable"),
        pytest.param("{{registry}}redis:7", [], id="registry in a template"),
        pytest.param("quay.io/acme/api:v1 acme/api:v1 my-redis:7 a/redis:7", [], id="other images"),
        pytest.param("ghcr.io/acme/api-gateway:v1 ghcr.io/acme/api/x:v1", [], id="longer names"),
        pytest.param("ghcr.io/acme/api:v1/x", [], id="path behind"),
        pytest.param("https://ghcr.io/acme/api:v1 redis://redis:7", [], id="addresses"),
        pytest.param("redis:6379,redis:80", [], id="ports"),
        pytest.param(f"ghcr.io/acme/api@{OLD[:-1]}", [], id="half a digest"),
        pytest.param(f"ghcr.io/acme/api@{OLD}a", [], id="more than a digest"),
    ],
)
def test_what_is_a_reference(text: str, found: list[str]) -> None:
    standing = [item.reference for item in references(text) if item.reference.name in NAMES]
    assert [str(Value(item.tag, item.digest)) for item in standing] == found


FILE = """\
kind: ConfigMap
data:
  run.sh: |-
    # é
    docker run ghcr.io/acme/api:v1

      docker run ghcr.io/acme/api:v1 redis:7
  folded: >
    one
    ghcr.io/acme/api:v1
    two

      ghcr.io/acme/api:v1
args: ["--a=ghcr.io/acme/api:v1", '--b=''ghcr.io/acme/api:v1''', --c ghcr.io/acme/api:v1]
image: ghcr.io/acme/api:v1
"""


def test_all_places_of_a_file_with_their_lines() -> None:
    assert [(field.line, field.path, field.name.familiar) for field in embedded(FILE)] == [
        (5, 'data["run.sh"]', "ghcr.io/acme/api"),
        (7, 'data["run.sh"]~2', "ghcr.io/acme/api"),
        (7, 'data["run.sh"]~3', "redis"),
        (10, "data.folded", "ghcr.io/acme/api"),
        (13, "data.folded~2", "ghcr.io/acme/api"),
        (14, "args[0]", "ghcr.io/acme/api"),
        (14, "args[1]", "ghcr.io/acme/api"),
        (14, "args[2]", "ghcr.io/acme/api"),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("to", [Value("v2"), Value("v2", NEW)], ids=str)
def test_every_place_is_edited_and_nothing_else(end: str, to: Value) -> None:
    text = FILE.replace("\n", end)
    changes = [(field, to) for field in embedded(text) if field.name == API]
    expected = text.replace("api:v1", f"api:{to}").replace(
        f"image: ghcr.io/acme/api:{to}", "image: ghcr.io/acme/api:v1"
    )
    assert edit("f.yaml", text.encode(), changes).decode() == expected


def test_what_a_shape_claims_is_no_longer_text() -> None:
    assert embedded("image: ghcr.io/acme/api:v1\nuses: docker://redis:7\nimages: [x=redis:7]") == ()


def test_comments_are_no_text() -> None:
    assert embedded("a: b # ghcr.io/acme/api:v1\n") == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param('a: "ghcr.io/acme/api:v1\\n"', "escapes", id="escapes"),
        pytest.param("a: x\n  ghcr.io/acme/api:v1", "several lines", id="several lines"),
        pytest.param("a: {b: --i=ghcr.io/acme/api:v1}\na: 1", "`a` occurs twice", id="key twice"),
        pytest.param("a: !x ghcr.io/acme/api:v1", "tag !x", id="tag"),
    ],
)
def test_a_place_that_cannot_be_edited_says_why(text: str, why: str) -> None:
    [field] = embedded(text)
    assert field.fixed
    assert why in field.fixed.message


def test_without_being_asked_for_the_places_are_left_and_told() -> None:
    assigned = assign("f.yaml", FILE.encode(), API, Value("v2"))
    assert len(assigned.changes) == 1
    assert [field.line for field in assigned.left] == [5, 7, 10, 13, 14, 14, 14]
    assert assigned.data.decode() == FILE.replace("image: ghcr.io/acme/api:v1", "image: ghcr.io/acme/api:v2")


@given(st.text(alphabet=".:-@/ av1$}{(redis", max_size=40))
def test_a_reference_is_written_where_it_is_said_to_be(text: str) -> None:
    for item in references(text):
        assert text.startswith(str(item.reference), item.at)


HOSTILE = {
    "one long word": b"a: |\n  " + b"redis:7/" * 200_000,
    "many references": b"a: |\n" + b"  redis:7 redis:7\n" * 10_000,
    "many references on one line": "a: |\n  é ".encode() + b"redis:7 " * 20_000,
    "many texts": b"".join(b"- redis:7 x\n" for _ in range(4_000)),
    "deep and doubtful": b"{a: {a: " * 20 + b"redis:7" + b"}}" * 20,
}


@pytest.mark.parametrize("text", [pytest.param(text.decode(), id=name) for name, text in HOSTILE.items()])
def test_a_hostile_text_costs_no_more_than_its_size(text: str) -> None:
    found = embedded(text)
    assert edit("f.yaml", text.encode(), [(field, Value("8")) for field in found if not field.fixed])


@pytest.mark.parametrize(("length", "found"), [(LONGEST_PATH, 1), (LONGEST_PATH + 1, 0)])
def test_a_path_may_be_so_long_and_no_longer(length: int, found: int) -> None:
    outer = "o" * (length // 2)
    text = f"{outer}:\n  {'i' * (length - len(outer))}: --image=ghcr.io/acme/api:v1\n"
    assert len(embedded(text)) == found


OTHER_DOCUMENTS = {
    "no text at all": b"name: \xff ghcr.io/acme/web:1\n",
    "no YAML": b"a: [ghcr.io/acme/web:1\n",
    "no YAML beside a marker": b"a: [1 # imagebot: ghcr.io/acme/web\n",
}


@pytest.mark.parametrize("other", OTHER_DOCUMENTS.values(), ids=OTHER_DOCUMENTS)
@pytest.mark.parametrize("before", [True, False], ids=["before", "behind"])
def test_a_document_that_does_not_name_the_image_is_in_nobodys_way(other: bytes, before: bool) -> None:
    mine = b"image: ghcr.io/acme/api:v1\ncustom: v1 # imagebot: ghcr.io/acme/api\n"
    data = b"---\n".join([b"", other, mine] if before else [b"", mine, other])
    assigned = assign("f.yaml", data, API, Value("v2"))
    assert (assigned.problems, assigned.left) == ((), ())
    assert assigned.data == data.replace(b"v1", b"v2")


def test_a_marker_before_a_document_that_is_not_read_is_still_beside_nothing() -> None:
    data = b"# imagebot: ghcr.io/acme/api\n---\na: 1\n---\nimage: ghcr.io/acme/api:v1\n"
    (problem,) = assign("f.yaml", data, API, Value("v2")).problems
    assert (problem.line, "beside no single value" in problem.message) == (1, True)
