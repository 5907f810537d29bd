"""Which tags may run, in which order, and why the rest may not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.images.packed_tags import PackedTags
from imagebot.selection.rank import MOST_TWINS, Ranking, rank, version_of
from imagebot.selection.verdict import Candidate
from tests.support.watches import watch

HEX = "0123456789abcdef" * 4
ALPINE = {"match": "^(.+)-alpine$", "extract": "$1"}
LETTERS = {"match": "^([a-z]*)", "extract": "$1"}


@pytest.mark.parametrize(
    ("keys", "tag", "rule", "because"),
    [
        ({}, f"sha256-{HEX}", "signature", f"sha256-{HEX} is a signature or the like, no image"),
        ({}, f"sha256-{HEX}.sig", "signature", None),
        ({}, f"sha256-{HEX}.att", "signature", None),
        ({}, f"sha256-{HEX}.sbom", "signature", None),
        ({"semver": "*", "tags": {"match": "."}}, f"sha256-{HEX}", "signature", None),
        ({}, f"sha256-{HEX}.sigh", "semver", None),
        ({}, "sha256-abc", "semver", "sha256-abc is no three-part version"),
        ({"tags": {"ignore": ["1.5.0"]}}, "1.5.0", "ignore", "1.5.0 is ignored by name"),
        ({"tags": {"match": "^v", "ignore": ["1.5.0"]}}, "1.5.0", "ignore", "1.5.0 is ignored by name"),
        ({"tags": {"match": "^v"}}, "1.5.0", "match", "1.5.0 does not match ^v"),
        ({"tags": LETTERS}, "1.5.0", "extract", "$1 takes nothing out of 1.5.0"),
        ({}, "latest", "semver", "latest is no three-part version"),
        ({}, "1.5", "semver", "1.5 is no three-part version; loose: true would let it in"),
        (
            {},
            "01.5.0",
            "semver",
            "01.5.0 is no three-part version: the part 01 begins with a zero; loose: true would let it in",
        ),
        ({"loose": True}, "latest", "semver", "latest is no version"),
        (
            {"tags": ALPINE},
            "1.5-alpine",
            "semver",
            "1.5 of 1.5-alpine is no three-part version; loose: true would let it in",
        ),
        ({}, "2.0.0", "range", "2.0.0 is not in ^1.4"),
        ({"tags": ALPINE}, "2.0.0-alpine", "range", "2.0.0 of 2.0.0-alpine is not in ^1.4"),
        ({}, "2.0.0-rc.1", "range", "2.0.0-rc.1 is not in ^1.4"),
        ({}, "1.5.0-rc.1", "prerelease", "1.5.0-rc.1 is a prerelease, and ^1.4 names none"),
        ({"tags": {"ignore": [{"range": "1.5.x"}]}}, "1.5.3", "ignore", "1.5.3 is in 1.5.x, which is ignored"),
        ({"tags": {"ignore": [{"match": "3$"}]}}, "1.5.3", "ignore", "1.5.3 matches 3$, which is ignored"),
        ({"tags": {**ALPINE, "ignore": ["1.5.3"]}}, "1.5.3-alpine", "ignore", "1.5.3-alpine is ignored by name"),
        (
            {"prereleases": True, "tags": {"ignore": [{"range": "1.5.x"}]}},
            "1.5.3-rc.1",
            "ignore",
            "1.5.3-rc.1 is in 1.5.x, which is ignored",
        ),
    ],
)
def test_the_first_rule_that_refuses_a_tag(keys: dict[str, Any], tag: str, rule: str, because: str | None) -> None:
    ranking = rank(watch(**keys), [tag])
    assert (ranking.best, ranking.admitted, ranking.candidates) == (None, 0, ())
    assert ranking.refused_by == ((rule, 1),)
    (refusal,) = ranking.refused
    assert (refusal.tag, refusal.rule) == (tag, rule)
    assert because in (None, refusal.because)


@pytest.mark.parametrize(
    ("keys", "tag", "version", "because"),
    [
        ({}, "1.5.0", "1.5.0", "1.5.0 is in ^1.4"),
        ({}, "v1.5.0", "v1.5.0", "v1.5.0 is in ^1.4"),
        ({"loose": True}, "1.5", "1.5", "1.5 is in ^1.4"),
        ({"tags": ALPINE}, "1.5.0-alpine", "1.5.0", "1.5.0 of 1.5.0-alpine is in ^1.4"),
        ({"tags": {"match": "0$"}}, "1.5.0", "1.5.0", "1.5.0 is in ^1.4"),
        (
            {"semver": "^1.4-0"},
            "1.5.0-rc.1",
            "1.5.0-rc.1",
            "1.5.0-rc.1 is in ^1.4-0, a prerelease that the range lets in",
        ),
        (
            {"prereleases": True},
            "1.5.0-rc.1",
            "1.5.0-rc.1",
            "1.5.0-rc.1 is in ^1.4, a prerelease that prereleases: true lets in",
        ),
        ({"tags": {"ignore": ["1.5.1", {"range": "<1.5"}, {"match": "rc"}]}}, "1.5.0", "1.5.0", "1.5.0 is in ^1.4"),
    ],
)
def test_a_tag_that_is_let_in(keys: dict[str, Any], tag: str, version: str, because: str) -> None:
    ranking = rank(watch(**keys), [tag])
    assert ranking.candidates == (Candidate(tag, version, because),)
    assert ranking.best == Candidate(tag, version, because)
    assert ranking.refused == ()


def test_candidates_come_newest_first_and_so_do_the_refused() -> None:
    ranking = rank(watch(), ["latest", "1.10.0", "0.9.0", "1.9.0", "edge", "2.0.0", "1.4.0"])
    assert [one.tag for one in ranking.candidates] == ["1.10.0", "1.9.0", "1.4.0"]
    assert [one.tag for one in ranking.refused] == ["2.0.0", "0.9.0", "latest", "edge"]
    assert ranking.refused_by == (("range", 2), ("semver", 2))


@pytest.mark.parametrize(
    ("keys", "tags", "deployed", "best", "because"),
    [
        ({}, "1.5.0 v1.5.0", "", "1.5.0", "1.5.0 and v1.5.0 are one version, and 1.5.0 comes first"),
        ({}, "1.5.0 v1.5.0", "v1.5.0", "v1.5.0", "v1.5.0 and 1.5.0 are one version, and v1.5.0 is deployed"),
        ({"loose": True}, "1.5 1.5.0", "", "1.5.0", "1.5.0 and 1.5 are one version, and 1.5.0 comes first"),
        ({"loose": True}, "01.5.0 1.5.0", "", "1.5.0", "1.5.0 and 01.5.0 are one version, and 1.5.0 comes first"),
        (
            {"tags": {"match": "^([0-9.]+)", "extract": "$1"}},
            "1.5.0-alpine 1.5.0 1.5.0-slim",
            "1.5.0-slim 1.4.0",
            "1.5.0-slim",
            "1.5.0-slim, 1.5.0 and 1.5.0-alpine are one version, and 1.5.0-slim is deployed",
        ),
        (
            {"tags": {"match": "^([0-9.]+)", "extract": "$1"}},
            "1.5.0-a 1.5.0-b 1.5.0-c 1.5.0-d 1.5.0-e 1.5.0-f",
            "",
            "1.5.0-a",
            "1.5.0-a, 1.5.0-b, 1.5.0-c, 1.5.0-d and 2 more are one version, and 1.5.0-a comes first",
        ),
    ],
)
def test_tags_with_one_version(keys: dict[str, Any], tags: str, deployed: str, best: str, because: str) -> None:
    ranking = rank(watch(**keys), tags.split(), deployed.split())
    assert ranking.best is not None
    assert ranking.best.tag == best
    assert ranking.best.version in best, "the version of another one is told"
    assert ranking.best.because.partition("; ")[2] == because
    assert ranking.candidates[0] == ranking.best
    assert set(ranking.best.twins) == set(tags.split()) - {best}


@pytest.mark.parametrize(
    ("keys", "older", "newer"),
    [
        ({}, "1.4.2", "2.0.0"),
        ({}, "1.5.0-rc.1", "1.5.0"),
        ({}, "1.25", "1.25.1"),
        ({"tags": ALPINE}, "1.4.0-alpine", "1.5.0-alpine"),
        ({"tags": ALPINE}, "1.4.0", "1.5.0-alpine"),
        ({"tags": {"match": "^v"}}, "1.4.0", "v1.5.0"),
        ({"tags": {"ignore": ["1.4.0"]}}, "1.4.0", "1.5.0"),
    ],
)
def test_deployed_tags_have_a_place_though_they_may_not_run(keys: dict[str, Any], older: str, newer: str) -> None:
    first, second = version_of(watch(**keys), older), version_of(watch(**keys), newer)
    assert first is not None
    assert second is not None
    assert first < second


@pytest.mark.parametrize("tag", ["latest", "main-4f2a9c1", "release", "1.2.3.4"])
def test_tags_without_a_place(tag: str) -> None:
    assert version_of(watch(), tag) is None


tags = st.sampled_from(["", "v", "00"]).flatmap(
    lambda prefix: st.from_regex(r"[0-2]\.[0-5]\.[0-3](-rc\.[0-2])?(-alpine)?", fullmatch=True).map(prefix.__add__)
) | st.sampled_from(["latest", "1", "1.4", f"sha256-{HEX}", "main"])
watches = st.sampled_from(
    [
        watch(),
        watch("*", loose=True),
        watch(">=1-0 <2 || 0.x", tags={"ignore": ["1.5.0", {"match": "2$"}]}),
        watch("1.x", prereleases=True, tags={"match": "^v?([0-9.]+)", "extract": "$1"}),
    ]
)


def everything(ranking: Ranking) -> object:
    return ranking.best, ranking.admitted, ranking.refused_by, ranking.candidates, ranking.refused


@given(watches, st.lists(tags, max_size=30), st.sets(tags, max_size=2), st.randoms(use_true_random=False))
def test_the_order_of_the_list_does_not_matter(rule: Any, listed: list[str], deployed: set[str], random: Any) -> None:
    again = [*listed, *listed[:3]]
    random.shuffle(again)
    assert everything(rank(rule, again, deployed)) == everything(rank(rule, listed, deployed))


@given(watches, st.lists(tags, max_size=30))
def test_every_tag_is_let_in_or_refused_once(rule: Any, listed: list[str]) -> None:
    ranking = rank(rule, listed)
    answered = [one.tag for one in ranking.candidates] + [one.tag for one in ranking.refused]
    assert sorted(answered) == sorted(set(listed))
    assert ranking.admitted == len(ranking.candidates)
    assert sum(count for _, count in ranking.refused_by) == len(ranking.refused)
    assert ranking.best == (ranking.candidates[0] if ranking.candidates else None)


@given(watches, st.lists(tags, min_size=1, max_size=30))
def test_a_tag_below_the_best_changes_nothing(rule: Any, listed: list[str]) -> None:
    best = rank(rule, listed).best
    for tag in listed:
        without = rank(rule, [other for other in listed if other != tag]).best
        if best is not None and tag not in (best.tag, *best.twins):
            assert without == best


@given(st.lists(st.from_regex(r"[0-3]\.[0-3]\.[0-3](-rc)?|latest", fullmatch=True), unique=True, max_size=40))
def test_very_many_tags_are_ranked_as_few_are(tags: list[str]) -> None:
    few, many = (rank(watch(semver="^1"), some, {"1.0.0"}) for some in (tags, PackedTags.of(tags)))
    assert (many.best, many.admitted, many.refused_by) == (few.best, few.admitted, few.refused_by)
    assert many.candidates == few.candidates
    assert set(many.refused) == set(few.refused)
    some = few.among(tags[::2])
    assert many.among(tags[::2]).best == some.best


def test_of_very_many_tags_of_one_version_the_first_are_looked_at() -> None:
    tags = [f"1.0.0_{number}" for number in range(2 * MOST_TWINS + 2)]
    found = rank(watch(semver="^1", tags={"match": r"^(1\.0\.0)_", "extract": "$1"}), tags, {tags[7]})
    assert found.best is not None
    assert (found.best.tag, found.admitted) == (tags[7], len(tags))
