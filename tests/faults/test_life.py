"""A thin slice of what `make faults` plays: troubles in a pull request's life, and schedules drawn from seeds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.life import Life
from tests.faults.play import play
from tests.faults.schedule import FORGES, ForgeName, Round, Schedule, drawn

THINNED = 199  # one in so many; prime to the number of troubles, so that each has its turn somewhere


@pytest.mark.parametrize("forge", FORGES)
def test_any_operation_may_meet_any_trouble(tmp_path: Path, forge: ForgeName) -> None:
    with Life(tmp_path, forge) as life:
        for pair in life.pairs[FORGES.index(forge) * 33 :: THINNED]:
            played = life.play(pair)
            assert not played.wrong, played


@pytest.mark.parametrize("seed", range(1, 25))
def test_any_schedule_settles_within_two_passes(tmp_path: Path, seed: int) -> None:
    played = play(drawn(seed), tmp_path)
    assert not played.wrong, played


@pytest.mark.parametrize("forge", FORGES)
def test_who_closes_a_pull_request_while_it_is_rewritten_refuses_what_they_read(
    tmp_path: Path, forge: ForgeName
) -> None:
    """The newer version that the bot was about to write there was refused by nobody."""
    closed = Round(("publish cart",), meanwhile={("one", "push"): "close cart"})
    rounds = (Round(), closed, Round(("withdraw cart",)), Round())
    for number in (2, 4):
        played = play(Schedule("closed meanwhile", forge, rounds[:number]), tmp_path / str(number))
        assert not played.wrong, played
