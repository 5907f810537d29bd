"""People ask by ticking a box or putting on a label; nobody else can ask for them."""

from __future__ import annotations

import pytest

from imagebot.pulls.commands import Command, asked, boxes
from tests.support.hostile_text import acting

BOXES = boxes("`main`")
ALL = frozenset(Command)


def ticked(wish: Command, body: str = BOXES, sign: str = "x") -> str:
    """The body once somebody has ticked this box."""
    return body.replace(f"- [ ] <!-- imagebot:{wish} -->", f"- [{sign}] <!-- imagebot:{wish} -->")


def test_there_is_a_box_and_a_label_for_each_wish() -> None:
    assert [f"<!-- imagebot:{wish} -->" in BOXES for wish in Command] == [True] * 3
    assert [f"`imagebot/{wish}`" in BOXES for wish in Command] == [True] * 3
    assert acting(BOXES) == []


@pytest.mark.parametrize("wish", Command)
@pytest.mark.parametrize("sign", ["x", "X"])
def test_a_ticked_box(wish: Command, sign: str) -> None:
    assert asked(BOXES, ()) == frozenset()
    assert asked(ticked(wish, sign=sign), ()) == {wish}
    assert asked(ticked(wish, sign=sign).replace("\n", "\r\n"), ()) == {wish}
    assert asked(f"I would like\n\n  {ticked(wish, sign=sign)} now, please", ()) == {wish}


def test_several_at_once() -> None:
    assert asked(ticked(Command.HOLD, ticked(Command.RETRY)), [Command.REBUILD.label]) == ALL


@pytest.mark.parametrize(
    ("labels", "wishes"),
    [
        (["imagebot/hold"], {Command.HOLD}),
        (["Imagebot/Retry", "other"], {Command.RETRY}),
        (["imagebot/holds", "hold", "imagebot/"], set()),
    ],
)
def test_labels(labels: list[str], wishes: set[Command]) -> None:
    assert asked("", labels) == wishes


@pytest.mark.parametrize(
    "body",
    [
        "- [x] imagebot:hold",
        "text - [x] <!-- imagebot:hold -->",
        "`- [x] <!-- imagebot:hold -->`",
        "> - [x] <!-- imagebot:hold -->",
        "    - [x] <!-- imagebot:hold -->",
        "- [x] words <!-- imagebot:hold -->",
        "- [x] <!-- imagebot:holding -->",
        "- [x]\n<!-- imagebot:hold -->",
        "- [✓] <!-- imagebot:hold -->",
    ],
)
def test_what_only_looks_like_a_box(body: str) -> None:
    assert asked(body, ()) == frozenset()
