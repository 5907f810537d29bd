"""Files written to hurt: what they cost grows no faster than they do, or they are refused with a reason.

Counted in calls and in bytes, never in seconds. What only a regular expression could draw out has no count: there the
sizes are such that a quadratic one would run into the time limit of every test.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

import pytest

from imagebot.fields.assign import assign
from imagebot.fields.field import Value
from imagebot.fields.find import find
from imagebot.fields.screen import mentions, screen
from imagebot.fields.unclear import unclear
from imagebot.images.reference import ImageName
from imagebot.yamledit.limits import MAX_BYTES
from tests.support.effort import calls, memory

API = ImageName("ghcr.io", "acme/api")


def laughs(count: int) -> bytes:
    """Lists of lists, each twice in the next: 2 to the power of `count` maps, if they were followed."""
    lines = [b"m: &m {image: nginx:1}", b"x0: &x0 [*m]"]
    lines += [b"x%d: &x%d [*x%d, *x%d]" % (n, n, n - 1, n - 1) for n in range(1, count)]
    return b"\n".join([*lines, b"z: {<<: *x%d}" % (count - 1)])


def long_list_merged_often(count: int) -> bytes:
    return b"m: &m {tag: v1}\nl: &l [" + b"*m," * count + b"]\nx:\n" + b"- {<<: *l}\n" * count


def wide_map_merged_often(count: int) -> bytes:
    keys = b",".join(b"k%d: v" % n for n in range(count))
    return b"m: &m {" + keys + b"}\nx:\n" + b"- {<<: *m, image: nginx:1}\n" * count


def parameters_shared(count: int) -> bytes:
    return b"p: &p [" + b"{name: a, value: b}," * count + b"]\nx:\n" + b"- parameters: *p\n" * count


def ref_shared(count: int) -> bytes:
    keys = b",".join(b"k%d: v" % n for n in range(count))
    return b"r: &r {" + keys + b"}\nx:\n" + b"- {url: oci://ghcr.io/acme/api, ref: *r}\n" * count


def one_anchor_many_aliases(count: int) -> bytes:
    return b"a: &a ghcr.io/acme/api:1\nx:\n" + b"- image: *a\n- command: *a\n" * count


def one_key_again_and_again(count: int) -> bytes:
    return b"image: ghcr.io/acme/api:1\n" * count


def keys(count: int) -> bytes:
    return b"".join(b"k%d: v\n" % n for n in range(count))


def images(count: int) -> bytes:
    return b"- image: ghcr.io/acme/api:1\n" * count


def documents(count: int) -> bytes:
    return b"---\nimage: ghcr.io/acme/api:1\n" * count


def references_in_a_block(count: int) -> bytes:
    return b"a: |\n" + b"  run ghcr.io/acme/api:v1\n" * count


def references_on_a_line(count: int) -> bytes:
    return b"a: '" + b" ghcr.io/acme/api:v1" * count + b"'"


def values_in_a_block(count: int) -> bytes:
    return b"helm:\n  values: |\n" + b"    - image: ghcr.io/acme/api:v1\n" * count


def values_shared(count: int) -> bytes:
    return b"a: &a |\n" + b"  image: ghcr.io/acme/api:v1\n" * count + b"b:\n" + b"- helm: {values: *a}\n" * count


def markers(count: int) -> bytes:
    return b"- v1 # imagebot: ghcr.io/acme/api\n" * count


def markers_in_a_block(count: int) -> bytes:
    return b"a: |\n" + b"  - v1 # imagebot: ghcr.io/acme/api\n" * count


def markers_in_a_template(count: int) -> bytes:
    return b"{{- if x }}\n" + markers(count)


@pytest.mark.parametrize(
    "made",
    [
        references_in_a_block,
        references_on_a_line,
        values_in_a_block,
        values_shared,
        markers,
        markers_in_a_block,
        markers_in_a_template,
        images,
        documents,
    ],
)
def test_twice_the_file_is_about_twice_the_work_to_edit(made: Callable[[int], bytes]) -> None:
    once, twice = (
        calls(lambda size=size: assign("f.yaml", made(size), API, Value("v2"), embedded=True))  # type: ignore[misc]
        for size in (200, 400)
    )
    assert once > 200
    assert twice < 3 * once


@pytest.mark.parametrize(
    "made",
    [
        laughs,
        long_list_merged_often,
        wide_map_merged_often,
        parameters_shared,
        ref_shared,
        one_anchor_many_aliases,
        one_key_again_and_again,
        keys,
        images,
        documents,
    ],
)
def test_twice_the_file_is_about_twice_the_work(made: Callable[[int], bytes]) -> None:
    once, twice = (calls(lambda size=size: find("f.yaml", made(size))) for size in (200, 400))  # type: ignore[misc]
    assert once > 200
    assert twice < 3 * once


@pytest.mark.parametrize("made", [laughs, ref_shared, parameters_shared, documents, markers, values_in_a_block])
def test_what_was_read_of_a_file_is_gone_with_it(made: Callable[[int], bytes]) -> None:
    """It used to be in cycles: each file stayed in memory until all of that was searched."""
    assign("f.yaml", made(2), API, Value("v2"), embedded=True)
    gc.collect()
    gc.disable()
    try:
        assign("f.yaml", made(20), API, Value("v2"), embedded=True)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_chain_of_lists_of_aliases_is_not_followed_to_the_end_of_the_stack() -> None:
    lines = [b"m: &m {image: nginx:1}", b"x0: &x0 [*m]", *(b"x%d: &x%d [*x%d]" % (n, n, n - 1) for n in range(1, 5000))]
    found = find("f.yaml", b"\n".join([*lines, b"z: {<<: *x4999}"]))
    assert [field.path for field in found.fields] == ["m.image"]


def test_a_chain_of_merges_in_keys_is_not_followed_to_the_end_of_the_stack() -> None:
    lines = [b"? &a0 {image: nginx:1}\n: 1", *(b"? &a%d {<<: *a%d}\n: 1" % (n, n - 1) for n in range(1, 5000))]
    found = find("f.yaml", b"\n".join([*lines, b"z: {<<: *a4999}"]))
    assert "more than 64 aliases lead to images" in str(found.unreadable)
    assert [field.path for field in find("f.yaml", b"\n".join([*lines[:50], b"z: {<<: *a49}"])).fields] == ["z.image"]


def test_thousands_of_fields_below_a_huge_key_do_not_each_hold_it() -> None:
    data = b"? " + b"k" * 1_000_000 + b"\n:\n" + b"- image: ghcr.io/acme/api:1\n" * 500
    assert memory(lambda: find("f.yaml", data)) < 32 * 2**20
    found = find("f.yaml", data)
    assert {refusal.problem.headline for refusal in found.refusals[:1]} == {
        "f.yaml:3:10: the keys above it are too long to name its place"
    }


def test_thousands_of_doubled_keys_above_a_field_are_not_listed_for_each() -> None:
    key = b"? " + b"k" * 100_000 + b"\n:\n" + b"  - image: ghcr.io/acme/api:1\n" * 500
    assert memory(lambda: find("f.yaml", key + key)) < 32 * 2**20


@pytest.mark.parametrize("unit", ["a:1", "abc", "ab/", "a.", "a@sha256:", "${A:-", "a-"])
def test_a_value_of_three_megabytes_is_no_image(unit: str) -> None:
    value = unit * (3 * 2**20 // len(unit))
    for key in ("image", "repository", "tag", "url", "chart", "uses"):
        found = find("f.yaml", f"{key}: {value}x\nother: {{repository: ghcr.io/acme/api, tag: v1}}".encode())
        assert [field.path for field in found.fields] == ["other.tag"]


@pytest.mark.parametrize("unit", [b"a:1/", b"a/", b":-x/acme/api", b"q.io/acme/api ", b"//acme/api.x", b"1:/acme/api@"])
def test_eight_megabytes_of_almost_the_name_do_not_mention_it(unit: bytes) -> None:
    data = unit * (MAX_BYTES // len(unit))
    assert not mentions(data, API)
    screen(data, API)


@pytest.mark.parametrize(
    ("file", "unit"),
    [
        pytest.param("Dockerfile", b"--from=a ", id="stages on one line"),
        pytest.param("a.tpl", b"redis ", id="words on one line"),
        pytest.param("a.tpl", b"name: redis:", id="keys on one line"),
        pytest.param("a.tpl", b"redis # ", id="comments on one line"),
    ],
)
def test_half_a_megabyte_on_one_line_is_read_in_one_go(file: str, unit: bytes) -> None:
    data = b"COPY " + unit * (2**19 // len(unit))
    found = find(file, data)
    unclear(data, found, ImageName.parse("redis"))
    assert found.refusals == ()
