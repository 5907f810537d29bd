from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.selection.hand_holds import HandHold
from imagebot.store.ages import Clock
from imagebot.store.document import StateDocument, read, write

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOLD = HandHold("shop", "production", "1.4.3", "ada", NOON, "breaks the till")
MEMORY = StateDocument(
    Clock(NOON), {("r.test/app", "sha256:1"): NOON, ("r.test/app", "sha256:2"): NOON}, {HOLD.place: HOLD}
)

moments = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
texts = st.text(min_size=1)
names = st.sampled_from(["a", "b", "1.0@a"]) | texts  # so that two memories know some of the same
holds = st.builds(HandHold, texts, texts, st.none() | texts, texts, moments, texts)
memories = st.builds(
    StateDocument,
    st.none() | st.builds(Clock, moments, st.none() | moments),
    st.dictionaries(st.tuples(names, names), moments),
    st.lists(holds).map(lambda several: {hold.place: hold for hold in several}),
)


@given(memories)
def test_what_is_written_is_read_back(memory: StateDocument) -> None:
    assert read(write(memory)) == memory


def test_it_is_made_for_people_and_for_diffs() -> None:
    assert (
        write(MEMORY).decode()
        == """\
{
  "format": 1,
  "clock": {
    "latest": "2026-01-01T12:00:00Z",
    "behindSince": null
  },
  "firstSeen": {
    "r.test/app": {
      "sha256:1": "2026-01-01T12:00:00Z",
      "sha256:2": "2026-01-01T12:00:00Z"
    }
  },
  "holds": [
    {
      "app": "shop",
      "environment": "production",
      "version": "1.4.3",
      "by": "ada",
      "since": "2026-01-01T12:00:00Z",
      "because": "breaks the till"
    }
  ]
}
"""
    )


@given(memories, memories)
def test_of_two_times_of_one_digest_the_earlier_stands_and_of_one_tag_the_later(
    one: StateDocument, other: StateDocument
) -> None:
    both = one.saw_too(other)
    for sight, at in both.seen.items():
        times = [memory.seen[sight] for memory in (one, other) if sight in memory.seen]
        assert at == (max(times) if "@" in sight[1] else min(times))
    assert both.holds == one.holds
    assert both.saw_too(other) == both


def test_a_day_without_news_writes_nothing() -> None:
    sights = list(MEMORY.seen)
    assert MEMORY.see(sights, NOON + timedelta(days=3)) is MEMORY


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"format": 2}, "its format is 2; this imagebot knows 1", id="newer"),
        pytest.param({"format": None}, "its format is None", id="no format"),
        pytest.param({"holds": [{"app": "shop"}]}, "it is not what imagebot writes", id="half a hold"),
        pytest.param({"holds": [{**json.loads(write(MEMORY))["holds"][0], "by": 7}]}, "it is not what", id="a number"),
        pytest.param({"firstSeen": []}, "it is not what imagebot writes", id="list"),
        pytest.param({"firstSeen": {"a": {"b": "yesterday"}}}, "'yesterday' is no time", id="no time"),
        pytest.param({"firstSeen": {"a": {"b": 7}}}, "it is not what imagebot writes", id="a number for a time"),
        pytest.param({"clock": {"latest": "2026-13-01T00:00:00Z", "behindSince": None}}, "month", id="no date"),
    ],
)
def test_what_is_not_ours_is_refused_in_words(change: dict[str, object], words: str) -> None:
    data = json.dumps(json.loads(write(MEMORY)) | change).encode()
    with pytest.raises(ValueError, match=words):
        read(data)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(data)
