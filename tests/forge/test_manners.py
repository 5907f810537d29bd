"""Writes to one host keep their distance, whoever sends them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from imagebot import knownforges
from imagebot.bans import Ban
from imagebot.errors import WorldError
from imagebot.forge import gitea, github
from imagebot.forge.ensure import ensure
from imagebot.forge.manners import Manners, WriteLanes
from imagebot.gitnames import GitUrl
from imagebot.knownforges import ForgeKind
from imagebot.settings.resolve import Pace, read_settings
from tests.forge.conftest import gitea_client, settings
from tests.support.gitea_server import GiteaServer
from tests.support.github_server import PER_HOUR, PER_MINUTE, Fault, GitHubServer
from tests.support.proposals import proposal

APART_S = 0.05


def test_what_is_planned_for_github_can_be_sent_within_its_limits() -> None:
    """One after another, each this long after the end of the last: fewer than that in any minute."""
    url = GitUrl.parse("https://github.com/acme/environments")
    per_hour = knownforges.writes_per_hour(url, "github")

    assert knownforges.writes_per_minute(url) < PER_MINUTE
    assert per_hour is not None
    assert per_hour < PER_HOUR


def test_two_repositories_on_one_host_share_its_pace(github_server: GitHubServer) -> None:
    """The account is the same, and the forge counts by it: each on its own would pass 80 a minute with 90 of them."""
    github_server.seconds_between_writes = APART_S
    manners = Manners(between_writes_s=APART_S)
    for number in range(4):
        forge = github.connect(settings(github_server).model_copy(update={"name": f"repository-{number}"}), manners)
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
    lanes = WriteLanes()
    with lanes.write("a.test", 3600.0):
        pass
    with lanes.write("b.test", 0.0):
        pass


HOSTS = [
    pytest.param("https://github.com/a/b", "github", (60, 400), id="GitHub"),
    pytest.param("git@ssh.github.com:a/b", "github", (60, 400), id="GitHub by ssh"),
    pytest.param("https://acme.ghe.com/a/b", "github", (60, 400), id="GitHub's for a company"),
    pytest.param("https://ghe.acme.test/a/b", "github", (600, None), id="GitHub of one's own"),
    pytest.param("https://gitlab.com/a/b", "gitlab", (60, None), id="GitLab.com"),
    pytest.param("https://codeberg.org/a/b", "gitea", (60, None), id="Codeberg"),
    pytest.param("https://git.acme.test:3000/a/b", "gitea", (600, None), id="Gitea of one's own"),
    pytest.param("https://notgithub.com/a/b", "github", (600, None), id="another name"),
]


@pytest.mark.parametrize(("url", "kind", "expected"), HOSTS)
def test_a_forge_of_ones_own_is_not_kept_to_the_limits_of_everybodys(
    url: str, kind: ForgeKind, expected: tuple[int, int | None]
) -> None:
    where = GitUrl.parse(url)
    assert (knownforges.writes_per_minute(where), knownforges.writes_per_hour(where, kind)) == expected


@pytest.mark.parametrize(
    ("pace", "expected"),
    [
        pytest.param("", Pace(writes_per_minute=600, writes_per_hour=None), id="by its host"),
        pytest.param(
            "    pace: {writesPerMinute: 30}\n", Pace(writes_per_minute=30, writes_per_hour=None), id="slower"
        ),
        pytest.param(
            "    pace: {writesPerMinute: 6000, writesPerHour: 9000}\n",
            Pace(writes_per_minute=6000, writes_per_hour=9000),
            id="faster",
        ),
    ],
)
def test_the_pace_is_a_setting_of_the_forge(tmp_path: Path, pace: str, expected: Pace) -> None:
    text = f"policies: [p]\nrepositories:\n  e:\n    url: https://git.acme.test/a/b\n    forge: gitea\n{pace}"
    text += "    credentials: {tokenEnv: TOKEN}\n"
    found = read_settings("imagebot.yaml", text.encode(), tmp_path, {"TOKEN": "secret"}).repositories["e"]

    assert found.pace == expected
    assert gitea.connect(found, Manners()).hourly_writes == expected.writes_per_hour


def test_fifty_pull_requests_on_a_forge_of_ones_own_take_half_a_minute(gitea_server: GiteaServer) -> None:
    """Once it was 282 seconds: one write in a second, and all labels listed anew for each."""
    forge = gitea_client(gitea_server)
    wanted = replace(proposal(), labels=("image-update", "minor"), assignees=("bob",))
    for number in range(50):
        ensure(forge, replace(wanted, branch=f"imagebot/staging/app-{number}"), None)
    listings = [call for call in gitea_server.calls if call.verb == "GET" and call.path.endswith("/labels")]

    assert len(listings) == 2, "those of the organisation and those of the repository, once"
    # Opened, labelled, assigned (by a list that is read just before), and what it says.
    assert len(gitea_server.calls) == 50 * 5 + 2
    assert forge.writes * Pace(writes_per_minute=600).apart_s <= 30


def test_a_label_that_was_made_since_is_found_in_the_next_pass(gitea_server: GiteaServer) -> None:
    forge = gitea_client(gitea_server)
    wanted = replace(proposal(), labels=("new",))
    done = ensure(forge, wanted, None)
    assert done.warnings == ("acme/environments has no label new: make one there",)
    gitea_server.known_labels["new"] = 31
    forge.begin(Forgetful())

    assert forge.add(done.pull, wanted).pull.labels == ("new",)


class Forgetful:
    """Nothing was ever remembered."""

    def ban(self, account: str) -> None:
        del account

    def is_banned(self, ban: Ban) -> None:
        del ban
