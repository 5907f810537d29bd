"""Writes to one host keep their distance, whoever sends them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from imagebot.errors import WorldError
from imagebot.forge import github
from imagebot.forge.manners import Manners, Pace
from tests.forge.conftest import settings
from tests.support.github_server import PER_MINUTE, Fault, GitHubServer
from tests.support.proposals import proposal

APART_S = 0.05


def test_what_is_planned_for_github_can_be_sent_within_its_limits() -> None:
    """One after another, each this long after the end of the last: fewer than that in any minute."""
    assert 60 / Manners().between_writes_s < PER_MINUTE


def test_two_repositories_on_one_host_share_its_pace(github_server: GitHubServer) -> None:
    """The account is the same, and the forge counts by it: each on its own would pass 80 a minute with 90 of them."""
    github_server.seconds_between_writes = APART_S
    manners = Manners(between_writes_s=APART_S)
    for number in range(4):
        forge = github.connect(replace(settings(github_server), name=f"repository-{number}"), manners)
        forge.create(proposal(branch=f"imagebot/{number}"))

    assert len(github_server.pulls) == 4


def test_a_write_that_fails_keeps_the_distance_too(github_server: GitHubServer) -> None:
    github_server.seconds_between_writes = APART_S
    github_server.next_writes = {1: Fault("*", 422)}
    forge = github.connect(settings(github_server), Manners(between_writes_s=APART_S))
    with pytest.raises(WorldError):
        forge.create(proposal())
    forge.create(proposal())

    assert len(github_server.writes) == 2


def test_another_host_need_not_wait() -> None:
    pace = Pace()
    with pace.write("a.test", 3600.0):
        pass
    with pace.write("b.test", 0.0):
        pass
