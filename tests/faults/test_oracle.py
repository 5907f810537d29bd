"""The oracle sees what it is there for: each of these is done behind the bot's back, and told."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from copy import deepcopy
from random import Random

import pytest

from tests.faults.oracle import Seen, believed, restless, unsafe, unsettled
from tests.faults.people import FILE, MAIN
from tests.faults.scene import Scene, staged
from tests.faults.schedule import Round


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Two pull requests are open, and nothing is left to be done."""
    with staged(tmp_path_factory.mktemp("scene"), "github", Random(1)) as scene:
        scene.play(Round())
        assert [*unsafe(scene), *unsettled(scene)] == []
        yield scene


@pytest.fixture
def settled(scene: Scene) -> Iterator[Scene]:
    """The same scene for each test: what one does to git and the forge is undone."""
    people = scene.people
    copy = people.folder / "before.git"
    shutil.copytree(people.bare, copy)
    before = deepcopy((people.journal, scene.server.pulls))
    yield scene
    shutil.rmtree(people.bare)
    copy.rename(people.bare)
    people.journal, scene.server.pulls = before


def moved(scene: Scene) -> None:
    scene.people.git("update-ref", f"refs/heads/{MAIN}", scene.people.branch("shop"))


def foreign(scene: Scene) -> None:
    scene.people.git("update-ref", "-d", "refs/heads/renovate/shop")


def stray(scene: Scene) -> None:
    scene.people.git("update-ref", "refs/heads/imagebot/staging/shop-2", MAIN)


def lost(scene: Scene) -> None:
    before = scene.people.heads()[scene.people.branch("shop")]
    scene.people.do("commit shop")
    scene.people.git("update-ref", f"refs/heads/{scene.people.branch('shop')}", before)


def twice(scene: Scene) -> None:
    scene.people.open_pulls("shop")[0].comments += ["1.0.1 → 1.0.2", "1.0.1 → 1.0.2 "]


def doubled(scene: Scene) -> None:
    scene.server.add(scene.people.branch("shop"))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        pytest.param(moved, "main was moved", id="base"),
        pytest.param(foreign, "foreign branches were touched", id="foreign branch"),
        pytest.param(stray, "branches of no target", id="stray branch"),
        pytest.param(lost, "a person made on imagebot/staging/shop is lost", id="lost commit"),
        pytest.param(twice, "was told twice", id="comment"),
        pytest.param(doubled, "more than one open pull request", id="second pull request"),
    ],
)
def test_what_must_never_be(settled: Scene, harm: Callable[[Scene], None], words: str) -> None:
    harm(settled)

    (found,) = unsafe(settled)
    assert words in found


def closed_by_the_bot(scene: Scene) -> None:
    pull = scene.people.open_pulls("shop")[0]
    pull.state, pull.closed_by = "closed", scene.server.author


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        pytest.param(doubled, "pull requests were opened", id="opened"),
        pytest.param(closed_by_the_bot, "#2 was closed, while ['1.0.1'] is due", id="closed"),
    ],
)
def test_what_must_not_be_done_while_the_registry_cannot_be_believed(
    settled: Scene, harm: Callable[[Scene], None], words: str
) -> None:
    before = Seen.of(settled)
    harm(settled)

    (found,) = believed(settled, before, "hollow")
    assert words in found


def test_who_was_told_to_wait_and_asks_all_the_same(settled: Scene) -> None:
    settled.bans["one"] = 1e9
    settled.play(Round())

    assert "one was told to wait, and asks all the same" in next(unsafe(settled))
    settled.bans.clear()
    settled.impatient.clear()


def closed(scene: Scene) -> None:
    scene.people.open_pulls("shop")[0].state = "closed"


def renamed(scene: Scene) -> None:
    scene.people.open_pulls("shop")[0].title = "deps(staging): shop 1.0.0 → 1.0.0"


def without_block(scene: Scene) -> None:
    scene.people.open_pulls("shop")[0].body = "a body"


def unlabelled(scene: Scene) -> None:
    scene.people.open_pulls("shop")[0].labels = []


def branchless(scene: Scene) -> None:
    scene.people.git("update-ref", "-d", f"refs/heads/{scene.people.branch('shop')}")


def other_content(scene: Scene) -> None:
    branch = scene.people.branch("shop")
    text = scene.people.git("show", f"{branch}:{FILE}")
    scene.people.commit(branch, {FILE: text.replace("1.0.1", "1.0.9") + "\n"})


def moot(scene: Scene) -> None:
    scene.people.do("by-hand shop")


def newer(scene: Scene) -> None:
    scene.people.do("publish shop")


def unsaid(scene: Scene) -> None:
    scene.people.do("commit shop")


def refused(scene: Scene) -> None:
    scene.people.journal.refused["shop"].add("1.0.1")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        pytest.param(closed, "is due, and 0 pull requests are open", id="none"),
        pytest.param(closed, "imagebot/staging/shop is left over", id="orphan"),
        pytest.param(doubled, "more than one open pull request", id="twins"),
        pytest.param(renamed, "is called 'deps(staging): shop 1.0.0 → 1.0.0' instead of", id="title"),
        pytest.param(without_block, "says in its block that it proposes [] instead of", id="block"),
        pytest.param(unlabelled, "has the labels []", id="labels"),
        pytest.param(branchless, "is open and has no branch", id="no branch"),
        pytest.param(other_content, "brings another change than", id="content"),
        pytest.param(moot, "nothing is to be proposed", id="moot"),
        pytest.param(newer, "instead of 'deps(staging): shop 1.0.0 → 1.0.2'", id="stale"),
        pytest.param(unsaid, "and nobody is told", id="freeze"),
        pytest.param(refused, "nothing is to be proposed", id="refused"),
    ],
)
def test_what_must_be_in_the_end(settled: Scene, harm: Callable[[Scene], None], words: str) -> None:
    harm(settled)

    assert any(words in line for line in unsettled(settled)), list(unsettled(settled))


def test_a_settled_pass_that_writes(settled: Scene) -> None:
    settled.people.do("publish shop")
    writes = settled.writes

    told = settled.play(Round())["one"]

    assert "wrote: 1 pushes" in next(restless(settled, told, writes))


def test_every_operation_is_met(settled: Scene) -> None:
    """What passed a seam unseen could not be hindered."""
    asked = [step for step in settled.log if not isinstance(step, str) and step.operation.kind == "request"]

    assert len(settled.server.calls) == len(asked)
