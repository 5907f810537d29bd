"""Repositories whose objects are named by SHA-256: as good as all others, and nobody has to say so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from imagebot.gitrepo.discovery import default_branch
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.push import Pushed, PushUpdate
from imagebot.gitrepo.remote import Remote
from imagebot.gitrepo.state_branch import Leaf
from imagebot.settings.resolve import Author
from tests.support.git_repos import BareRepository, a_repository
from tests.support.sound import proved
from tests.support.stage import set_up

FILES = {"apps/shop.yaml": "image: shop:1.0.0\n", "README.md": "hello\n"}


@pytest.fixture
def repository(tmp_path: Path) -> BareRepository:
    return a_repository(tmp_path / "environments.git", FILES, named_by="sha256")


@pytest.fixture
def mirror(repository: BareRepository, tmp_path: Path) -> Mirror:
    return Mirror.open(tmp_path / "state" / "m.git", Remote(str(repository.folder)))


def test_it_is_fetched_read_committed_to_and_pushed(repository: BareRepository, mirror: Mirror) -> None:
    base = mirror.fetch("imagebot/").base
    assert (len(base), base) == (64, repository.branches()["main"])
    assert mirror.read(base, "apps/shop.yaml") == b"image: shop:1.0.0\n"

    commit = mirror.commit(base, {"apps/shop.yaml": proved(b"image: shop:1.1.0\n")}, "newer", Author())

    assert mirror.push([PushUpdate("imagebot/a", commit, None)]) == {"imagebot/a": Pushed()}
    assert repository.file(commit, "apps/shop.yaml") == b"image: shop:1.1.0\n"
    assert repository.git("rev-parse", f"{commit}^") == base
    assert "missing" not in repository.git("fsck", "--full", "--strict")
    asked = mirror.fetches
    assert mirror.fetch("imagebot/").branches == {"imagebot/a": commit}
    assert mirror.fetches - asked == 1, "only the first fetch has to find out"


def test_a_mirror_of_what_was_there_before_is_made_anew(
    repository: BareRepository, mirror: Mirror, tmp_path: Path
) -> None:
    mirror.fetch("imagebot/")
    shutil.rmtree(repository.folder)
    again = a_repository(repository.folder, FILES)
    fresh = Mirror.open(tmp_path / "state" / "m.git", Remote(str(repository.folder)))

    assert fresh.fetch("imagebot/").base == again.branches()["main"]
    assert "mismatched algorithms" in fresh.remade


def test_the_state_is_kept_on_a_branch_of_it(repository: BareRepository, tmp_path: Path) -> None:
    leaf = Leaf(Remote(str(repository.folder), "imagebot/+state"), "state.json", Author(), tmp_path / "work")
    assert leaf.read() is None
    first = leaf.write(b"one\n", None, "first")
    assert first is not None
    assert leaf.read() == (b"one\n", first)
    second = leaf.write(b"two\n", first, "second")
    assert leaf.read() == (b"two\n", second)


def test_its_default_branch_is_found(repository: BareRepository, tmp_path: Path) -> None:
    assert default_branch(tmp_path / "scratch.git", Remote(str(repository.folder))) == "main"


def test_a_pass_opens_a_pull_request_in_it_and_the_next_one_nothing(tmp_path: Path) -> None:
    stage = set_up(tmp_path, named_by="sha256")
    with stage.registry:
        stage.commit({"app.yaml": "image: IMAGE:1.0.0\n"})
        stage.policy(
            "app: podinfo\nrepository: environments\nenvironments: {p: {}}\nimages: [{image: IMAGE, semver: ^1}]\n"
        )
        stage.publish("1.0.0", "1.1.0")

        assert [one.action.name for one in stage.one_pass().outcomes] == ["OPENED"]
        tip = stage.heads()["imagebot/p/podinfo"]
        assert (len(tip), stage.show("app.yaml", tip)) == (64, "image: IMAGE:1.1.0\n")
        assert (stage.one_pass().costs.git_pushes, stage.heads()["imagebot/p/podinfo"]) == (0, tip)
