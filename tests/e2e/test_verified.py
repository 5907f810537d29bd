"""Commits that GitHub makes and signs for an App, in whole passes: pushed by git, and known again as the bot's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from imagebot.cycle.pass_store import PassStore
from imagebot.cycle.report import Action, Report
from imagebot.forge import forges
from imagebot.forge.manners import Manners
from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.e2e.conftest import actions
from tests.support import github_server
from tests.support.git_http import git_http_server
from tests.support.github_server import GitHubServer
from tests.support.stage import NOON, Stage, set_up

BRANCH = "imagebot/staging/podinfo"


@dataclass
class Place:
    stage: Stage
    github: GitHubServer

    def one_pass(self) -> Report:
        """GitHub knows what git has been pushed."""
        bare = str(self.stage.bare)
        tree = self.stage.git("-C", bare, "ls-tree", "-r", "main").splitlines()
        self.github.git.base = self.stage.heads()["main"]
        self.github.git.files = {line.split("\t")[1]: (line.split()[0], line.split()[2]) for line in tree}
        world = self.stage.world()
        forge = forges.connect(world.settings.repositories["environments"], Manners(20, 0.0))
        return self.stage.one_pass(replace(world, forge=lambda _: forge))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    (tmp_path / "app.pem").write_bytes(private)
    with ExitStack() as stack:
        github = stack.enter_context(github_server.running())
        github.app = ("12345", 678, public.decode())
        stage = set_up(tmp_path)
        stack.enter_context(stage.registry)
        (tmp_path / "git" / "acme").mkdir(parents=True)
        (tmp_path / "git" / "acme" / "environments.git").symlink_to(stage.bare)
        git = stack.enter_context(git_http_server(tmp_path / "git"))
        stage.config.write_text(
            "policies: [policies/]\nstate: state\nlog: {level: error}\nrepositories:\n  environments:\n"
            f"    url: {git.url('acme/environments.git')}\n    forge: github\n    apiUrl: {github.url}\n"
            "    credentials: {app: {id: '12345', installation: 678, keyFile: app.pem}}\n    verifiedCommits: true\n"
            "    pace: {writesPerHour: 400}\n"
            f"registries:\n  {stage.registry.host}: {{plainHttp: true}}\n"
        )
        stage.policy(POLICY)
        stage.publish("6.5.3", "6.5.4")
        stage.commit({"staging/app.yaml": DEPLOYMENT, "README.md": "hello\n"})
        yield Place(stage, github)


def test_the_commit_on_the_branch_is_githubs_own_and_the_next_pass_leaves_it(place: Place) -> None:
    assert actions(place.one_pass()) == [Action.OPENED]

    raw = place.stage.git("-C", str(place.stage.bare), "cat-file", "commit", BRANCH)
    assert "committer GitHub <noreply@github.com>" in raw
    assert "gpgsig -----BEGIN PGP SIGNATURE-----" in raw
    assert place.stage.show("staging/app.yaml", BRANCH) == DEPLOYMENT.replace("6.5.3", "6.5.4")
    head = place.stage.heads()[BRANCH]
    again = place.one_pass()
    assert (actions(again), again.costs.git_pushes, again.costs.forge_writes) == ([Action.KEPT], 0, 0)
    assert place.stage.heads()[BRANCH] == head


def test_a_newer_version_replaces_it_for_it_is_the_bots(place: Place) -> None:
    place.one_pass()
    place.stage.publish("6.6.0")

    assert actions(place.one_pass()) == [Action.UPDATED]

    assert place.stage.show("staging/app.yaml", BRANCH) == DEPLOYMENT.replace("6.5.3", "6.6.0")
    commits = place.stage.git("-C", str(place.stage.bare), "rev-list", f"main..{BRANCH}").splitlines()
    assert len(commits) == 1


def test_a_persons_commit_freezes_it_like_any_other(place: Place) -> None:
    place.one_pass()
    theirs = place.stage.commit({"staging/more.yaml": "a: 1\n"}, branch=BRANCH)
    place.stage.publish("6.6.0")

    assert actions(place.one_pass()) == []

    assert place.stage.heads()[BRANCH] == theirs


@pytest.mark.parametrize(("left", "done"), [(2, Action.WAITING), (3, Action.OPENED)])
def test_what_a_commit_takes_of_the_forge_is_counted_before_it_is_made(place: Place, left: int, done: Action) -> None:
    """Opening takes one write, and the commit two: a tree, and itself."""
    store = place.stage.world().store()
    PassStore(store, NOON).count("writes", f"github {place.github.url}", [NOON] * (400 - left))
    store.save()

    assert actions(place.one_pass()) == [done]

    assert len(place.github.writes) == (3 if done is Action.OPENED else 0)
