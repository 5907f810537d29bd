"""When a pull request is closed: only for a reason that is certain, and never because something is unknown."""

from __future__ import annotations

import pytest

from imagebot.plan.groups import Item
from imagebot.plan.obsolete import Stand, Why, moot
from imagebot.selection.verdict import Held, Hold, NoCandidate, Unknown, Update, UpToDate, Verdict, Version

HERE = "imagebot/staging/api"
API: Item = ("api", "staging", "ghcr.io/acme/api")
WEB: Item = ("web", "staging", "ghcr.io/acme/web")
V = Version("1.0.0")
DONE = UpToDate(V, "done")


def held(hold: Hold) -> Held:
    return Held(V, hold, None, f"held: {hold}")


def stand(verdict: Verdict, branch: str = HERE, *, certain: bool = True) -> Stand:
    return Stand(branch, verdict, certain)


@pytest.mark.parametrize(
    ("stands", "why"),
    [
        pytest.param([stand(DONE)], Why.SETTLED, id="the base has it"),
        pytest.param([stand(NoCandidate("gone"))], Why.NOTHING_FITS, id="nothing fits any more"),
        pytest.param([stand(held(Hold.SOAK))], Why.TAKEN_BACK, id="it soaks"),
        pytest.param([stand(held(Hold.SOURCE))], Why.TAKEN_BACK, id="the other environment has not had it long enough"),
        pytest.param([stand(held(Hold.BY_HAND))], Why.BY_HAND, id="held by hand"),
        pytest.param([stand(held(Hold.ROLLED_BACK))], Why.ROLLED_BACK, id="rolled back"),
        pytest.param([stand(held(Hold.DOWNGRADE))], Why.DOWNGRADE, id="it would be a step down"),
        pytest.param([stand(held(Hold.WINDOW))], None, id="a closed window changes nothing"),
        pytest.param([stand(held(Hold.FROZEN))], None, id="people work on it"),
        pytest.param([stand(held(Hold.CLOSED))], None, id="refused"),
        pytest.param([stand(held(Hold.DOUBT))], None, id="the list is in doubt"),
        pytest.param([stand(Update(V, "newer"))], None, id="still wanted"),
        pytest.param([stand(Unknown("broken"))], None, id="unknown"),
        pytest.param([stand(DONE, certain=False)], None, id="something else of the policy is unknown"),
        pytest.param([stand(Update(V, "newer"), "imagebot/staging/+all")], Why.MOVED, id="it goes elsewhere now"),
        pytest.param([stand(DONE, "imagebot/staging/+all", certain=False)], None, id="elsewhere, and unknown"),
        pytest.param(
            [stand(DONE), stand(Update(V, "2.0.0"), f"{HERE}+major")], Why.SETTLED, id="the other branch does not count"
        ),
        pytest.param([], Why.GONE, id="no policy"),
    ],
)
def test_one_item(stands: list[Stand], why: Why | None) -> None:
    answer = moot(HERE, {API: ""}, {API: stands} if stands else {}, whole=True)

    assert (None if answer is None else answer.why) == why


def test_no_policy_is_no_reason_while_not_all_are_known() -> None:
    assert moot(HERE, {API: ""}, {}, whole=False) is None


def test_one_item_that_is_wanted_keeps_all() -> None:
    assert moot(HERE, {API: "", WEB: ""}, {API: [stand(DONE)], WEB: [stand(Update(V, "newer"))]}, whole=True) is None


def test_nothing_proposed_is_no_reason() -> None:
    """Somebody else opened it, or emptied its words."""
    assert moot(HERE, {}, {API: [stand(DONE)]}, whole=True) is None


def test_of_several_reasons_all_are_told_under_the_weightiest() -> None:
    answer = moot(HERE, {API: "", WEB: ""}, {API: [stand(DONE)], WEB: [stand(NoCandidate("no tag fits"))]}, whole=True)

    assert answer is not None
    assert (answer.why, answer.because) == (Why.NOTHING_FITS, "done; no tag fits")
