"""What the fields of an image should say, and why."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.policy.model import Watch
from imagebot.selection.judge import judge
from imagebot.selection.rank import rank, version_of
from imagebot.selection.verdict import (
    Deployed,
    Fact,
    Facts,
    Held,
    Hold,
    Needs,
    NoCandidate,
    Unknown,
    Update,
    UpToDate,
    Verdict,
    Version,
)
from tests.support.watches import watch

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OLD = "sha256:" + "0" * 64
NEW = "sha256:" + "1" * 64
TAGS = ["1.4.0", "1.4.2", "1.5.0", "2.0.0", "latest"]
KNOWN = Facts(digest=NEW, closed=())
NOT_ASKED = Facts()


def fields(*texts: str) -> tuple[Deployed, ...]:
    """Fields as `tag@digest`, `tag`, `@digest` or nothing, in the lines of one file."""
    parts = [text.partition("@") for text in texts]
    return tuple(
        Deployed(tag or None, digest or None, f"app.yaml:{line}") for line, (tag, _, digest) in enumerate(parts, 1)
    )


def verdict(
    *texts: str, facts: Facts = KNOWN, tags: list[str] | None = None, rule: Watch | None = None
) -> Verdict | Needs:
    rule = watch() if rule is None else rule
    deployed = fields(*texts)
    ranking = rank(rule, TAGS if tags is None else tags, {field.tag for field in deployed if field.tag})
    return judge(rule, ranking, deployed, facts, NOON)


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
        (
            [f"@{OLD}"],
            "(now sha256:000000000000 without a tag; sha256:000000000000 without a tag says nothing about a version)",
        ),
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
    assert verdict("v1.5.0", tags=["1.5.0", "v1.5.0"], facts=NOT_ASKED) == UpToDate(
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
    ],
)
def test_a_quiet_day_asks_nothing(texts: list[str], keys: dict[str, Any], at: Version) -> None:
    assert verdict(*texts, rule=watch(**keys), facts=NOT_ASKED) == UpToDate(at, "1.5.0 is the newest of 3 tags in ^1.4")


def test_a_tag_pushed_again_is_no_update() -> None:
    because = "1.5.0 is the newest of 3 tags in ^1.4; it was pushed again: the digest in app.yaml:1 is an older one"
    assert verdict(f"1.5.0@{OLD}") == UpToDate(Version("1.5.0", OLD), because)


@pytest.mark.parametrize(
    ("texts", "keys", "facts", "needs"),
    [
        (["1.4.2"], {}, NOT_ASKED, {Fact.CLOSED, Fact.DIGEST}),
        (["1.4.2"], {}, Facts(closed=()), {Fact.DIGEST}),
        (["1.4.2"], {}, Facts(digest=NEW), {Fact.CLOSED}),
        (["1.5.0"], {"pin": "digest"}, NOT_ASKED, {Fact.CLOSED, Fact.DIGEST}),
        ([f"@{OLD}"], {}, NOT_ASKED, {Fact.DIGEST}),
        ([f"@{OLD}"], {}, Facts(digest=NEW), {Fact.CLOSED}),
        ([f"@{OLD}", "1.4.2"], {}, NOT_ASKED, {Fact.CLOSED, Fact.DIGEST}),
        (["1.4.2"], {}, Facts(closed=((Version("1.5.0", OLD), "closed"),)), {Fact.DIGEST}),
    ],
)
def test_facts_are_asked_for_when_they_decide(
    texts: list[str], keys: dict[str, Any], facts: Facts, needs: set[Fact]
) -> None:
    assert verdict(*texts, rule=watch(**keys), facts=facts) == Needs("1.5.0", frozenset(needs))


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
    assert verdict(*texts, facts=NOT_ASKED) == Held(Version("1.5.0"), Hold.DOWNGRADE, None, because)


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
    answer = verdict("1.4.0", facts=Facts(digest=NEW, closed=((closed, words),)))
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
        places = [version_of(rule, field.tag) for field in fields(*texts) if field.tag]
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
