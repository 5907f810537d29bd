"""What the policies of one group want together."""

from __future__ import annotations

import pytest

from imagebot.plan.propose import FIRST_DECIDES, together
from imagebot.policy.model import PullRequestKeys
from tests.support.changes import WISHES


@pytest.mark.parametrize("key", PullRequestKeys.model_fields)
def test_what_one_policy_of_a_group_wants_is_not_lost_by_its_place(key: str) -> None:
    """A new key is joined in `together`, or is named, with a reason, as one of which the first policy decides."""
    if key in FIRST_DECIDES:
        assert FIRST_DECIDES[key]
        return
    assert key in WISHES, f"give {key} a value in WISHES of tests/support/changes.py, or a reason in FIRST_DECIDES"
    wanted, silent = PullRequestKeys(**{key: WISHES[key]}), PullRequestKeys()
    first, second = together([wanted, silent]), together([silent, wanted])
    assert getattr(first, key) == getattr(second, key), f"{key} of the second policy of a group is lost"
