"""Markers: what they say, which value they are beside, and what of it is edited."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebot.fields.assign import assign
from imagebot.fields.field import Found, Value
from imagebot.fields.find import find
from imagebot.fields.marked_yaml import Comments
from imagebot.fields.marker import comments
from imagebot.fields.place import Trail
from imagebot.fields.unclear import unclear
from imagebot.images.reference import ImageName
from imagebot.yamledit.parse import parse
from imagebot.yamledit.tree import Document
from tests.support.effort import calls
from tests.support.pins import NEW, OLD

API = ImageName("ghcr.io", "acme/api")
OURS = "# imagebot: ghcr.io/acme/api"


def said(text: str, file: str = "f.yaml", policy: str = "") -> list[tuple[int, str, str, str]]:
    """Line, path, name and value of each field."""
    found = find(file, text.encode(), (), {policy: API} if policy else {})
    return [(field.line, field.path, field.name.familiar, str(field.value)) for field in found.fields]


def why(found: Found) -> list[str]:
    return [refusal.problem.message for refusal in found.refusals]


def flux(setter: str) -> str:
    return f'# {{"$imagepolicy": "{setter}"}}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"v: v1 {OURS}", (1, "v", "v1"), id="tag"),
        pytest.param(f"v: v1@{OLD} {OURS}", (1, "v", f"v1@{OLD}"), id="tag with digest"),
        pytest.param(f"v: {OLD} {OURS}", (1, "v", f"@{OLD}"), id="digest"),
        pytest.param(f"v: ghcr.io/acme/api:v1 {OURS}", (1, "v", "v1"), id="reference"),
        pytest.param(f"v: ghcr.io/acme/api {OURS}", (1, "v", ""), id="reference without version"),
        pytest.param(f"v: '${{R}}/acme/api:v1' {OURS}", (1, "v", "v1"), id="begun by a variable"),
        pytest.param(f"v: ghcr.io/{{{{ x }}}}/api:v1 {OURS}", (1, "v", "v1"), id="template in the middle"),
        pytest.param(f"- v1 {OURS}", (1, "[0]", "v1"), id="item of the root"),
        pytest.param(f"- - v1 {OURS}", (1, "[0][0]", "v1"), id="item of an item"),
        pytest.param(f"a:\n{OURS}\n- v1", (3, "a[0]", "v1"), id="above an item"),
        pytest.param(f"a: &x v1\nb: *x {OURS}\n", (1, "b", "v1"), id="alias"),
        pytest.param(f"a: 1\n---\nv: v1\t{OURS}\n", (3, "---[1].v", "v1"), id="second document"),
        pytest.param(f"\ufeffv: v1 {OURS}", (1, "v", "v1"), id="byte order mark"),
        pytest.param(f"é: 'é'\nv: v1 {OURS}", (2, "v", "v1"), id="characters of many bytes"),
        pytest.param(f"v: v1 {OURS}\r\nw: 1\r\n", (1, "v", "v1"), id="CRLF"),
        pytest.param("v: v1 #imagebot:ghcr.io/acme/api", (1, "v", "v1"), id="without spaces"),
    ],
)
def test_a_marked_value_is_a_field(text: str, expected: tuple[int, str, str]) -> None:
    [field] = find("f.yaml", text.encode()).fields
    assert (field.line, field.path, str(field.value)) == expected
    assert (field.name, field.shape, field.fixed) == (API, "marker", None)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"v: |\n  v1 {OURS}", id="literal block"),
        pytest.param(f"v: | {OURS}\n  v1", id="header of a block"),
        pytest.param(f"v: 'v1 {OURS}'", id="in quotes"),
        pytest.param("v: v1#imagebot: ghcr.io/acme/api", id="no comment"),
        pytest.param("v: v1 # imagebot: opens pull requests", id="prose"),
        pytest.param("v: v1 # see imagebot: ghcr.io/acme/api", id="in a sentence"),
        pytest.param("v: v1 # imagebot: {{ .image }}", id="templated marker"),
        pytest.param("v: v1 # imagebot:", id="empty marker"),
    ],
)
def test_what_is_no_marker_of_the_image(text: str) -> None:
    found = find("f.yaml", text.encode())
    assert [field for field in found.fields if field.name == API] == []
    assert [refusal for refusal in found.refusals if refusal.name == API] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(f"{OURS}\nv: v1", "beside no single value", id="above a key"),
        pytest.param(f"{OURS}\n- {{v: v1}}", "beside no single value", id="above a map"),
        pytest.param(f"- v1\n\n{OURS}\n\n- v2", "beside no single value", id="a blank line between"),
        pytest.param(f"m: {{v: v1}} {OURS}", "beside no single value", id="behind a flow map"),
        pytest.param(f"m: {OURS}\n  v: v1", "beside no single value", id="behind a key"),
        pytest.param(f"l: &l [v1]\nm: *l {OURS}", "beside no single value", id="behind an alias of a list"),
        pytest.param(f"v: v1\n{OURS}", "beside no single value", id="at the end"),
        pytest.param(f"--- {OURS}\nv: v1", "beside no single value", id="behind the mark of a document"),
        pytest.param(f"v: {OURS}", "neither", id="empty value"),
        pytest.param(f"v: nginx:1 {OURS}", "neither", id="another image"),
        pytest.param(f"v: two words {OURS}", "neither", id="words"),
        pytest.param(f"v: '{{{{ r }}}}/acme/web:v1' {OURS}", "neither", id="another image begun by a template"),
        pytest.param(f"v: 'quay.io/{{{{ r }}}}:v1' {OURS}", "neither", id="another registry"),
        pytest.param(f"v: v1 {OURS}:tag", "and nothing more", id="with a part"),
        pytest.param(f"v: v1 {OURS} please", "and nothing more", id="with words"),
    ],
)
def test_a_marker_that_leads_nowhere_is_refused_whatever_else_is_found(text: str, message: str) -> None:
    found = find("f.yaml", text.encode())
    assert [refusal.blocks for refusal in found.refusals] == [True]
    assert message in why(found)[0]
    data = f"image: ghcr.io/acme/api:v1\n---\n{text}".encode()
    assigned = assign("f.yaml", data, API, Value("v2"))
    assert assigned.problems
    assert assigned.data == data


def test_tag_and_digest_in_one_map_are_one_field() -> None:
    text = f"a:\n  d: {OLD} {OURS}\n  t: v1 {OURS}\nb: v1 {OURS}\n"
    assert said(text) == [(3, "a.t", API.familiar, f"v1@{OLD}"), (4, "b", API.familiar, "v1")]


def test_tags_and_digests_take_turns() -> None:
    text = f"t1: v1 {OURS}\nt2: v1 {OURS}\nd2: {OLD} {OURS}\n"
    assert [value for _, _, _, value in said(text)] == ["v1", f"v1@{OLD}"]


def test_a_key_that_occurs_twice_is_refused() -> None:
    [field, _] = find("f.yaml", f"v: v1 {OURS}\nv: v1 {OURS}\n".encode()).fields
    assert field.fixed
    assert "`v` occurs twice" in field.fixed.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            f"v: ghcr.io/acme/web:v1 {flux('a:b')}", [("v", "ghcr.io/acme/web", "v1")], id="the value names it"
        ),
        pytest.param(f"v: v1 {flux('a:p:tag')}", [("v", "ghcr.io/acme/api", "v1")], id="tag"),
        pytest.param(f"v: {OLD} {flux('a:p:digest')}", [("v", "ghcr.io/acme/api", f"@{OLD}")], id="digest"),
        pytest.param(f"v: '' {flux('a:p:digest')}", [("v", "ghcr.io/acme/api", "")], id="empty digest"),
        pytest.param(f"v: ghcr.io/acme/api {flux('a:p:name')}", [], id="name"),
        pytest.param(f"v: v1 {flux('a:other:tag')}", [], id="another policy"),
        pytest.param(
            f"t: v1 {flux('a:o:tag')}\nn: ghcr.io/acme/web {flux('a:o:name')}",
            [("t", "ghcr.io/acme/web", "v1")],
            id="told by its name",
        ),
        pytest.param(
            f"t: v1 {flux('a:o:tag')}\nn: nginx {flux('a:o:name')}\nm: redis {flux('a:o:name')}", [], id="two names"
        ),
        pytest.param(f"{flux('a:p:tag')}\nv: v1", [], id="above a key"),
        pytest.param(f"v: v1 {flux('p')}", [], id="no namespace"),
        pytest.param(f"v: v1 {flux('a:p:version')}", [], id="no such part"),
        pytest.param('v: v1 # {"$imagepolicy": ["a:p:tag"]}', [], id="no string"),
        pytest.param('v: v1 # {"$imagepolicy": "a:p:tag"', [], id="no JSON"),
    ],
)
def test_flux_markers(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(path, name, value) for _, path, name, value in said(text, policy="a:p")] == expected


def test_a_policy_of_which_nothing_says_the_image_is_told() -> None:
    [problem] = find("f.yaml", f"v: v1 {flux('a:p:tag')}".encode()).unnamed
    assert "write `imagePolicy: a:p`" in problem.message


def test_a_flux_marker_on_another_kind_of_value_is_refused() -> None:
    found = find("f.yaml", f"v: ghcr.io/acme/api:v1 {flux('a:p:tag')}".encode(), (), {"a:p": API})
    assert found.fields == ()
    assert why(found) == ["the value beside this marker is no tag"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("image: ghcr.io/acme/api:v1", "v1", id="reference"),
        pytest.param("tag: v1", "v1", id="tag"),
        pytest.param("  - 'v1'", "v1", id="item"),
        pytest.param('"tag": "v1",', "v1", id="as in JSON"),
        pytest.param("export TAG=v1", "v1", id="shell"),
        pytest.param("TAG ?= v1", "v1", id="make"),
        pytest.param("- --tag=v1", "v1", id="argument"),
        pytest.param("run: docker run ghcr.io/acme/api:v1 serve", "v1", id="one reference among words"),
        pytest.param("x: ${IMAGE:-ghcr.io/acme/api:v1}", "v1", id="default"),
        pytest.param("image: {{ .r }}/acme/api:v1", "v1", id="begun by a template"),
        pytest.param('image: "{{ .r | default "x" }}/acme/api:v1"', "v1", id="quotes in a template"),
        pytest.param("from: nginx:1 to: ghcr.io/acme/api:v1", "v1", id="beside another image"),
        pytest.param(f"sum: {OLD}", f"@{OLD}", id="digest"),
    ],
)
def test_in_a_template_a_marker_takes_the_one_value_of_its_line(line: str, expected: str) -> None:
    assert said(f"{{% if %}}\n{line} {OURS}\n", "f.j2") == [(2, "line[2]", API.familiar, expected)]
    assert said(f"{{% if %}}\n{OURS}\n{line}\n", "f.j2") == [(3, "line[3]", API.familiar, expected)]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("serve v1", id="no key"),
        pytest.param("a: 1 b: v1", id="two keys"),
        pytest.param("ENV A=1 B=v1", id="two variables"),
        pytest.param("a: v1 v2", id="two values"),
        pytest.param("a: ghcr.io/acme/api:v1 ghcr.io/acme/api:v2", id="two references"),
        pytest.param("a: {{ x }}", id="only a template"),
        pytest.param("a: {{ x }}v1", id="joined to a template"),
        pytest.param("a: v1-{{ x }}", id="before a template"),
        pytest.param("{{ if eq .x 'v1' }}", id="in a template"),
        pytest.param("a: {v: v1}", id="flow map"),
        pytest.param("", id="nothing"),
        pytest.param("a: quay.io/acme/api:v1", id="another registry"),
        pytest.param("a: " + "x" * 5000 + ": v1", id="very long"),
    ],
)
def test_in_a_template_nothing_is_guessed(line: str) -> None:
    found = find("f.j2", f"x\n{OURS}\n{line}\n".encode())
    assert found.fields == ()
    assert [refusal.blocks for refusal in found.refusals] == [True]


TEMPLATE = f"{{{{ if }}}}\nimage: ghcr.io/acme/api:v1 {OURS}\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(TEMPLATE, None, id="all marked"),
        pytest.param(f"{TEMPLATE}{OURS}\ntag: v1\n", None, id="marked above"),
        pytest.param(f"{TEMPLATE}image: quay.io/acme/api:v1\n", None, id="another image"),
        pytest.param(f"{TEMPLATE}n: ghcr.io/acme/api {flux('a:b:name')}\n", None, id="a marked name"),
        pytest.param(f"{TEMPLATE}image: ghcr.io/acme/api:v1\n", 3, id="not marked"),
        pytest.param(f"{TEMPLATE}# see ghcr.io/acme/api\n", 3, id="in a comment"),
        pytest.param(f"{TEMPLATE}image: ghcr.io/acme/api:v1 # imagebot: nginx\n", 3, id="marked for another"),
    ],
)
def test_a_template_is_unclear_where_it_names_an_image_without_a_marker(text: str, line: int | None) -> None:
    data = text.encode()
    doubt = unclear(data, find("f.yaml", data), API)
    assert (doubt.line if doubt else None) == line


def test_a_file_that_is_only_looked_into_for_markers_is_never_unclear() -> None:
    data = b"image = ghcr.io/acme/api:v1"
    assert unclear(data, find("main.tf", data), API) is None


WORDS = re.compile(r"[a-z0-9.:/@-]+")
TEXT = st.text(st.sampled_from("ab:= \t\n\"'{}$%#-@/v1."), max_size=30)


@given(TEXT, TEXT, st.sampled_from(["f.j2", "f.yaml", "Dockerfile"]), st.sampled_from([Value("v2"), Value("v2", NEW)]))
@settings(max_examples=400)
def test_whatever_stands_around_a_marker_only_the_value_changes(before: str, after: str, file: str, to: Value) -> None:
    text = f"{{{{ x }}}}\n{before}v1{after} {OURS}\n{before}ghcr.io/acme/api:v1{after}\n"
    assigned = assign(file, text.encode(), API, to)
    if assigned.problems:
        assert assigned.data == text.encode()
    else:
        new = assigned.data.decode()
        assert WORDS.sub("", new) == WORDS.sub("", text)
        pairs = zip(WORDS.findall(text), WORDS.findall(new), strict=True)
        assert all(str(to) in became for old, became in pairs if old != became)
        assert assign(file, assigned.data, API, to).data == assigned.data


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"imagebot:" * 500_000, id="one long line"),
        pytest.param(b"# imagebot: x\n" * 500_000, id="many lines"),
        pytest.param(b"a: {{\n" * 10 + b"{{ # imagebot: x\n" * 100_000, id="open templates"),
        pytest.param(b"- v1 # imagebot: x\n---\n" * 9_000, id="many documents"),
        pytest.param((b"{" * 3_000 + b' # {"$imagepolicy": "a:b"}\n') * 500, id="braces"),
    ],
)
def test_hostile_markers_cost_no_more_than_their_bytes(data: bytes) -> None:
    for file in ("f.yaml", "f.j2"):
        found = find(file, data)
        assert found.unreadable or found.fields or found.refusals


def test_a_markers_line_and_bytes_are_counted() -> None:
    [one, two] = comments(b"a\n\nv: 1 # imagebot: x\n\n  # imagebot: y\n")
    assert (one.line, one.start, one.alone, two.line, two.start, two.alone) == (3, 8, False, 5, 25, True)


def test_only_a_value_beside_a_marker_is_told_its_way() -> None:
    few, many = (_trails(size) for size in (10, 100))
    assert few == many > 0


def _trails(size: int) -> int:
    data = b"x:\n  y:\n    - nginx:1 # imagebot: nginx\n" + b"".join(b"k%d: {b: {c: 1}}\n" % n for n in range(size))
    (document,) = parse(data)
    assert isinstance(document, Document)
    marked = Comments(data, list(comments(data)))
    return calls(lambda: list(marked.beside(document)), Trail.__init__)
