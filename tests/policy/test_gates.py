"""The keys that keep versions back: what they may be, and what is said of anything else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from imagebot.documents.read import read
from imagebot.policy.gates import Freeze, WallTime
from imagebot.policy.model import Policy, PolicyFile, policies_of

EXAMPLE = """
app: podinfo
repository: environments
environments:
  staging: {}
  production:
    paths: ["p/"]
    minimumAge: 3d
    windows: ["Mon-Fri 09:00-17:00 Europe/Berlin"]
    freezes: [{from: 2026-12-20, to: 2027-01-03, zone: Europe/Berlin, because: Christmas}, "Fri 15:00-24:00"]
    from: {environment: staging, after: 2d}
images:
  - {image: nginx, semver: 1.x, minimumAge: 1d, platforms: [linux/amd64, linux/arm64/v8], repush: allow}
"""


def production() -> Policy:
    model = read(PolicyFile, "x", EXAMPLE.encode())
    assert isinstance(model, PolicyFile), model
    return policies_of("x", model)[1]


def test_the_example() -> None:
    gates = production().gates
    assert (gates.minimum_age, [str(window) for window in gates.windows]) == (
        timedelta(days=3),
        ["Mon-Fri 09:00-17:00 Europe/Berlin"],
    )
    assert [str(freeze) for freeze in gates.freezes] == [
        "2026-12-20 to 2027-01-03 Europe/Berlin (Christmas)",
        "Fri 15:00-24:00",
    ]
    assert gates.source is not None
    assert (gates.source.environment, gates.source.after) == ("staging", timedelta(days=2))
    (watch,) = production().watches
    assert (watch.platforms, watch.repush, watch.downgrade) == (("linux/amd64", "linux/arm64"), "allow", "hold")


def test_of_two_ages_the_longer_one_counts() -> None:
    gates = production().gates
    assert gates.for_image(timedelta(days=1)).minimum_age == timedelta(days=3)
    assert gates.for_image(timedelta(days=9)).minimum_age == timedelta(days=9)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("environment: staging", "environment: stagin", "11:25 this app has no environment 'stagin'; it has staging"),
        (
            "environment: staging",
            "environment: production",
            "11:25 this goes round in a circle: production from production",
        ),
        (
            "staging: {}",
            "staging: {from: {environment: production}}",
            "5:33 this goes round in a circle: staging from production from staging",
        ),
        (
            "after: 2d",
            "after: soon",
            "11:41 'soon' is no duration: write a number with a unit, as in 45s, 5m, 1h30m, 3d or 2w",
        ),
        ("to: 2027-01-03", "to: 2026-01-03", "10:38 it ends at 2026-01-03, before it begins"),
        (
            "from: 2026-12-20",
            "from: 2026-13-20",
            "10:22 '2026-13-20' is no date; write it as in 2026-12-24 or '2026-12-24 18:00'",
        ),
        (
            "zone: Europe/Berlin",
            "zone: Berlin",
            "10:56 'Berlin' is no time zone; write a name such as Europe/Berlin or UTC",
        ),
        ("because: Christmas", "because: ''", "10:80 write at least one character, and only printable ones"),
        ("becau", "becuau", "10:71 unknown key 'becuause'; did you mean 'because'?"),
        ('"Fri 15:00-24:00"', '"* * * * *"', "10:92 '* * * * *' never ends, so nothing would ever change"),
        ('"Fri 15:00-24:00"', "[]", "10:92 expected a mapping, found a list"),
        ("linux/amd64", "amd64", "13:61 'amd64' is no platform; write one such as linux/amd64 or linux/arm/v7"),
        ("repush: allow", "repush: yes", "13:99 expected 'allow' or 'ignore'"),
        ("repush: allow", "downgrade: ignore", "13:102 expected 'allow' or 'hold'"),
    ],
)
def test_one_wrong_thing(old: str, new: str, message: str) -> None:
    assert old in EXAMPLE
    found = read(PolicyFile, "x", EXAMPLE.replace(old, new).encode())
    assert isinstance(found, tuple), found
    assert [f"{problem.line}:{problem.column} {problem.message}" for problem in found] == [message]


@pytest.mark.parametrize(
    ("start", "to", "first", "after"),
    [
        ("2026-03-29", "2026-03-29", "2026-03-28 23:00", "2026-03-29 22:00"),
        ("2026-12-24 18:00", "2026-12-27 06:00", "2026-12-24 17:00", "2026-12-27 05:00"),
        ("2026-12-24 18:00", "2026-12-26", "2026-12-24 17:00", "2026-12-26 23:00"),
    ],
    ids=["the short day of summer time", "moments", "a moment and a day"],
)
def test_a_freeze_begins_and_ends_by_its_own_clock(start: str, to: str, first: str, after: str) -> None:
    freeze = Freeze.model_validate({"from": start, "to": to, "zone": "Europe/Berlin"})
    begins, ends = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (first, after))
    second = timedelta(seconds=1)
    assert [freeze.holds(at) for at in (begins - second, begins, ends - second, ends)] == [False, True, True, False]
    assert (freeze.closes(begins), freeze.closes(ends)) == (ends, ends)


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-1-1", "2026-02-30", "2026-01-01 25:00", "2026-01-01T10:00Z"])
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match="is no date"):
        WallTime.parse(text)
