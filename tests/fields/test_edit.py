"""What a field should say under each `pin`, and how it is written."""

from __future__ import annotations

import pytest
import yaml

from imagebot.errors import CannotEdit
from imagebot.fields.assign import assign
from imagebot.fields.edit import Pin, edit, wanted
from imagebot.fields.field import Field, Value
from imagebot.fields.find import find
from imagebot.images.reference import ImageName
from tests.support.effort import calls
from tests.support.pins import NEW, OLD

TO = Value("v2", NEW)
TAG_ONLY = Value("v2")


def only(text: str) -> Field:
    """The one field of a file."""
    [field] = find("f.yaml", text.encode()).fields
    return field


def after(text: str, to: Value, pin: Pin) -> str:
    """The file with its one field moved."""
    field = only(text)
    return edit("f.yaml", text.encode(), [(field, wanted(field, to, pin))]).decode()


@pytest.mark.parametrize(
    ("before", "to", "pin", "expected"),
    [
        pytest.param("image: x:v1", TO, "keep", "image: x:v2", id="a tag stays a tag"),
        pytest.param("image: x:v1", TAG_ONLY, "none", "image: x:v2", id="none where there is none"),
        pytest.param("image: x:v1", TO, "digest", f"image: x:v2@{NEW}", id="pinned in the reference"),
        pytest.param(f"image: x:v1@{OLD}", TO, "keep", f"image: x:v2@{NEW}", id="both move"),
        pytest.param(f"image: x@{OLD}", TO, "keep", f"image: x@{NEW}", id="a digest stays a digest"),
        pytest.param("image: x:v1", Value(None, NEW), "digest", f"image: x:v1@{NEW}", id="only pin"),
        pytest.param("containers: [{image: x}]", TO, "keep", "containers: [{image: 'x:v2'}]", id="no tag yet"),
        pytest.param("{repository: x, tag: v1}", TO, "digest", f"{{repository: x, tag: v2@{NEW}}}", id="in the tag"),
        pytest.param(
            "{repository: x, tag: v1, digest: ''}",
            TO,
            "digest",
            f"{{repository: x, tag: v2, digest: '{NEW}'}}",
            id="key",
        ),
        pytest.param(
            "{repository: x, tag: v1, digest: ''}",
            TO,
            "keep",
            "{repository: x, tag: v2, digest: ''}",
            id="key not asked",
        ),
        pytest.param(
            f"{{repository: x, tag: v1@{OLD}, digest: {OLD}}}",
            TO,
            "keep",
            f"{{repository: x, tag: v2@{NEW}, digest: {NEW}}}",
            id="twice",
        ),
        pytest.param(
            f"image: x:v1\ndigest: {OLD}", TO, "keep", f"image: x:v2\ndigest: {NEW}", id="digest beside a reference"
        ),
        pytest.param("image: x:v1\nsha: 1f834a5", TO, "keep", "image: x:v2\nsha: 1f834a5", id="a commit is no digest"),
        pytest.param(
            "{repository: x, tag: v1, digest: null}",
            TAG_ONLY,
            "keep",
            "{repository: x, tag: v2, digest: null}",
            id="null",
        ),
        pytest.param("chart: oci://x/y\nversion: v1", TO, "keep", "chart: oci://x/y\nversion: v2", id="chart"),
        pytest.param(
            f"url: oci://x/y\nref: {{tag: v1, digest: {OLD}}}",
            TO,
            "keep",
            f"url: oci://x/y\nref: {{tag: v2, digest: {NEW}}}",
            id="OCIRepository",
        ),
        pytest.param(f"repository: x\ntag: {OLD}", TO, "keep", f"repository: x\ntag: {NEW}", id="digest as a tag"),
    ],
)
def test_what_is_written(before: str, to: Value, pin: Pin, expected: str) -> None:
    assert after(before, to, pin).replace("image: x:v2}", "image: 'x:v2'}") == expected


@pytest.mark.parametrize(
    ("before", "to", "pin", "why"),
    [
        pytest.param(f"image: x:v1@{OLD}", TAG_ONLY, "keep", "is pinned", id="stale"),
        pytest.param(f"repository: x\ntag: v1\ndigest: {OLD}", TAG_ONLY, "keep", "is pinned", id="stale key"),
        pytest.param("image: x:v1", TAG_ONLY, "digest", "no digest is given", id="digest not known"),
        pytest.param(f"image: x:v1@{OLD}", TO, "none", "by hand", id="none would remove"),
        pytest.param(
            f"repository: x\ntag: v1\nsha: {OLD[7:]}", Value("v2", "sha512:" + "c" * 128), "keep", "sha256", id="sha"
        ),
        pytest.param("repository: x\ntag: v1\ndigest: sha256:${D}", TAG_ONLY, "keep", "is pinned", id="odd digest"),
        pytest.param("image: &i x:v1\nb: *i", TO, "keep", "anchor", id="fixed"),
        pytest.param("chart: oci://x/y\nversion: 1.0.0", TO, "digest", "takes no digest", id="chart"),
        pytest.param("url: oci://x/y\nref: {tag: v1}", TO, "digest", "takes no digest", id="OCIRepository"),
    ],
)
def test_what_is_refused(before: str, to: Value, pin: Pin, why: str) -> None:
    with pytest.raises(CannotEdit, match=r"^f\.yaml:\d+:\d+: ") as caught:
        after(before, to, pin)
    assert why in caught.value.problem.message


def test_a_field_that_cannot_be_edited_and_need_not_be_is_fine() -> None:
    field = only("image: &i x:v1\nb: *i")
    assert wanted(field, Value("v1")) == field.value


def test_a_stale_digest_is_refused_even_if_asked_for() -> None:
    text = f"image: x:v1@{OLD}"
    with pytest.raises(CannotEdit, match="is pinned"):
        edit("f.yaml", text.encode(), [(only(text), TAG_ONLY)])


def test_two_changes_of_one_scalar_must_agree() -> None:
    text = "image: x:v1"
    with pytest.raises(CannotEdit, match="two changes want"):
        edit("f.yaml", text.encode(), [(only(text), Value("v2")), (only(text), Value("v3"))])


def test_many_fields_at_once() -> None:
    text = "a: {image: x:v1}\nb: {image: 'y:v1'}\n---\nc: {image: x:v1}\n"
    found = find("f.yaml", text.encode()).fields
    assert edit("f.yaml", text.encode(), [(field, Value("v2")) for field in found]).decode() == text.replace("v1", "v2")


def test_bytes_that_are_not_those_of_the_fields_are_not_edited() -> None:
    with pytest.raises((CannotEdit, ValueError)):
        edit("f.yaml", b"# moved\nimage: x:v1", [(only("image: x:v1"), Value("v2"))])


def test_what_is_edited_is_parsed_once_before_and_once_for_the_proof() -> None:
    data = b"image: nginx:1.0.7 # edited once\n"
    nginx = ImageName("docker.io", "library/nginx")
    times = calls(lambda: assign("f.yaml", data, nginx, Value("1.0.8")), yaml.CSafeLoader.__init__)
    assert times == 2
