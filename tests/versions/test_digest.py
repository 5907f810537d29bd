"""One tag that moves."""

from __future__ import annotations

from imagebot.versions.digest import Digest
from imagebot.versions.order import Out
from tests.support.orders import placed

ORDER = Digest("latest")


def test_one_tag_alone_has_a_place() -> None:
    assert placed(ORDER, "latest") == ORDER.loosely("latest")
    assert ORDER.place("1.2.3") is Out.UNREAD
    assert ORDER.loosely("1.2.3") is None


def test_words() -> None:
    assert ORDER.why(placed(ORDER, "latest")) == "is the tag to follow"
    assert ORDER.why_not("main", Out.UNREAD) == "is not latest, the tag to follow"
    assert ORDER.praise(1, placed(ORDER, "latest")) == "the tag to follow"
    assert (ORDER.step(None, None), ORDER.around("latest"), str(ORDER)) == ("digest", None, "latest")
