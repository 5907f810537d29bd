from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imagebot.policy.model import Watch
from imagebot.selection.rank import rank
from imagebot.suggest.track import Tracked, TrackRule, rule_for, track_of
from tests.support.watches import watch

THREE = "^[0-9.]+$"


def tracked(tag: str) -> Tracked:
    found = track_of(tag)
    assert isinstance(found, Tracked), found
    return found


def follows(rule: TrackRule) -> Watch:
    """A watch as a policy with this rule has it."""
    tags = {"match": rule.match} | ({"extract": rule.extract} if rule.extract else {})
    return watch(rule.semver, loose=rule.loose, tags=tags)


@pytest.mark.parametrize(
    ("tag", "semver", "match", "extract"),
    [
        ("6.5.3", "^6.5.3", THREE, None),
        ("v6.5.3", "^6.5.3", "^v[0-9.]+$", None),
        ("0.4.8", "^0.4.8", THREE, None),
        # `^0.0.3` would be 0.0.3 alone.
        ("0.0.3", "~0.0.3", THREE, None),
        ("1.25", "^1.25", r"^[0-9]+\.[0-9]+$", None),
        ("1.29.1-alpine", "^1.29.1", "^(?P<version>[0-9.]+)-alpine$", "$version"),
        ("1.25-alpine3.18", "^1.25", r"^(?P<version>[0-9]+\.[0-9]+)-alpine3\.18$", "$version"),
        ("release-v1.2.0", "^1.2.0", "^release-v(?P<version>[0-9.]+)$", "$version"),
        ("1.0.0-9", "^1.0.0-9", "^(?P<version>[0-9.]+)-(?P<build>[0-9]+)$", "$version-$build"),
        ("17.0.1_12-jdk", "^17.0.1-12", "^(?P<version>[0-9.]+)_(?P<build>[0-9]+)-jdk$", "$version-$build"),
        (
            "8.0.28-debian-10-r0",
            "^8.0.28-0",
            "^(?P<version>[0-9.]+)-debian-10-r(?P<rebuild>[0-9]+)$",
            "$version-$rebuild",
        ),
        (
            "4.0.16.2944-ls288",
            "^4.0.16-2944.288",
            r"^(?P<version>[0-9]+\.[0-9]+\.[0-9]+)\.(?P<fourth>[0-9]+)-ls(?P<build>[0-9]+)$",
            "$version-$fourth.$build",
        ),
        ("3.8_1", "^3.8.0-1", r"^(?P<version>[0-9]+\.[0-9]+)_(?P<build>[0-9]+)$", "$version.0-$build"),
        ("12-r3", "^12.0.0-3", "^(?P<version>[0-9]+)-r(?P<build>[0-9]+)$", "$version.0.0-$build"),
        ("2.0.0-rc.1", "^2.0.0-rc.1", r"^[0-9.]+(?:-rc(?:\.[0-9]+)?)?$", None),
        ("2026.7.11", ">=2026.7.11 <2100", THREE, None),
        ("2024.01.15", ">=2024.01.15 <2100", r"^[0-9]+\.[0-9]+\.[0-9]+$", None),
        ("20240115", ">=20240115", "^20[0-9]{6}$", None),
        ("main-1234", ">=1234", "^main-(?P<version>[0-9]{1,7})$", "$version"),
        ("123456789", ">=123456789", "^[0-9]{9}$", None),
    ],
)
def test_the_rule_for_a_tag(tag: str, semver: str, match: str, extract: str | None) -> None:
    rule = rule_for([tracked(tag)])
    assert (rule.semver, rule.match, rule.extract) == (semver, match, extract)


@pytest.mark.parametrize(
    ("tag", "why"),
    [
        ("latest", "is a name"),
        ("alpine", "is a name"),
        ("16", "follows every 16.x by itself"),
        ("16-alpine", "follows every 16.x by itself"),
        ("2022", "follows every 2022.x by itself"),
        ("2022-latest", "is moved by its publisher"),
        ("1.0.0-SNAPSHOT", "is moved by its publisher"),
        ("v2.0.0-alpha5", "does not sort"),
        ("1.0-rc.1", "is a prerelease of no three-part version"),
        ("174e8813666951ded505daf334a37f60fd50c18d", "names a commit"),
        ("main-2021-11-11-aee7c97b", "names a commit"),
        ("sha-1234567", "names a commit"),
        ("pr-12", "names a commit or a proposal"),
        ("2.3.3-002", "counts with leading zeros"),
        ("22.04", "looks like a date"),
        ("12345678", "is as long as a date and is none"),
        ("2024-01-15", "is no version"),
        ("RELEASE.2022-06-17T02-52-50Z", "is no version"),
        ("0.14.X-alpine", "is no version"),
        ("k8s", "is no version"),
    ],
)
def test_what_fits_no_order_is_left_out_with_the_reason(tag: str, why: str) -> None:
    found = track_of(tag)
    assert isinstance(found, str)
    assert found.startswith(why)


NEIGHBOURS = [
    pytest.param(
        "6.5.3", "6.5.4", ["v6.5.9", "6.6", "6.5.9-alpine", "6.5.9-1", "7.0.0", "6.6.0-rc.1", "latest"], id="bare"
    ),
    pytest.param("v6.5.3", "v6.6.0", ["6.7.0", "v6.7", "v6.7.0-alpine", "v7.0.0"], id="v"),
    pytest.param("1.25", "1.27", ["1.28.0", "1.28-alpine", "2", "2.0", "v1.28", "1"], id="two numbers"),
    pytest.param(
        "1.5.2-alpine", "1.6.0-alpine", ["1.7.0", "1.7.0-alpine3.18", "1.7-alpine", "v1.7.0-alpine"], id="variant"
    ),
    pytest.param("8.0.28-debian-10-r9", "8.0.28-debian-10-r10", ["8.0.29-debian-11-r0", "8.0.29"], id="rebuild"),
    pytest.param("17.0.1_9", "17.0.1_12", ["17.0.1_12-jdk", "17.0.2", "18.0.0_1"], id="build"),
    pytest.param("6.4.1.900", "6.4.1.10545", ["6.4.2", "7.0.0.1", "6.4.1.10545-ls1"], id="four numbers"),
    pytest.param("2.0.0-rc.9", "2.0.0-rc.10", ["2.1.0-beta.1", "2.1.0-alpine", "v2.1.0"], id="prerelease"),
    pytest.param("2.0.0-rc.1", "2.1.0", ["3.0.0"], id="prerelease to release"),
    pytest.param("20240115", "20250102", ["202501021200", "1.0.0", "v20260101"], id="date"),
    pytest.param("2024.12.1", "2025.1.0", ["2025.1", "v2025.2.0"], id="year"),
]


@pytest.mark.parametrize(("now", "best", "others"), NEIGHBOURS)
def test_an_update_stays_on_its_track(now: str, best: str, others: list[str]) -> None:
    ranking = rank(follows(rule_for([tracked(now)])), [now, best, *others], [now])
    assert ranking.best is not None
    assert ranking.best.tag == best
    assert {candidate.tag for candidate in ranking.candidates} == {now, best}


def test_a_rule_begins_at_the_lowest_tag_that_runs() -> None:
    assert rule_for([tracked("6.5.10"), tracked("6.5.9")]).semver == "^6.5.9"


SMALL = st.integers(0, 30).map(str)
VERSIONS = st.lists(SMALL, min_size=1, max_size=4).map(".".join)
OTHER_VERSIONS = ["2024.1.2", "2024.1", "9999.0.0", "2100.1", "20240115", "20991231", "99999999", "202401151200"]
OTHER_VERSIONS += ["123", "9999999", "123456789", "1234567890", "21000101", "2024.1.2.3", "9999.1.2.3"]
TAGS = st.tuples(
    st.sampled_from(["", "v", "release-", "release-v", "app_"]),
    VERSIONS | st.sampled_from(OTHER_VERSIONS),
    st.sampled_from(["", "-", "-r", "_", "-ls", "-alpine", "-debian-12-r", "-rc.", "-jdk", "-alpine3."]),
    st.just("") | SMALL,
).map("".join)


@example(["123", "20240115"])
@example(["main-123", "main-20240115"])
@example(["20240115", "99999999"])
@example(["123456789", "1234567890123"])
@example(["2024.1.2", "9999.0.0"])
@example(["2024-r3", "2100-r1"])
@example(["2024-r3", "20240115-r3"])
@example(["2024.1.2-rc.1", "9999.0.0"])
@given(st.lists(TAGS, min_size=2, max_size=30, unique=True))
def test_no_rule_ever_leads_to_another_track(tags: list[str]) -> None:
    now = track_of(tags[0])
    if isinstance(now, str):
        return
    ranking = rank(follows(rule_for([now])), tags, [now.tag])
    admitted = [track_of(candidate.tag) for candidate in ranking.candidates]
    assert now in admitted
    for other in admitted:
        assert isinstance(other, Tracked)
        assert other.track == now.track or _finishes(now, other)


def _finishes(now: Tracked, other: Tracked) -> bool:
    """From a prerelease to a release is the one step that people expect."""
    one, two = now.track, other.track
    return (
        bool(one.prerelease)
        and not two.prerelease
        and (one.prefix, one.parts, one.line) == (two.prefix, two.parts, two.line)
    )
