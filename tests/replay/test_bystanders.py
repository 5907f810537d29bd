"""With hundreds of other teams' files beside those of a case, only the files of the case change."""

from __future__ import annotations

from tests.replay.bystanders import beside
from tests.support.shared import bumps


def test_no_bystander_moves() -> None:
    results = [beside(bump) for bump in bumps()]
    assert sum(result.looked - result.named for result in results) > 100
    assert [path for result in results for path in result.moved] == []
