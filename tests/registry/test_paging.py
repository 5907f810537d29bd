"""Every tag comes, however a registry pages; a list that may be short is never taken for whole."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import BadResponse
from imagebot.images.packed_tags import PackedTags
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries, TagList
from imagebot.registry.limits import (
    CURSOR_CHARACTERS,
    MAX_PAGES,
    PAGE_SIZE,
    TAGS_BYTES,
    TAGS_FREE,
    TAGS_TOTAL_BYTES,
    TAGS_TOTAL_PARTS,
)
from imagebot.registry.paging import TagPage, TagPages, after, linked_query
from imagebot.settings.resolve import RegistrySettings
from tests.support.fake_registry import JSON, PROFILES, Paging, paging, tag_list
from tests.support.web_function import Answer, Asked, Function, Served, serving

REPOSITORY = "virtual/acme/api"


def ask(served: Served) -> TagList:
    registries = Registries({served.host: RegistrySettings(plain_http=True)})
    return registries.tags(ImageName(served.host, REPOSITORY))


def in_some_order(count: int) -> list[str]:
    tags = [f"1.0.{number}" for number in range(count)]
    random.Random(count).shuffle(tags)
    return tags


@pytest.mark.parametrize("count", [0, 1, 100, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 2 * PAGE_SIZE])
@pytest.mark.parametrize("way", PROFILES.values(), ids=PROFILES)
def test_every_tag_comes_however_a_registry_pages(way: Paging, count: int) -> None:
    tags = in_some_order(count)
    with serving(paging(REPOSITORY, tags, way)) as served:
        found = ask(served)
    assert sorted(found.tags) == sorted(tags)
    assert found.complete


def test_a_registry_that_cuts_its_list_without_a_word_is_not_believed() -> None:
    way = Paging(heeds=frozenset({"n"}), link=None)
    with serving(paging(REPOSITORY, in_some_order(PAGE_SIZE + 1), way)) as served:
        assert not ask(served).complete


def test_upload_times_are_taken_where_a_registry_tells_them() -> None:
    """As Google's do, with pages and all; what makes no sense is no time, and no reason to fail."""
    manifests: dict[str, object] = {
        "sha256:1": {"tag": ["1.0.0", "latest"], "timeUploadedMs": "1767268800123", "timeCreatedMs": "0"},
        "sha256:2": {"tag": ["1.0.1"], "timeUploadedMs": "yesterday"},
        "sha256:3": {"tag": ["1.0.2"], "timeUploadedMs": 1767268800123},
        "sha256:4": {"tag": "1.0.3", "timeUploadedMs": "1767268800123"},
        "sha256:5": {"tag": [7], "timeUploadedMs": "1767268800123"},
        "sha256:6": ["1.0.4"],
    }

    def function(asked: Asked) -> Answer:
        if "cursor" in asked.query:
            late = {"sha256:7": {"tag": ["1.0.9"], "timeUploadedMs": "1767272400000"}}
            return Answer(200, (JSON,), json.dumps({"tags": ["1.0.9"], "manifest": late}).encode())
        first = {"tags": ["1.0.0", "1.0.1", "latest"], "manifest": manifests, "next": "/v2/x/tags/list?cursor=a"}
        return Answer(200, (JSON,), json.dumps(first).encode())

    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with serving(function) as served:
        found = ask(served)
    assert found.tags == ("1.0.0", "1.0.1", "latest", "1.0.9")
    assert found.uploaded == {"1.0.0": noon, "latest": noon, "1.0.9": noon + timedelta(hours=1)}


def test_an_empty_page_with_a_link_is_not_the_end() -> None:
    def function(asked: Asked) -> Answer:
        if "cursor" in asked.query:
            return tag_list("1.0.0")
        return tag_list(headers=[("Link", '</v2/x/tags/list?cursor=a>; rel="next"')])

    with serving(function) as served:
        assert ask(served) == TagList(("1.0.0",))


@pytest.mark.parametrize("tags", [b"null", b"[]"])
def test_no_tags_are_an_empty_list(tags: bytes) -> None:
    with serving(lambda _: Answer(200, (JSON,), b'{"name": "x", "tags": ' + tags + b"}")) as served:
        assert ask(served) == TagList(())


def test_what_is_no_tag_is_dropped_and_counted() -> None:
    with serving(lambda _: tag_list("1.0.0", "", "a b", "-x", "x" * 129, "1.0.0\n", "\u0661", "1.0.0")) as served:
        assert ask(served) == TagList(("1.0.0",), dropped=6)


def looping(links: list[str]) -> Function:
    """Page after page of new tags, with these links over and over."""
    count = iter(range(10**9))

    def function(asked: Asked) -> Answer:
        number = next(count)
        link = links[number % len(links)]
        return tag_list(f"1.0.{number}", headers=[("Link", f'<{link}>; rel="next"')])

    return function


@pytest.mark.parametrize(
    "links",
    [
        pytest.param(["/v2/x/tags/list?n=1000"], id="to itself"),
        pytest.param(["/v2/x/tags/list?last=a", "/v2/x/tags/list?last=b"], id="circle"),
        pytest.param(["/v2/x/tags/list"], id="no query"),
        pytest.param([f"/?{'a' * (CURSOR_CHARACTERS + 1)}"], id="long query"),
        pytest.param(["/?a b"], id="space in the query"),
        pytest.param(["javascript:alert(1)"], id="no address"),
    ],
)
def test_a_link_that_leads_nowhere_is_an_error_and_no_short_list(links: list[str]) -> None:
    with serving(looping(links)) as served, pytest.raises(BadResponse):
        ask(served)


def test_pages_that_bring_nothing_new_are_an_error_however_their_links_change() -> None:
    count = iter(range(10**9))
    with (
        serving(lambda _: tag_list("1.0.0", headers=[("Link", f"</?last={next(count)}>; rel=next")])) as served,
        pytest.raises(BadResponse, match="no tag but those before it"),
    ):
        ask(served)
    assert len(served.asked) == 2


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"tags": "abc"}', id="text for a list"),
        pytest.param(b'{"tags": {"a": 1}}', id="object for a list"),
        pytest.param(b'{"tags": ["1.0.0", 1]}', id="number for a tag"),
        pytest.param(b'{"tags": ["1.0.0", null]}', id="null for a tag"),
        pytest.param(b'{"tags": ["1.0.0"', id="cut"),
        pytest.param(b'["1.0.0"]', id="no object"),
        pytest.param(b'{"name": "x"}', id="no tags"),
        pytest.param(b"<html>Please log in</html>", id="page for people"),
        pytest.param(b'{"tags": ["\xff"]}', id="no UTF-8"),
        pytest.param('{"tags": ["1.0.0"]}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"tags": ' + b"[" * 100_000, id="deep"),
        pytest.param(b'{"tags": [' + b"1" * 1_000_000 + b"]}", id="long number"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_no_tag_list_is_a_bad_response(body: bytes) -> None:
    with serving(lambda _: Answer(200, (JSON,), body)) as served, pytest.raises(BadResponse):
        ask(served)


def test_tags_are_counted_as_they_are_held() -> None:
    pages = TagPages("r.test")
    tags = tuple(f"{number:028}" for number in range(TAGS_FREE // 128))
    pages.following(TagPage(tags, len(tags)), 1, "/?1")
    assert pages.held == TAGS_FREE
    assert pages.tags == tags
    for number in range(100):
        more = tuple(f"1.{number}.{each}" for each in range(1000))
        pages.following(TagPage(more, 1000), 1, f"/?{number + 2}")
    assert pages.held < 2 * TAGS_FREE, "what is more is packed"
    assert (len(pages.tags), pages.tags[len(tags)], pages.tags[-1]) == (len(tags) + 100_000, "1.0.0", "1.99.999")


def test_what_cannot_be_packed_has_its_bound() -> None:
    pages, chance = TagPages("r.test"), random.Random(1)

    def fill() -> None:
        for number in range(1000):
            some = tuple(f"{chance.getrandbits(480):0120x}" for _ in range(1000))
            pages.following(TagPage(some, 1000), 1, f"/?{number}")

    with pytest.raises(BadResponse, match="too long"):
        fill()
    assert pages.held <= TAGS_BYTES + TAGS_FREE


@given(st.lists(st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}", fullmatch=True), max_size=30), st.data())
def test_packed_tags_are_those_that_were_packed(tags: list[str], data: st.DataObject) -> None:
    packed = PackedTags.of(iter(tags))
    assert (list(packed), len(packed), packed[2:5]) == (tags, len(tags), tuple(tags[2:5]))
    asked = data.draw(st.sampled_from([*tags, "none", "", "\n", *(tag[1:] for tag in tags)]))
    assert (asked in packed) == (asked in tags)
    if tags:
        at = data.draw(st.integers(-len(tags), len(tags) - 1))
        assert packed[at] == tags[at]
    assert packed.and_then(PackedTags.of(["x"])) == PackedTags.of(tags).and_then(PackedTags.of(["x"]))


def test_parts_are_counted_over_all_pages() -> None:
    pages = TagPages("r.test")
    pages.following(TagPage(("1",), 1, parts=TAGS_TOTAL_PARTS), 1, "/?1")
    with pytest.raises(BadResponse, match="too long"):
        pages.following(TagPage(("2",), 1, parts=1), 1, "/?2")


def test_bytes_are_counted_over_all_pages() -> None:
    pages = TagPages("r.test")
    pages.following(TagPage(("1",), 1), TAGS_TOTAL_BYTES, "/?1")
    with pytest.raises(BadResponse, match="too long"):
        pages.following(TagPage(("2",), 1), 1, "/?2")


def test_pages_are_counted() -> None:
    pages = TagPages("r.test")
    for number in range(MAX_PAGES):
        pages.ask(f"last={number}")
    with pytest.raises(BadResponse, match="more than 10000 pages"):
        pages.ask("last=a")


@given(st.text(), st.text())
def test_only_the_query_of_a_link_is_ever_used(before: str, behind: str) -> None:
    try:
        query = linked_query(f"{before}?{behind}", "r.test")
    except BadResponse:
        return
    assert query.isascii()
    assert query.isprintable()
    assert len(query) <= CURSOR_CHARACTERS
    assert query in f"{before}?{behind}"


def test_a_tag_is_quoted_in_a_query() -> None:
    assert after("a&b#c") == f"n={PAGE_SIZE}&last=a%26b%23c"
