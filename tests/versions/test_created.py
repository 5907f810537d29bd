"""Images by the time when they were made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from imagebot.versions.created import Created
from imagebot.versions.order import Out
from tests.support.orders import placed

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TIMES = {
    "old": NOON,
    "new": NOON + timedelta(seconds=1),
    "elsewhere": datetime(2026, 1, 1, 14, tzinfo=timezone(timedelta(hours=2))),
    "silent": None,
    "epoch": datetime(1970, 1, 1, tzinfo=UTC),
    "buildpack": datetime(1980, 1, 1, 0, 0, 1, tzinfo=UTC),
    "first": datetime(2013, 3, 20, tzinfo=UTC),
    "before the first": datetime(2013, 3, 19, 23, 59, 59, tzinfo=UTC),
}
ORDER = Created(TIMES)


def test_order() -> None:
    assert placed(ORDER, "old") < placed(ORDER, "new")
    assert placed(ORDER, "old") == placed(ORDER, "elsewhere")
    assert placed(ORDER, "first") < placed(ORDER, "old")


@pytest.mark.parametrize(
    ("tag", "out", "because"),
    [
        ("silent", Out.UNREAD, "does not say when it was made"),
        ("epoch", Out.UNREAD, "says that it was made on 1970-01-01 00:00 UTC, which is no real time"),
        ("buildpack", Out.UNREAD, "says that it was made on 1980-01-01 00:00 UTC, which is no real time"),
        ("before the first", Out.UNREAD, "says that it was made on 2013-03-19 23:59 UTC, which is no real time"),
        ("stranger", Out.UNASKED, "was not asked yet when it was made"),
    ],
)
def test_images_without_a_place(tag: str, out: Out, because: str) -> None:
    assert ORDER.place(tag) is out
    assert ORDER.loosely(tag) is None
    assert ORDER.why_not(tag, out).startswith(because)


def test_words() -> None:
    assert ORDER.why((NOON,)) == "was made on 2026-01-01 12:00 UTC"
    assert ORDER.praise(2, (NOON,)) == "the newest of 2 images, made on 2026-01-01 12:00 UTC"
    assert (ORDER.step(None, None), ORDER.around("a-b"), str(ORDER)) == ("build", None, "newest")
