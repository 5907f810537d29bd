from __future__ import annotations

from dataclasses import replace

import pytest

from imagebot.policy.verify import Requirement
from imagebot.selection.facts import Case, Fact, Facts, TagFacts
from imagebot.selection.gate_report import Gate, survey
from imagebot.selection.verdict import Held, Hold, Unknown, Update, UpToDate, Version
from imagebot.trust.state import CheckFailed, Invalid, SignatureState, Unsigned, Unverifiable, Verified
from tests.support.judging import DAY, NEW, NOON, Answers, case
from tests.support.watches import watch

BY_RELEASE = (Requirement(keys=("release",)),)
OK = Verified(("release",))
NONE = Unsigned("there is not a signature by release")
BAD = Invalid("it is not by release")
OF_IT = "(of sha256:111111111111)"


def signed(*texts: str, tags: list[str], **more: object) -> Case:
    return replace(case(*texts, tags=tags, **more), requirements=BY_RELEASE)  # type: ignore[arg-type]


def test_what_is_signed_is_an_update_and_nothing_is_asked_where_nothing_is_required() -> None:
    answers = Answers(signatures={"1.4.3": OK})
    assert isinstance(answers.verdict(signed("1.4.2", tags=["1.4.2", "1.4.3"])), Update)
    bare = Answers()
    assert isinstance(bare.verdict(case("1.4.2", tags=["1.4.2", "1.4.3"])), Update)
    assert not [needs for needs in bare.asked if Fact.SIGNATURE in needs.facts]


def test_a_day_without_news_asks_for_no_signature() -> None:
    answers = Answers()
    assert isinstance(answers.verdict(signed("1.4.3", tags=["1.4.3"])), UpToDate)
    assert answers.asked == []


@pytest.mark.parametrize(
    ("state", "because"),
    [
        pytest.param(NONE, "1.4.3 is not signed as it must be: there is not a signature by release", id="unsigned"),
        pytest.param(BAD, "1.4.3 has an invalid signature: it is not by release", id="invalid"),
        pytest.param(
            Unverifiable("a Notation signature"),
            "1.4.3 has nothing that can be verified: a Notation signature",
            id="unverifiable",
        ),
    ],
)
def test_what_is_not_signed_waits_and_says_for_what(state: SignatureState, because: str) -> None:
    verdict = Answers(signatures={"1.4.3": state}).verdict(signed("1.4.2", tags=["1.4.2", "1.4.3"]))
    assert verdict == Held(Version("1.4.3", NEW), Hold.SIGNATURE, None, f"{because} {OF_IT}")


def test_the_next_older_one_that_is_signed_may_come() -> None:
    answers = Answers(signatures={"1.4.4": BAD, "1.4.3": OK})
    verdict = answers.verdict(signed("1.4.2", tags=["1.4.2", "1.4.3", "1.4.4"]))
    assert isinstance(verdict, Update)
    assert verdict.to.tag == "1.4.3"
    assert f"1.4.4 has an invalid signature: it is not by release {OF_IT}" in verdict.because


def test_what_could_not_be_looked_at_is_unknown_and_no_older_one_comes() -> None:
    answers = Answers(signatures={"1.4.4": CheckFailed("cannot read the key release"), "1.4.3": OK})
    assert answers.verdict(signed("1.4.2", tags=["1.4.2", "1.4.3", "1.4.4"])) == Unknown(
        "whether 1.4.4 is signed as it must be is not known: cannot read the key release"
    )


def test_what_soaks_is_waited_for_first() -> None:
    soaking = signed("1.4.2", tags=["1.4.2", "1.4.3", "1.4.4"], rule=watch(minimumAge="2d"))
    answers = Answers(
        digests={"1.4.4": NEW, "1.4.3": "sha256:" + "3" * 64},
        seen={NEW: NOON - 9 * DAY},
        signatures={"1.4.4": NONE},
        remembered={"1.4.3": "sha256:" + "3" * 64},
    )
    verdict = answers.verdict(soaking)
    assert isinstance(verdict, Held)
    assert (verdict.version.tag, verdict.hold) == ("1.4.3", Hold.SOAK)
    assert "1.4.4 is not signed as it must be" in verdict.because


@pytest.mark.parametrize(
    ("state", "gate"),
    [
        (None, Gate("signature", None, "a signature by key release; not looked at: the answer was clear before")),
        (OK, Gate("signature", True, "verified, signed by release, of sha256:111111111111")),
        (BAD, Gate("signature", False, f"1.4.3 has an invalid signature: it is not by release {OF_IT}")),
        (
            CheckFailed("no key"),
            Gate("signature", None, "whether 1.4.3 is signed as it must be is not known: no key"),
        ),
    ],
)
def test_explain_shows_the_gate_as_it_stands(state: SignatureState | None, gate: Gate) -> None:
    facts = Facts(tags={"1.4.3": TagFacts(NEW, asked=True, signature=state)})
    found = survey(signed("1.4.2", tags=["1.4.2", "1.4.3"]), facts, Version("1.4.3", NEW), NOON)
    assert [one for one in found if one.name == "signature"] == [gate]
