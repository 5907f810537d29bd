"""Ranking by every order: what is chosen, what each refused tag is told, and what never happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.policy.watch import Watch
from imagebot.selection.choice import choose
from imagebot.selection.rank import Ranking, rank
from imagebot.versions.commit import History
from imagebot.versions.known import NOTHING, OrderInputs
from tests.support.watches import ordered

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NEW, OLD, SIDE = ("c" * 40, "b" * 40, "a" * 40)
MAIN = OrderInputs(history=History("main", (NEW, OLD), {SIDE: 0}))
TIMES = OrderInputs(created={"x": NOON, "y": NOON + timedelta(hours=1), "z": None})
COMMIT = {"source": "api"}


@pytest.mark.parametrize(
    ("keys", "tags", "best", "praise"),
    [
        (
            {"calver": "YYYY.0M.MICRO"},
            "2026.01.9 2026.01.10 2025.12.1",
            "2026.01.10",
            "the newest of 3 tags of the format",
        ),
        ({"numeric": "asc"}, "9 10 1e3", "10", "the highest of 2 numbers"),
        ({"numeric": "desc"}, "9 10", "9", "the lowest of 2 numbers"),
        ({"alphabetical": "asc"}, "bionic focal", "focal", "the last of 2 tags in alphabetical order"),
        ({"alphabetical": "desc"}, "bionic focal", "bionic", "the first of 2 tags in alphabetical order"),
        ({"created": "newest"}, "x y z", "y", "the newest of 2 images, made on 2026-01-01 13:00 UTC"),
        ({"digest": "latest"}, "1.0.0 latest", "latest", "the tag to follow"),
        ({"commit": COMMIT}, f"{OLD} latest", OLD, "the only commit of main with an image; 1 newer commit has none"),
        (
            {"commit": COMMIT, "tags": {"match": "^main-"}},
            f"main-{OLD[:7]} {NEW}",
            f"main-{OLD[:7]}",
            "the only commit",
        ),
        (
            {"commit": COMMIT, "tags": {"match": "^main-([0-9a-f]+)-amd64$", "extract": "$1"}},
            f"main-{OLD[:7]}-amd64 main-{NEW}-arm64",
            f"main-{OLD[:7]}-amd64",
            "the only commit",
        ),
        (
            {"numeric": "asc", "tags": {"match": r"^build-(\d+)-(\d+)$", "extract": "$1$2"}},
            "build-1-9 build-2-0",
            "build-2-0",
            "the highest of 2 numbers",
        ),
    ],
)
def test_the_best(keys: dict[str, Any], tags: str, best: str, praise: str) -> None:
    known = OrderInputs(created=TIMES.created, history=MAIN.history)
    ranking = rank(ordered(**keys), tags.split(), known=known)
    assert ranking.best is not None
    assert ranking.best.tag == best
    assert ranking.praise.startswith(praise)


@pytest.mark.parametrize(
    ("keys", "tag", "rule", "because"),
    [
        ({"calver": "YYYY.0M"}, "2026.13", "calver", "2026.13 is no real date"),
        ({"calver": {"format": "YYYY.0M", "range": "2025"}}, "2026.01", "range", "2026.01 is not in 2025"),
        ({"calver": "YYYY.0M-MODIFIER"}, "2026.01-rc1", "prerelease", None),
        ({"calver": "YYYY.0M", "tags": {"ignore": [{"range": ">2026.01"}]}}, "2026.02", "ignore", None),
        ({"numeric": "asc"}, "inf", "numeric", "inf is no number in plain digits"),
        ({"numeric": "desc", "tags": {"ignore": [{"range": "<5"}]}}, "3", "ignore", "3 is in <5, which is ignored"),
        ({"numeric": "asc", "tags": {"ignore": ["3"]}}, "3", "ignore", "3 is ignored by name"),
        ({"numeric": "asc", "tags": {"match": r"^b(\d)", "extract": "$1"}}, "bx", "match", None),
        ({"created": "newest"}, "z", "created", "z does not say when it was made"),
        ({"created": "newest"}, "stranger", "unasked", "stranger was not asked yet when it was made"),
        ({"commit": COMMIT}, "latest", "commit", "latest is no commit id"),
        ({"commit": COMMIT}, SIDE, "commit", None),
        ({"digest": "latest"}, "main", "digest", "main is not latest, the tag to follow"),
        ({"alphabetical": "asc", "tags": {"match": "^x"}}, "y", "match", "y does not match ^x"),
        ({"alphabetical": "asc"}, "sha256-" + "0" * 64 + ".sig", "signature", None),
        ({"created": "newest"}, "sha256-" + "0" * 64, "signature", None),
    ],
)
def test_refusals(keys: dict[str, Any], tag: str, rule: str, because: str | None) -> None:
    ranking = rank(ordered(**keys), [tag], known=OrderInputs(created=TIMES.created, history=MAIN.history))
    (refusal,) = ranking.refused
    assert (refusal.tag, refusal.rule) == (tag, rule)
    assert because in (None, refusal.because)
    assert ranking.best is None


@pytest.mark.parametrize(
    ("keys", "deployed", "tags", "best"),
    [
        ({"semver": "*"}, "1.2.3-alpine", "1.3.0-alpine 1.4.0 1.4.0-alpine3.19 1.5.0-slim", "1.3.0-alpine"),
        ({"semver": "*"}, "1.2.3", "1.3.0-alpine 1.3.0 v1.4.0", "v1.4.0"),
        ({"semver": "*"}, "1.2.3-debian-12-r7", "1.3.0-debian-12-r7 1.3.0-debian-12-r8", "1.3.0-debian-12-r7"),
        ({"semver": "*", "prereleases": True}, "1.2.3-rc.1-slim", "1.2.3-rc.2-slim 1.2.3-rc.3", "1.2.3-rc.2-slim"),
        ({"semver": "*", "loose": True}, "1.2-jre", "1.3-jre 1.4-jdk 1.5", "1.3-jre"),
        ({"calver": "YYYY.0M.MICRO"}, "2026.01.1-amd64", "2026.02.1-amd64 2026.03.1-arm64", "2026.02.1-amd64"),
        ({"numeric": "asc"}, "17-slim", "18-slim 19", "18-slim"),
        ({"commit": COMMIT}, f"main-{OLD[:7]}", f"main-{OLD[:7]} {NEW} pr-{NEW[:7]}", f"main-{OLD[:7]}"),
        ({"semver": "*", "tags": {"variant": "keep", "match": "^1"}}, "1.2.3-a", "1.3.0-a 2.0.0-a", "1.3.0-a"),
    ],
)
def test_the_variant_that_is_deployed_is_kept(keys: dict[str, Any], deployed: str, tags: str, best: str) -> None:
    rule = ordered(**{"tags": {"variant": "keep"}, **keys})
    ranking = rank(rule, tags.split(), {deployed}, MAIN)
    assert ranking.best is not None
    assert ranking.best.tag == best


@pytest.mark.parametrize(
    ("deployed", "because"),
    [
        ((), "1.3.0-a may be of any variant: no deployed tag with a version shows which to keep"),
        (("latest",), "1.3.0-a may be of any variant: no deployed tag with a version shows which to keep"),
        (("1.0.0-b",), "1.3.0-a is not of the variant that is deployed, …-b"),
        (("1.0.0",), "1.3.0-a is not of the variant that is deployed, a version alone"),
        (
            ("1.0.0-a", "1.0.0"),
            "1.3.0-a may be of either variant: a version alone and …-a are deployed, and only one can be kept",
        ),
    ],
)
def test_no_variant_is_guessed(deployed: tuple[str, ...], because: str) -> None:
    ranking = rank(ordered(semver="*", tags={"variant": "keep"}), ["1.3.0-a", "latest"], deployed)
    assert [(refusal.rule, refusal.because) for refusal in ranking.refused if refusal.tag == "1.3.0-a"] == [
        ("variant", because)
    ]
    assert ranking.best is None


def test_creation_times_are_needed_of_candidates_and_of_what_is_deployed() -> None:
    rule = ordered(created="newest", tags={"match": "^b", "ignore": ["b9"]})
    ranking = rank(rule, ["a1", "b2", "b10", "b9", "c"], {"a1"}, OrderInputs(created={"b2": NOON}))
    assert ranking.best is None
    assert ranking.needs == ("b10", "a1")
    known = OrderInputs(created={"b2": NOON, "b10": None, "a1": NOON + timedelta(hours=1)})
    again = rank(rule, ["a1", "b2", "b10", "b9", "c"], {"a1"}, known)
    assert again.needs == ()
    assert again.best is not None
    assert again.best.tag == "b2"
    assert (again.place("a1") or ()) > (again.place("b2") or ())


def test_no_other_order_needs_anything() -> None:
    for keys in ({"semver": "*"}, {"commit": COMMIT}, {"digest": "a"}, {"numeric": "asc"}):
        assert rank(ordered(**keys), ["1.0.0", "x", NEW]).needs == ()


@pytest.mark.parametrize(
    ("keys", "tags", "deployed", "best"),
    [
        ({"numeric": "asc"}, "005 5", "", "5"),
        ({"numeric": "asc"}, "005 5", "005", "005"),
        ({"numeric": "asc"}, "1.50 1.5", "", "1.5"),
        ({"calver": "YYYY.0M"}, "v2026.01 2026.01", "", "2026.01"),
        ({"commit": COMMIT}, f"{NEW} {NEW[:7]}", "", NEW[:7]),
        ({"commit": COMMIT}, f"{NEW} {NEW[:7]}", NEW, NEW),
        ({"created": "newest"}, "x latest", "", "x1"),
    ],
)
def test_ties(keys: dict[str, Any], tags: str, deployed: str, best: str) -> None:
    known = OrderInputs(created={"latest": NOON, "x1": NOON, "x": NOON}, history=MAIN.history)
    ranking = rank(ordered(**keys), [*tags.split(), "x1"], deployed.split(), known)
    assert ranking.best is not None
    assert ranking.best.tag == best
    assert ranking.best.twins


def test_a_commit_that_a_force_push_removed_has_no_place() -> None:
    """The branch is the truth: what it never was at is replaced, and the reason says what was there."""
    ranking = rank(ordered(commit=COMMIT), [OLD, "f" * 40], {"f" * 40}, MAIN)
    choice = choose(ranking, "f" * 40, "current")
    assert (choice.tag, choice.state) == (OLD, "update")
    assert f"now {'f' * 40}; {'f' * 40} says nothing about a version" in choice.because


def test_from_what_a_merge_brought_nothing_goes_to_an_older_state_of_the_branch() -> None:
    choice = choose(rank(ordered(commit=COMMIT), [OLD, SIDE], {SIDE}, MAIN), SIDE, "current")
    assert (choice.tag, choice.state) == (SIDE, "held (downgrade)")


EVERY = {
    "calver": (ordered(calver="YYYY.0M.MICRO-MODIFIER", prereleases=True), NOTHING),
    "numeric": (ordered(numeric="asc"), NOTHING),
    "numeric down": (ordered(numeric="desc"), NOTHING),
    "alphabetical": (ordered(alphabetical="asc"), NOTHING),
    "created": (
        ordered(created="newest"),
        OrderInputs(created={f"{n}": NOON + timedelta(hours=n % 4) for n in range(20)}),
    ),
    "commit": (ordered(commit=COMMIT), MAIN),
    "variant": (ordered(semver="*", tags={"variant": "keep"}), NOTHING),
}
tags = st.one_of(
    st.integers(0, 30).map(str),
    st.from_regex(r"v?2026\.0[1-3]\.[0-3](-rc[0-2])?", fullmatch=True),
    st.from_regex(r"[0-2]\.[0-3]\.0(-alpine)?", fullmatch=True),
    st.sampled_from([NEW, OLD, SIDE, NEW[:7], OLD[:8], "latest", "main"]),
)
every = pytest.mark.parametrize("name", EVERY)


def ranked(name: str, listed: list[str], deployed: set[str]) -> Ranking:
    rule, known = EVERY[name]
    unasked: dict[str, datetime | None] = dict.fromkeys([*listed, *deployed])
    return rank(rule, listed, deployed, OrderInputs({**unasked, **known.created}, known.history))


@every
@given(listed=st.lists(tags, max_size=15), deployed=st.sets(tags, max_size=2), dice=st.randoms(use_true_random=False))
def test_the_order_of_the_list_does_not_matter(name: str, listed: list[str], deployed: set[str], dice: Any) -> None:
    again = [*listed, *listed[:3]]
    dice.shuffle(again)
    one, other = ranked(name, listed, deployed), ranked(name, again, deployed)
    assert (one.best, one.candidates, one.refused, one.admitted) == (
        other.best,
        other.candidates,
        other.refused,
        other.admitted,
    )


@every
@given(listed=st.lists(tags, max_size=15), deployed=st.sets(tags, max_size=1))
def test_a_tag_below_the_best_changes_nothing(name: str, listed: list[str], deployed: set[str]) -> None:
    best = ranked(name, listed, deployed).best
    for tag in listed:
        if best is not None and tag not in (best.tag, *best.twins):
            assert ranked(name, [other for other in listed if other != tag], deployed).best == best


@every
@given(listed=st.lists(tags, max_size=15), current=tags)
def test_never_a_step_down(name: str, listed: list[str], current: str) -> None:
    ranking = ranked(name, [*listed, current], {current})
    choice = choose(ranking, current, "current")
    if choice.state == "update" and choice.tag is not None:
        here, there = ranking.place(current), ranking.place(choice.tag)
        assert there is not None
        assert here is None or here <= there
        after = ranked(name, [*listed, current], {choice.tag})
        assert choose(after, choice.tag, "current").state == "up to date"


@every
@given(listed=st.lists(tags, max_size=15))
def test_every_tag_is_let_in_or_refused_once(name: str, listed: list[str]) -> None:
    ranking = ranked(name, listed, set())
    answered = [one.tag for one in ranking.candidates] + [one.tag for one in ranking.refused]
    assert sorted(answered) == sorted(set(listed))
    assert all(refusal.because.startswith(("sha256-", refusal.tag, "")) for refusal in ranking.refused)


def test_watches_are_values() -> None:
    assert ordered(numeric="asc") == ordered(numeric="asc")
    assert isinstance(ordered(numeric="asc"), Watch)
