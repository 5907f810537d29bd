"""Whatever stands in a file: an image is set alone, or refused; set twice is set once; nothing crashes."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from imagebot.fields.assign import assign
from imagebot.fields.field import Value
from imagebot.fields.find import find
from imagebot.images.reference import ImageName
from tests.support.pins import NEW, OLD

API = ImageName("ghcr.io", "acme/api")
REFERENCES = [
    "ghcr.io/acme/api:v1",
    f"ghcr.io/acme/api:v1@{OLD}",
    "ghcr.io/acme/api",
    "nginx:1",
    f"x@{OLD}",
    "{{ a }}:1",
]
PIECES = [f"image: {reference}" for reference in REFERENCES]
PIECES += ["repository: ghcr.io/acme/api", "tag: v1", "tag: '1.0'", f"digest: {OLD}", "digest: ''", "registry: ghcr.io"]
PIECES += ["repository: acme/api", "url: oci://ghcr.io/acme/api", "ref: {tag: v1}", "images:", "- name: x", "<<: *a"]
PIECES += [
    "newName: ghcr.io/acme/api",
    "newTag: v1",
    "tag: &a v1",
    "tag: *a",
    "image: &b ghcr.io/acme/api:v1",
    "- image: *b",
]
PIECES += [
    "containers:",
    "a: &a",
    "b:",
    "---",
    "# é",
    "image: |",
    "ghcr.io/acme/api:v1",
    "é: {image: ghcr.io/acme/api:v1}",
]
LINES = st.tuples(st.integers(0, 3), st.sampled_from(PIECES)).map(lambda line: "  " * line[0] + line[1])
FILES = st.tuples(
    st.lists(LINES, min_size=1, max_size=12), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\ufeff"])
)


@given(FILES, st.sampled_from([Value("1.30"), Value("v2", NEW), Value(None, NEW)]))
@example((["a: &a {repository: ghcr.io/acme/api, tag: v1}", "b: {<<: *a, digest: ''}"], "\n", ""), Value("v2", NEW))
@settings(max_examples=500)
def test_an_image_is_set_alone_or_refused(file: tuple[list[str], str, str], to: Value) -> None:
    lines, end, mark = file
    data = (mark + end.join(lines)).encode()
    assigned = assign("f.yaml", data, API, to)
    if assigned.problems or not assigned.changes:
        assert assigned.data == data
        return
    before, after = find("f.yaml", data), find("f.yaml", assigned.data)
    assert len(data.split(b"\n")) == len(assigned.data.split(b"\n"))
    wanted = {field.path: value for field, value in assigned.changes}
    assert {field.path: field.value for field in after.fields} == {
        field.path: wanted.get(field.path, field.value) for field in before.fields
    }
    assert assign("f.yaml", assigned.data, API, to).data == assigned.data


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
@settings(max_examples=300)
def test_nonsense_is_read_or_refused(text: str) -> None:
    find("f.yaml", text.encode(errors="surrogatepass"))
