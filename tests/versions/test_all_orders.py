"""What holds for every order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.versions.all_orders import KEYS, ORDERS
from imagebot.versions.alphabetical import Alphabetical
from imagebot.versions.calver import Calver, Format
from imagebot.versions.commit import CommitOrder, History
from imagebot.versions.created import Created
from imagebot.versions.digest import Digest
from imagebot.versions.numeric import Numeric
from imagebot.versions.order import Order, Out
from imagebot.versions.semver import Semver
from imagebot.versions.semver_range import Range

IDS = tuple(f"{number:040x}" for number in range(16**39, 16**39 + 5))
TIMES = {f"b{number}": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number % 3) for number in range(5)}
EXAMPLES: dict[str, Order] = {
    "semver": Semver(Range.parse("*"), loose=True, prereleases=True),
    "calver": Calver(Format.parse("YY.MM.MICRO-MODIFIER"), prereleases=True),
    "numeric": Numeric("asc"),
    "alphabetical": Alphabetical("desc"),
    "created": Created(TIMES),
    "commit": CommitOrder("api", History("main", IDS, {"f" * 40: 2}), inside=True),
    "digest": Digest("latest"),
}
TEXTS = st.one_of(
    st.from_regex(r"v?[0-9]{1,2}\.[0-9]{1,2}(\.[0-9])?(-(rc|dev)\.?[0-9]?)?", fullmatch=True),
    st.from_regex(r"[0-9]{1,3}(\.[0-9])?", fullmatch=True),
    st.sampled_from([*TIMES, *IDS, *(f"main-{one[:40]}" for one in IDS), "f" * 40, "latest", "main", ""]),
    st.text(alphabet="abc019.-", max_size=5),
)
orders = pytest.mark.parametrize("name", EXAMPLES)


def test_there_is_an_example_of_each() -> None:
    assert list(EXAMPLES) == list(ORDERS), "each order needs an example in EXAMPLES of this file"
    assert all(type(EXAMPLES[name]) is ORDERS[name] and ORDERS[name].name == name for name in ORDERS)


@orders
@given(one=TEXTS, two=TEXTS, three=TEXTS)
def test_the_order_is_total(name: str, one: str, two: str, three: str) -> None:
    order = EXAMPLES[name]
    keys = [key for key in map(order.loosely, (one, two, three)) if key is not None]
    for first in keys:
        for second in keys:
            assert (first < second) + (first == second) + (first > second) == 1
    ordered = sorted([*keys, ()])
    assert ordered[0] == ()
    assert all(ordered[0] <= key for key in ordered)


@orders
@given(text=TEXTS)
def test_each_text_has_a_place_or_a_reason(name: str, text: str) -> None:
    order = EXAMPLES[name]
    place = order.place(text)
    words = order.why_not(text, place) if isinstance(place, Out) else order.why(place)
    assert words
    assert words == words.strip()
    if not isinstance(place, Out):
        assert order.loosely(text) == place
        assert order.praise(2, place)
        assert order.step(place, place) in (*KEYS[name].facts.steps, "other")


@orders
@given(text=TEXTS)
def test_what_is_cut_out_of_a_tag_is_a_version_again(name: str, text: str) -> None:
    order = EXAMPLES[name]
    frame = order.around(text)
    if frame is not None:
        before, after = frame
        inside = text[len(before) : len(text) - len(after)]
        assert before + inside + after == text
        assert inside


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_finds_the_version_in_a_tag_or_knows_no_variants(name: str) -> None:
    """Otherwise `variant: keep` is let through by lint, and lets no tag in."""
    excluded = KEYS[name].facts.excludes.keys() & {("tags",), ("tags", "variant")}
    finds = ORDERS[name].around is not Order.around
    assert finds != bool(excluded), f"{name} needs `around`, or ('tags', 'variant') among what it excludes; not both"


@orders
def test_an_order_says_what_was_written(name: str) -> None:
    assert str(EXAMPLES[name])
