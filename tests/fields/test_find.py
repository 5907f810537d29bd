"""What is a field, what it says, and what is none."""

from __future__ import annotations

import pytest

from imagebot.fields.explicit import Explicit
from imagebot.fields.find import find
from imagebot.images.reference import ImageName
from tests.support.pins import NEW, OLD

API = ImageName("ghcr.io", "acme/api")
NGINX = ImageName("docker.io", "library/nginx")


def fields(text: str) -> list[tuple[str, str, str]]:
    """Path, name and value of each field."""
    return [(field.path, field.name.familiar, str(field.value)) for field in find("f.yaml", text.encode()).fields]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("image: nginx:1.25", [("image", "nginx", "1.25")], id="scalar"),
        pytest.param(f"image: nginx@{OLD}", [("image", "nginx", f"@{OLD}")], id="only a digest"),
        pytest.param("a: [{image: nginx:1}]", [("a[0].image", "nginx", "1")], id="in a list"),
        pytest.param("- image: nginx:1", [("[0].image", "nginx", "1")], id="top-level list"),
        pytest.param("x: 1\n---\nimage: nginx:1", [("---[1].image", "nginx", "1")], id="second document"),
        pytest.param('"a.b": {image: nginx:1}', [('["a.b"].image', "nginx", "1")], id="key with a dot"),
        pytest.param(
            "containers: [{image: nginx}]", [("containers[0].image", "nginx", "")], id="container without tag"
        ),
        pytest.param("image: nginx\ntag: 1", [("tag", "nginx", "1")], id="tag beside image"),
        pytest.param("image: nginx\nimageTag: 1", [("imageTag", "nginx", "1")], id="imageTag beside image"),
        pytest.param("imageName: nginx:1", [("imageName", "nginx", "1")], id="imageName"),
        pytest.param("runnerImage: nginx:1", [("runnerImage", "nginx", "1")], id="camel case"),
        pytest.param("JOB_IMAGE: nginx:1", [("JOB_IMAGE", "nginx", "1")], id="variable"),
        pytest.param("repository: nginx\ntag: 1", [("tag", "nginx", "1")], id="helm"),
        pytest.param(f"repository: nginx\ndigest: {OLD}", [("digest", "nginx", f"@{OLD}")], id="helm with a digest"),
        pytest.param("registry: quay.io\nrepository: a/b\ntag: 1", [("tag", "quay.io/a/b", "1")], id="helm registry"),
        pytest.param('registry: ""\nrepository: a/b\ntag: 1', [("tag", "a/b", "1")], id="empty registry"),
        pytest.param("images: [{name: nginx, newTag: 1}]", [("images[0].newTag", "nginx", "1")], id="kustomize"),
        pytest.param(
            "images: [{name: x, newName: nginx, newTag: 1}]", [("images[0].newTag", "nginx", "1")], id="newName"
        ),
        pytest.param(f"images: [{{name: x, digest: '{OLD}'}}]", [("images[0].digest", "x", f"@{OLD}")], id="digest"),
        pytest.param("url: oci://r.io/c\nref: {tag: 1}", [("ref.tag", "r.io/c", "1")], id="OCIRepository"),
        pytest.param("chart: oci://r.io/c\nversion: 1.0.0", [("version", "r.io/c", "1.0.0")], id="chart"),
        pytest.param("uses: docker://nginx:1", [("uses", "nginx", "1")], id="workflow"),
        pytest.param("image: {name: nginx, version: v1}", [("image.version", "nginx", "v1")], id="named image"),
        pytest.param("image: {reference: nginx:1}", [("image.reference", "nginx", "1")], id="image volume"),
        pytest.param("images: [a, nginx:1]", [("images[1]", "nginx", "1")], id="list of images"),
        pytest.param("extraImages: [&n nginx:1, *n]", [("extraImages[0]", "nginx", "1")], id="list with an alias"),
        pytest.param("images: [web=nginx:1]", [("images[0]", "nginx", "1")], id="Argo CD's kustomize images"),
        pytest.param(
            "repoURL: r.io/charts\nchart: c\ntargetRevision: 1.0.0",
            [("targetRevision", "r.io/charts/c", "1.0.0")],
            id="Argo CD chart",
        ),
        pytest.param(
            "repoURL: oci://r.io/c\ntargetRevision: 1.0.0", [("targetRevision", "r.io/c", "1.0.0")], id="Argo CD OCI"
        ),
        pytest.param(
            "parameters: [{name: image.tag, value: v1}, {name: image.repository, value: nginx}]",
            [("parameters[0].value", "nginx", "v1")],
            id="Argo CD parameters",
        ),
        pytest.param("image: ${IMAGE:-nginx:1}", [("image", "nginx", "1")], id="default of a variable"),
    ],
)
def test_fields_of_every_shape(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert fields(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("image: '{{ .Values.image }}:1'", id="template in quotes"),
        pytest.param("image: {{ .Values.image }}", id="template that parses"),
        pytest.param("image: nginx:${TAG}", id="variable"),
        pytest.param("image: A:1", id="upper case"),
        pytest.param("image: [nginx:1]", id="list"),
        pytest.param("image: *x", id="alias to nowhere"),
        pytest.param("repository: https://charts.example.com\nversion: 1", id="chart repository"),
        pytest.param("repository: '@bitnami'\ntag: 1", id="no name"),
        pytest.param("images: [{name: x}]", id="kustomize without a version"),
        pytest.param("things: [{name: x, newTag: 1}]", id="not under images"),
        pytest.param("url: https://r.io/c\nref: {tag: v1}", id="git repository"),
        pytest.param("chart: c\nversion: 1.0.0", id="chart of a repository"),
        pytest.param("uses: actions/checkout@v4", id="action"),
        pytest.param("name: nginx:1", id="another key"),
        pytest.param("app: {name: nginx, version: 1}", id="name of something else"),
        pytest.param("reference: nginx:1", id="reference to something else"),
        pytest.param("images: [nginx, {a: b}, 1]", id="list without versions"),
        pytest.param("repoURL: https://charts.example.com\nchart: c\ntargetRevision: 1.0.0", id="chart over https"),
        pytest.param("repoURL: https://github.com/a/b\ntargetRevision: v1", id="git source"),
        pytest.param("parameters: [{name: image.tag, value: v1}]", id="parameter without a name"),
        pytest.param("parameters: {name: x}", id="other parameters"),
        pytest.param("l: &l [nginx:1]\nimages: *l", id="alias to a list"),
        pytest.param("data: {f: 'image: nginx:1'}", id="text in a scalar"),
        pytest.param(f"image: {OLD}", id="a digest without a name"),
        pytest.param("containers: [{image: 'sha256:abc'}]", id="an ID without a name"),
        pytest.param("containers: [{image: 'docker://nginx:1'}]", id="a scheme that no cluster reads"),
        pytest.param("containers: [{image: 'oci://nginx:1'}]", id="another"),
    ],
)
def test_what_is_no_field(text: str) -> None:
    assert fields(text) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("image: nginx", "without a tag", id="no tag"),
        pytest.param("repository: nginx", "no `tag` or `digest`", id="no key"),
        pytest.param("repository: nginx\ntag: ''", "empty or no tag", id="empty tag"),
        pytest.param("repository: nginx\ntag: null", "empty or no tag", id="null tag"),
        pytest.param("images: [{name: x, newName: nginx}]", "neither", id="only renamed"),
        pytest.param("url: oci://docker.io/nginx\nref: {semver: '1'}", "by itself", id="semver"),
        pytest.param("containers: [{image: 'docker://nginx:1'}]", "begins with `docker://`", id="docker://"),
        pytest.param("initContainers: [{image: 'oci://nginx'}]", "begins with `oci://`", id="oci://"),
    ],
)
def test_a_name_without_a_version_says_why_it_is_no_field(text: str, why: str) -> None:
    found = find("f.yaml", text.encode())
    assert found.fields == ()
    assert [refusal.name for refusal in found.refusals] == [NGINX]
    assert why in found.refusals[0].problem.message


def test_a_digest_key_wins_over_one_in_the_tag() -> None:
    [field] = find("f.yaml", f"repository: nginx\ntag: 1@{OLD}\ndigest: {NEW}".encode()).fields
    assert field.digest == NEW


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("image: |\n  nginx:1\r\r\n", "block of lines", id="block"),
        pytest.param("repository: nginx\ntag: 1\ntag: 2", "`tag` occurs twice", id="key twice"),
        pytest.param("a: {image: nginx:1}\na: 2", "`a` occurs twice", id="key above twice"),
        pytest.param("url: oci://docker.io/nginx\nref: {tag: 1, tag: 2}", "`tag` occurs twice", id="inner key twice"),
        pytest.param("image: &i nginx:1\nlabel: *i", "also used on line 2", id="anchor"),
        pytest.param("image: &i nginx:1\n*i : x", "also used on line 2", id="anchor as a key"),
        pytest.param(
            "a: {repository: nginx, tag: &t '1'}\nb: {repository: x, tag: *t}", "share this value", id="two images"
        ),
    ],
)
def test_a_field_that_cannot_be_edited_is_still_read(text: str, why: str) -> None:
    field = find("f.yaml", text.encode()).fields[0]
    assert (field.name, field.tag) == (NGINX, "1")
    assert field.fixed
    assert why in field.fixed.message


def test_a_broken_file_says_where_and_offers_nothing() -> None:
    found = find("f.yaml", b"image: nginx:1\n---\n{{ if }}\n}}}\n")
    assert found.fields == ()
    assert found.unreadable
    assert "template" in found.unreadable.message


def test_a_huge_map_merged_often_costs_no_time() -> None:
    base = b"base: &b {" + b",".join(b"k%d: v" % n for n in range(10_000)) + b"}\n"
    text = base + b"".join(b"m%d: {<<: *b, repository: nginx, tag: v1}\n" % n for n in range(8_000))
    assert len(find("f.yaml", text).fields) == 8_000


HOSTILE = {
    "a list of huge maps merged often": b"base: &b [{"
    + b",".join(b"k%d: v" % n for n in range(10_000))
    + b"}]\n"
    + b"".join(b"m%d: {<<: *b, repository: nginx, tag: v1}\n" % n for n in range(8_000)),
    "one tag of many images": b"t: &t v1\n"
    + b"".join(b"m%d: {repository: x%d, tag: *t}\n" % (n, n) for n in range(12_000)),
    "one tag with many digests": b"t: &t v1\n"
    + b"".join(b"m%d: {repository: x, tag: *t, digest: '%s'}\n" % (n, OLD.encode()) for n in range(10_000)),
    "one long line": b"[" + b",".join([b"{image: nginx}"] * 24_000) + b"]",
    "many keys of one map": b"".join(b"k%dImage: nginx:1\n" % n for n in range(49_990)),
    "one key many times": b"image: nginx:1\n" * 49_990,
}


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in HOSTILE.items()])
def test_a_hostile_file_costs_no_more_than_its_size(data: bytes) -> None:
    found = find("f.yaml", data)
    assert found.fields or found.refusals or "aliases lead to images" in str(found.unreadable)


def test_merges_of_merges_cost_no_time() -> None:
    lines = [b"m0: &m0 {repository: nginx, tag: v1}"]
    lines += [b"m%d: &m%d {<<: [%s]}" % (n, n, b",".join([b"*m%d" % (n - 1)] * 9)) for n in range(1, 2000)]
    for count in (5, 2000):
        found = find("f.yaml", b"\n".join(lines[:count]))
        assert [field.fixed for field in found.fields] == ([None] if count == 5 else [])
        assert (found.unreadable is None) == (count == 5)


EXPLICIT = f"""\
app:
  image_tag: v12
  full: ghcr.io/acme/api:v12
  pin: {OLD}
  list: [a, v12]
  args:
    - name: one
      value: v1
    - name: two.x
      value: v2
  "a.b/c": v3
  text: |
    v4
  anchored: &v v5
  again: *v
  map: {{}}
  other: quay.io/acme/api:v1
"""


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        pytest.param("app.image_tag", "v12", 2, id="tag"),
        pytest.param("app.full", "v12", 3, id="reference"),
        pytest.param("app.pin", f"@{OLD}", 4, id="digest"),
        pytest.param("app.list[1]", "v12", 5, id="index"),
        pytest.param("app.args[name=one].value", "v1", 8, id="selector"),
        pytest.param("app.args[name=two.x].value", "v2", 10, id="selector with a dot"),
        pytest.param('app["a.b/c"]', "v3", 11, id="quoted key"),
    ],
)
def test_explicit_paths(path: str, value: str, line: int) -> None:
    [field] = [field for field in find("f", EXPLICIT.encode(), [Explicit(path, API)]).fields if field.path == path]
    assert (str(field.value), field.line, field.name, field.fixed) == (value, line, API, None)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        pytest.param("app.nothing", "nothing stands at", id="missing"),
        pytest.param("app.list[7]", "nothing stands at", id="no such index"),
        pytest.param("app.args[name=three].value", "nothing stands at", id="no such item"),
        pytest.param("---[1].app", "nothing stands at", id="no such document"),
        pytest.param("app.map", "no single value", id="map"),
        pytest.param("app.again", "alias", id="alias"),
        pytest.param("app.other", "neither", id="another image"),
        pytest.param("app..x", "no path", id="two dots"),
        pytest.param("app.list[x]", "no path", id="no index"),
        pytest.param("", "empty", id="empty"),
        pytest.param("app.list[-1]", "no path", id="negative"),
    ],
)
def test_a_path_that_leads_nowhere_says_why(path: str, why: str) -> None:
    found = find("f", EXPLICIT.encode(), [Explicit(path, API)])
    assert [refusal.name for refusal in found.refusals] == [API]
    assert why in found.refusals[0].problem.message


@pytest.mark.parametrize("path", ["app.anchored"])
def test_a_value_at_a_path_that_cannot_be_edited_is_still_read(path: str) -> None:
    [field] = [field for field in find("f", EXPLICIT.encode(), [Explicit(path, API)]).fields if field.path == path]
    assert field.fixed


def test_a_path_that_fits_several_documents_is_refused() -> None:
    found = find("f", b"tag: a\n---\ntag: b\n", [Explicit("tag", API)])
    assert "2 values, on lines 1, 3" in found.refusals[0].problem.message


def test_a_path_may_name_the_document() -> None:
    [field] = find("f", b"tag: a\n---\ntag: b\n", [Explicit("---[1].tag", API)]).fields
    assert field.tag == "b"


def test_a_path_to_a_known_shape_is_no_second_field() -> None:
    data = b"image: {repository: ghcr.io/acme/api, tag: v1}"
    assert find("f", data, [Explicit("image.tag", API)]) == find("f", data)


def test_printed_paths_can_be_written_in_a_policy() -> None:
    data = b"a: 1\n---\n'x.y': [{'q\"r\\': {image: nginx:1}}]"
    [field] = find("f", data).fields
    [again] = find(
        "f", data.replace(b"image", b"other"), [Explicit(field.path.replace("image", "other"), NGINX)]
    ).fields
    assert again.value == field.value
