"""Lists, page by page: whatever a forge calls its pages, every item comes once, and a list that is cut is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import BadResponse
from imagebot.forge.pages import Pager
from imagebot.forge.transport import Reply, TooLarge
from imagebot.forge.wire import Body, Dialect, Parameters, Wire
from tests.forge.conftest import FAST

GITEA = Pager("limit", 10)
BITBUCKET = Pager("pagelen", 10, within="values", more=lambda answer: "next" in answer)
DATA_CENTER = Pager(
    "limit", 10, place="start", counts_items=True, within="values", more=lambda answer: answer["isLastPage"] is False
)
AZURE = Pager("$top", 10, place="$skip", counts_items=True, within="value")
PAGERS = {"gitea": GITEA, "bitbucket": BITBUCKET, "data center": DATA_CENTER, "azure": AZURE}


@dataclass
class Listing:
    """A forge that lists numbers; `gives` is how many it gives out at most, `too_large` what no answer can hold."""

    pager: Pager
    count: int
    gives: int = 10
    too_large: frozenset[int] = frozenset()
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def ask(self, verb: str, path: str, parameters: Parameters, body: Body) -> Reply:
        self.asked.append(parameters)
        size = min(int(parameters[self.pager.size]), self.gives)
        position = int(parameters[self.pager.place])
        start = position if self.pager.counts_items else (position - 1) * size
        items = list(range(self.count))[start : start + size]
        if self.too_large.intersection(items):
            raise TooLarge("the forge sent more than it may")
        return Reply(200, {}, json.dumps(self.told(items, start + size)).encode())

    def told(self, items: list[int], after: int) -> object:
        if not self.pager.within:
            return items
        told: dict[str, object] = {self.pager.within: items}
        told["isLastPage"] = after >= self.count
        if after < self.count:
            told["next"] = "https://elsewhere.test/next"
        return told


def wire(forge: Listing) -> Wire:
    dialect = Dialect("forge.test", forge.pager, "rights", 0.0)
    return Wire(forge.ask, dialect, FAST, lambda: "account")


@pytest.mark.parametrize("name", PAGERS)
@given(count=st.integers(0, 45), too_large=st.frozensets(st.integers(0, 44), max_size=1))
def test_every_item_comes_once_and_in_order(name: str, count: int, too_large: frozenset[int]) -> None:
    """What is too large by itself is a gap; nothing else is lost for it."""
    forge = Listing(PAGERS[name], count, too_large=too_large)
    found = list(wire(forge).get_all("list", "/pulls", state="open"))

    assert found == [None if number in forge.too_large else number for number in range(count)]
    assert all(asked["state"] == "open" for asked in forge.asked)


def test_a_server_that_gives_out_less_than_it_is_asked_for_loses_nothing_where_it_says_where_it_goes_on() -> None:
    assert list(wire(Listing(DATA_CENTER, 23, gives=7)).get_all("list", "/pulls")) == list(range(23))


@pytest.mark.parametrize(
    ("pager", "body"),
    [
        pytest.param(BITBUCKET, b'{"values": [], "next": "https://x"}', id="a next page after nothing"),
        pytest.param(DATA_CENTER, b'{"values": [], "isLastPage": false}', id="nothing, and not the last page"),
        pytest.param(DATA_CENTER, b'{"values": [1], "isLastPage": false}', id="the first page for ever"),
        pytest.param(BITBUCKET, b"[1, 2]", id="a list where an object should be"),
        pytest.param(AZURE, b'{"values": [1]}', id="another name for the list"),
        pytest.param(AZURE, b'{"value": null}', id="no list"),
    ],
)
def test_a_list_that_makes_no_sense_is_none(pager: Pager, body: bytes) -> None:
    def ask(*_: object) -> Reply:
        return Reply(200, {}, body)

    with pytest.raises(BadResponse):
        list(Wire(ask, Dialect("forge.test", pager, "rights", 0.0), FAST, lambda: "account").get_all("list", "/pulls"))
