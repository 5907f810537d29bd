"""What the fields of an image should say, and why, where no gate is in the way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.policy.model import Watch
from imagebot.selection.facts import Fact, Facts, KeptBack, Needs, TagFacts
from imagebot.selection.judge import judge
from imagebot.selection.moving import moves
from imagebot.selection.rank import rank, version_of
from imagebot.selection.verdict import Held, Hold, NoCandidate, Unknown, Update, UpToDate, Verdict, Version
from tests.support.judging import NEW, NOON, OLD, Answers, case, deployed
from tests.support.watches import watch

TAGS = ["1.4.0", "1.4.2", "1.5.0", "2.0.0", "latest"]
NOTHING = Facts()
AMD64 = {"linux/amd64": NEW}


def verdict(*texts: str, tags: list[str] | None = None, rule: Watch | None = None, **world: Any) -> Verdict:
    return Answers(**world).verdict(case(*texts, tags=TAGS if tags is None else tags, rule=rule))


@pytest.mark.parametrize(
    ("texts", "because"),
    [
        (["1.4.2"], "(now 1.4.2)"),
        ([f"1.4.2@{OLD}"], "(now 1.4.2)"),
        (["1.4.0", "1.5.0", "1.4.2", "1.4.0"], "(now 1.4.2 and 1.4.0)"),
        (["v1.4.10", "v1.4.9", "1.4"], "(now v1.4.10, v1.4.9 and 1.4)"),
        (["latest"], "(now latest; latest says nothing about a version)"),
        ([""], "(now no tag; no tag says nothing about a version)"),
        (["1.4.0", "main", ""], "(now 1.4.0, main and no tag; main and no tag say nothing about a version)"),
        ([f"latest@{OLD}"], "(now latest; latest says nothing about a version)"),
        (["v1.5.0"], "(now v1.5.0)"),
    ],
)
def test_an_update_says_from_where(texts: list[str], because: str) -> None:
    assert verdict(*texts) == Update(Version("1.5.0", NEW), f"1.5.0 is the newest of 3 tags in ^1.4 {because}")


def test_the_only_tag_is_called_so() -> None:
    assert verdict("1.4.0", tags=["1.5.0"]) == Update(
        Version("1.5.0", NEW), "1.5.0 is the only tag in ^1.4 (now 1.4.0)"
    )


def test_two_tags_of_one_version_are_both_named() -> None:
    assert verdict("1.4.0", tags=["1.5.0", "v1.5.0"]) == Update(
        Version("1.5.0", NEW),
        "1.5.0 is the newest of 2 tags in ^1.4; 1.5.0 and v1.5.0 are one version, and 1.5.0 comes first (now 1.4.0)",
    )


def test_of_two_tags_of_one_version_the_deployed_one_stays() -> None:
    assert judge(case("v1.5.0", tags=["1.5.0", "v1.5.0"]), NOTHING, NOON) == UpToDate(
        Version("v1.5.0"),
        "v1.5.0 is the newest of 2 tags in ^1.4; v1.5.0 and 1.5.0 are one version, and v1.5.0 is deployed",
    )


@pytest.mark.parametrize(
    ("texts", "keys", "at"),
    [
        (["1.5.0"], {}, Version("1.5.0")),
        (["1.5.0", "1.5.0"], {}, Version("1.5.0")),
        ([f"1.5.0@{OLD}"], {}, Version("1.5.0", OLD)),
        ([f"1.5.0@{OLD}", "1.5.0"], {}, Version("1.5.0")),
        ([f"1.5.0@{OLD}"], {"pin": "digest"}, Version("1.5.0", OLD)),
        ([f"1.5.0@{OLD}"], {"pin": "none"}, Version("1.5.0", OLD)),
        (["1.5.0"], {"minimumAge": "3d", "platforms": ["linux/arm64"]}, Version("1.5.0")),
        (["1.5.0"], {"repush": "allow"}, Version("1.5.0")),
    ],
)
def test_a_quiet_day_asks_nothing(texts: list[str], keys: dict[str, Any], at: Version) -> None:
    answer = judge(case(*texts, tags=TAGS, rule=watch(**keys)), NOTHING, NOON)
    assert answer == UpToDate(at, "1.5.0 is the newest of 3 tags in ^1.4")


KNOWN = TagFacts(NEW, NOON, asked=True)


@pytest.mark.parametrize(
    ("texts", "keys", "facts", "needs"),
    [
        (["1.4.2"], {}, NOTHING, {Fact.DIGEST}),
        (["1.5.0"], {"pin": "digest"}, NOTHING, {Fact.DIGEST}),
        ([f"@{OLD}"], {}, NOTHING, {Fact.DIGEST}),
        ([f"1.5.0@{OLD}"], {"repush": "allow"}, NOTHING, {Fact.DIGEST}),
        (["1.4.2"], {}, Facts({"1.5.0": KNOWN}), {Fact.HOLDS}),
        (["1.4.2"], {}, Facts({"1.5.0": KNOWN}, holds=()), {Fact.PLATFORMS, Fact.RUNNING}),
        (["1.4.2"], {}, Facts({"1.5.0": KNOWN}, {"1.4.2": AMD64}, holds=()), {Fact.PLATFORMS}),
        (
            ["1.4.2"],
            {},
            Facts({"1.5.0": TagFacts(NEW, NOON, asked=True, platforms=AMD64)}, {"1.4.2": AMD64}, holds=()),
            {Fact.CLOSED},
        ),
        (
            ["1.4.2"],
            {},
            Facts({"1.5.0": TagFacts(NEW, NOON, asked=True, platforms=AMD64)}, {"1.4.2": AMD64}, holds=(), closed=()),
            {Fact.PARTS},
        ),
    ],
)
def test_facts_are_asked_for_when_they_decide(
    texts: list[str], keys: dict[str, Any], facts: Facts, needs: set[Fact]
) -> None:
    answer = judge(case(*texts, tags=TAGS, rule=watch(**keys)), facts, NOON)
    assert answer == Needs("1.5.0", frozenset(needs))


def test_a_digest_alone_is_compared_with_the_registrys() -> None:
    assert verdict(f"@{NEW}") == UpToDate(Version("1.5.0", NEW), "1.5.0 is the newest of 3 tags in ^1.4")


def test_the_right_tag_without_the_digest_that_the_policy_wants() -> None:
    assert verdict("1.5.0", f"1.5.0@{OLD}", rule=watch(pin="digest")) == Update(
        Version("1.5.0", NEW), "1.5.0 is the newest of 3 tags in ^1.4 (now 1.5.0 without a digest)"
    )


@pytest.mark.parametrize(
    ("texts", "which"),
    [
        (["2.0.0"], "app.yaml:1 is at 2.0.0"),
        (["1.4.2", "2.0.0"], "app.yaml:2 is at 2.0.0"),
        (["2.0.0", "3.0.0", "1.4.0"], "app.yaml:2 is at 3.0.0, which is not in the list of tags"),
        (["1.6"], "app.yaml:1 is at 1.6, which is not in the list of tags"),
        (["1.5.1-rc.1"], "app.yaml:1 is at 1.5.1-rc.1, which is not in the list of tags"),
    ],
)
def test_never_a_step_down(texts: list[str], which: str) -> None:
    because = f"{which}; 1.5.0 is the newest of 3 tags in ^1.4: only a person takes a step down"
    assert judge(case(*texts, tags=TAGS), NOTHING, NOON) == Held(Version("1.5.0"), Hold.DOWNGRADE, None, because)


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("main-abc", "main-abc, which is no three-part version"),
        ("1.4.0.7", "1.4.0.7, which is no three-part version: it has 4 parts"),
        ("20250401T1200", "20250401T1200, which is no three-part version"),
        ("abc", "abc, which is no three-part version"),
        ("release-7", "release-7, which is no three-part version"),
    ],
)
@pytest.mark.parametrize("beside", ["1.4.0", "1.5.0", "latest"])
def test_what_the_order_cannot_read_is_not_replaced(text: str, because: str, beside: str) -> None:
    """It may be newer; a person knows, and says so by moving it once."""
    answer = judge(case(beside, text, tags=TAGS), NOTHING, NOON)
    assert isinstance(answer, Held)
    assert (answer.hold, answer.until) == (Hold.DOWNGRADE, None)
    assert answer.because.startswith(f"app.yaml:2 is at {because}")
    assert answer.because.endswith(
        "whether 1.5.0 is older than that cannot be told; move it by hand once, or write `downgrade: allow`"
    )
    assert isinstance(verdict(beside, text, rule=watch(downgrade="allow")), Update)


@pytest.mark.parametrize(
    ("names", "answer"),
    [
        ({}, Held),
        ({OLD: "1.4.0"}, Update),
        ({OLD: "1.5.0"}, Update),
        ({OLD: "1.5.0-rc.1"}, Update),
        ({OLD: "2.0.0"}, Held),
        ({OLD: "1.6.0"}, Held),
        ({OLD: "latest"}, Held),
    ],
)
@pytest.mark.parametrize("text", [f"@{OLD}", f"main-abc@{OLD}"])
def test_a_digest_alone_never_goes_back(text: str, names: dict[str, str], answer: type[Verdict]) -> None:
    found = verdict(text, names=names)
    assert isinstance(found, answer), found
    if isinstance(found, Held):
        assert found.hold is Hold.DOWNGRADE
    assert isinstance(verdict(text, names=names, rule=watch(downgrade="allow")), Update)


def test_a_digest_alone_says_which_version_it_is() -> None:
    assert verdict(f"@{OLD}", names={OLD: "1.4.0"}) == Update(
        Version("1.5.0", NEW),
        "1.5.0 is the newest of 3 tags in ^1.4 (now sha256:000000000000 without a tag, which is 1.4.0)",
    )
    above = verdict(f"@{OLD}", names={OLD: "2.0.0"})
    assert above.because == (
        "app.yaml:1 is at sha256:000000000000 without a tag, which is 2.0.0; 1.5.0 is the newest of 3 tags in ^1.4:"
        " only a person takes a step down"
    )
    unknown = verdict(f"@{OLD}")
    assert unknown.because == (
        "app.yaml:1 says sha256:000000000000 alone, and no tag is known that stood for it: whether 1.5.0 is older"
        " cannot be told; write its tag beside it, move it by hand once, or write `downgrade: allow`"
    )


def test_the_digest_beside_a_tag_that_moves_counts_where_it_tells_more() -> None:
    assert isinstance(verdict(f"latest@{OLD}", names={OLD: "2.0.0"}), Held)
    assert isinstance(verdict(f"latest@{OLD}", names={}), Update)
    assert isinstance(verdict("latest"), Update)


def test_a_draft_while_soaking_is_no_way_down_either() -> None:
    held = verdict(f"@{OLD}", names={OLD: "2.0.0"}, rule=watch(minimumAge="3d"))
    assert isinstance(held, Held)
    assert held.hold is Hold.DOWNGRADE


def test_following_a_tag_replaces_one_digest_by_another() -> None:
    rule = Watch.model_validate({"image": "ghcr.io/acme/api", "digest": "latest"})
    assert isinstance(verdict(f"@{OLD}", tags=["latest"], rule=rule), Update)
    assert isinstance(verdict("1.4.0", tags=["latest"], rule=rule), Update)


@pytest.mark.parametrize(
    ("tag", "moving"),
    [
        *[(tag, True) for tag in ("latest", "stable-alpine", "main", None, "lts_slim.next", "v")],
        *[(tag, False) for tag in ("main-abc", "deadbeef", "latest-1", "1", "a")],
    ],
)
def test_tags_that_move_are_made_of_words(tag: str | None, moving: bool) -> None:
    assert moves(tag) == moving


@pytest.mark.parametrize(
    ("closed", "held"),
    [
        (Version("1.5.0", NEW), True),
        (Version("1.5.0"), True),
        (Version("1.5.0", OLD), False),
        (Version("1.4.2", NEW), False),
    ],
)
def test_what_a_person_closed_is_not_proposed_again(closed: Version, held: bool) -> None:
    words = "pull request #7 was closed by alice on 2026-01-01"
    answer = verdict("1.4.0", closed=(KeptBack(Hold.CLOSED, closed, words),))
    if held:
        assert answer == Held(Version("1.5.0", NEW), Hold.CLOSED, None, f"1.5.0 is not wanted: {words}")
    else:
        assert isinstance(answer, Update)


@pytest.mark.parametrize(
    ("tags", "because"),
    [
        ([], "the registry lists no tags of ghcr.io/acme/api"),
        (["2.0.0"], "the only tag does not fit: 1 refused by range"),
        (["2.0.0", "3.0.0", "latest"], "none of 3 tags fits: 2 refused by range, 1 refused by semver"),
    ],
)
def test_nothing_fits(tags: list[str], because: str) -> None:
    assert verdict("1.4.0", tags=tags) == NoCandidate(because)


def test_no_field_is_unknown_even_without_tags() -> None:
    because = "no field in the paths of this policy holds ghcr.io/acme/api"
    assert verdict() == Unknown(because)
    assert verdict(tags=[]) == Unknown(because)


numbered = st.from_regex(r"v?[0-3]\.[0-5]\.[0-3](-rc\.[0-2])?", fullmatch=True)
rules = st.sampled_from([watch(), watch("*"), watch(">=1-0 <3"), watch("1.x", prereleases=True, loose=True)])
said = numbered | numbered.map(lambda tag: f"{tag}@{OLD}") | st.sampled_from(["", "latest", "1.4", f"@{OLD}"])


@given(rules, st.lists(numbered, max_size=20), st.lists(said, min_size=1, max_size=3))
def test_no_update_ever_goes_down(rule: Watch, tags: list[str], texts: list[str]) -> None:
    answer = verdict(*texts, tags=tags, rule=rule)
    if isinstance(answer, Update):
        target = version_of(rule, answer.to.tag)
        places = [version_of(rule, field.tag) for field in deployed(*texts) if field.tag]
        assert target is not None
        assert all(place <= target for place in places if place is not None)


@given(
    rules, st.lists(numbered, max_size=20), st.lists(said, min_size=1, max_size=3), st.randoms(use_true_random=False)
)
def test_the_order_of_the_list_does_not_matter(rule: Watch, tags: list[str], texts: list[str], random: Any) -> None:
    shuffled = random.sample(tags, len(tags))
    assert verdict(*texts, tags=shuffled, rule=rule) == verdict(*texts, tags=tags, rule=rule)


@given(rules, st.lists(numbered, max_size=20), st.lists(said, min_size=1, max_size=3))
def test_what_is_proposed_is_then_up_to_date(rule: Watch, tags: list[str], texts: list[str]) -> None:
    answer = verdict(*texts, tags=tags, rule=rule)
    if isinstance(answer, Update):
        assert isinstance(verdict(answer.to.tag, tags=tags, rule=rule), UpToDate)


@given(rules, st.lists(numbered, min_size=1, max_size=20), numbered, st.lists(said, min_size=1, max_size=3))
def test_an_older_tag_changes_no_choice(rule: Watch, tags: list[str], other: str, texts: list[str]) -> None:
    before, after = verdict(*texts, tags=tags, rule=rule), verdict(*texts, tags=[*tags, other], rule=rule)
    best = rank(rule, tags).best
    place = version_of(rule, other)
    if best is not None and place is not None and place < (version_of(rule, best.tag) or place):
        assert type(before) is type(after)
        if isinstance(before, Update) and isinstance(after, Update):
            assert before.to == after.to


@pytest.mark.parametrize(
    ("true", "because"),
    [
        ("2.0.0", "2.0.0; 1.5.0 is the newest of 3 tags in ^1.4: only a person takes a step down"),
        (
            "main-abc",
            "main-abc, and main-abc is no three-part version: whether 1.5.0 is older than that",
        ),
    ],
)
def test_a_digest_of_a_newer_version_beside_an_older_tag_never_goes_back(true: str, because: str) -> None:
    """What runs is the digest, whatever the tag beside it says."""
    found = verdict(f"1.4.0@{OLD}", misnamed={OLD: true})
    assert isinstance(found, Held), found
    assert (found.hold, found.version.tag) == (Hold.DOWNGRADE, "1.5.0")
    says = f"app.yaml:1 says 1.4.0, and its digest, which is what runs, is that of {because}"
    assert found.because.startswith(says)
    assert isinstance(verdict(f"1.4.0@{OLD}", misnamed={OLD: true}, rule=watch(downgrade="allow")), Update)


@pytest.mark.parametrize("names", [{}, {OLD: "1.3.0"}, {OLD: "1.5.0"}])
def test_a_digest_of_nothing_newer_beside_a_tag_moves_on(names: dict[str, str]) -> None:
    assert isinstance(verdict(f"1.4.0@{OLD}", misnamed=names), Update)


def test_a_tag_pushed_again_is_not_followed_down_from_a_newer_digest() -> None:
    answer = verdict(f"1.5.0@{OLD}", misnamed={OLD: "2.0.0"}, rule=watch(repush="allow"))
    assert isinstance(answer, Held)
    assert answer.hold is Hold.DOWNGRADE
