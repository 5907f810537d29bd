"""What changed in a source comes into the pull request, and keeps nothing waiting: in whole passes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from imagebot.cycle.report import Action, Report
from imagebot.pulls import block
from imagebot.store.protocol import Store
from tests.cycle.conftest import DEPLOYMENT, POLICY, actions, assert_quiet
from tests.support import oci_folder
from tests.support.source_server import PREFIXES, SourceRepo, serving
from tests.support.stage import NOON, Stage, set_up
from tests.support.web_function import Answer, Asked, Raw, Served

COMMITS = {"6.5.3": "a" * 40, "6.5.4": "b" * 40}


@dataclass
class Scene:
    """A stage whose images name a source, on a forge that may be asked and has troubles that come and go."""

    stage: Stage
    source: SourceRepo
    served: Served
    troubles: list[Answer | threading.Event] = field(default_factory=list)

    def image(self, tag: str, **labels: str) -> None:
        said = {"source": "https://git.acme.test/acme/api", "revision": COMMITS.get(tag, "c" * 40)} | labels
        named = {f"org.opencontainers.image.{name}": value for name, value in said.items()}
        oci_folder.publish(self.stage.folder / "registry", "acme/podinfo", tag, labels=named)

    def settings(self, more: str = "", host: str = "git.acme.test") -> None:
        url = f"{self.served.url}{PREFIXES['github']}"
        self.stage.settings(f"releaseNotes: {{{host}: {{forge: github, apiUrl: '{url}'{more}}}}}\n")

    def passes(self, hours: float = 0) -> Report:
        return self.stage.one_pass(now=NOON + timedelta(hours=hours))

    @property
    def body(self) -> str:
        (pull,) = self.stage.pulls()
        return pull.body

    @property
    def unknown(self) -> tuple[str, ...]:
        found = block.read(self.body)
        assert found is not None
        return found.unknown


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    source = SourceRepo(
        commits=[(COMMITS["6.5.3"], "old"), (COMMITS["6.5.4"], "fix: the leak (#7)")],
        releases=[("v6.5.4", "It leaks no more."), ("v6.5.3", "Older.")],
        tags={"v6.5.3", "v6.5.4"},
    )
    troubles: list[Answer | threading.Event] = []

    def troubled(_: Asked) -> Answer | Raw | None:
        for trouble in troubles:
            if isinstance(trouble, Answer):
                return trouble
            trouble.wait(60)
        return None

    stage = set_up(tmp_path)
    with stage.registry, serving("github", source, troubled) as served:
        made = Scene(stage, source, served, troubles)
        for tag in ("6.5.3", "6.5.4"):
            made.image(tag)
        made.settings()
        stage.policy(POLICY)
        stage.commit({"staging/app.yaml": DEPLOYMENT})
        yield made


def test_what_changed_is_told_and_asked_for_once(scene: Scene) -> None:
    assert actions(scene.passes()) == [Action.OPENED]
    assert "It leaks no more." in scene.body
    assert "bbbbbbbbbb fix: the leak (# 7)" in scene.body
    assert scene.unknown == ()
    asked = len(scene.served.asked)
    assert_quiet(scene.stage)
    scene.stage.edit(scene.stage.pulls()[0].number, labels=("imagebot/retry",))
    assert actions(scene.passes()) == [Action.UPDATED]
    assert "It leaks no more." in scene.body
    assert len(scene.served.asked) == asked


def test_nobody_is_asked_who_was_not_named(scene: Scene) -> None:
    scene.settings(host="git.other.test")
    assert actions(scene.passes()) == [Action.OPENED]
    assert (scene.served.asked, scene.unknown) == ([], ())


@pytest.mark.parametrize(("owners", "asked"), [("acme", True), ("eve", False), ("acm", False)])
def test_only_repositories_of_owners_are_asked_about(scene: Scene, owners: str, asked: bool) -> None:
    """A token may read more than those who read pull requests."""
    scene.settings(f", owners: [{owners}]")
    assert actions(scene.passes()) == [Action.OPENED]
    assert bool(scene.served.asked) is asked


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(Answer(503, body=b"{}"), id="away"),
        pytest.param(Answer(401, body=b'{"message": "Bad credentials"}'), id="refused"),
    ],
)
def test_a_forge_that_does_not_answer_delays_nothing_and_is_told_later_once(scene: Scene, trouble: Answer) -> None:
    scene.troubles.append(trouble)
    assert actions(scene.passes()) == [Action.OPENED]
    assert " · what changed is not known yet |" in scene.body
    assert scene.unknown == ("source 0",)
    scene.troubles.clear()
    report = scene.passes(hours=2)
    assert (actions(report), report.costs.git_pushes, report.costs.forge_writes) == ([Action.UPDATED], 0, 1)
    assert "It leaks no more." in scene.body
    assert_quiet(scene.stage)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        pytest.param(
            Answer(200, (("Content-Type", "text/html"),), b"<h1>Back soon"), "nothing that makes sense", id="a page"
        ),
        pytest.param(Answer(404, body=b"{}"), "shows us no such commits", id="not for us yet"),
    ],
)
def test_one_bad_moment_of_a_forge_takes_the_notes_away_for_an_hour_and_not_for_ever(
    scene: Scene, trouble: Answer, said: str
) -> None:
    scene.troubles.append(trouble)
    scene.passes()
    assert said in scene.body
    scene.troubles.clear()
    assert_quiet(scene.stage)
    assert actions(scene.passes(hours=2)) == [Action.UPDATED]
    assert "It leaks no more." in scene.body
    assert said not in scene.body
    asked = len(scene.served.asked)
    scene.passes(hours=4)
    assert len(scene.served.asked) == asked


@pytest.mark.parametrize("trouble", [Answer(503, body=b"{}"), Answer(429, (("Retry-After", "3600"),), b"{}")])
def test_a_forge_that_is_away_is_left_alone_for_an_hour(scene: Scene, trouble: Answer) -> None:
    scene.troubles.append(trouble)
    scene.passes()
    asked = len(scene.served.asked)
    for minutes in (5, 50):
        scene.passes(hours=minutes / 60)
    assert len(scene.served.asked) == asked


class Listening:
    """A store that tells when it was given what changed in a source."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.heard = threading.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def recall(self, kind: str, values: Mapping[str, str]) -> None:
        self._store.recall(kind, values)
        if kind == "source":
            self.heard.set()


def test_a_forge_that_is_silent_delays_nothing(scene: Scene) -> None:
    """What it says in the end is kept for the next pass."""
    says = threading.Event()
    scene.troubles.append(says)
    world = scene.stage.world()
    store = Listening(world.store())
    world = replace(world, store=lambda: cast("Store", store), budgets=replace(world.budgets, notes=0.2))
    assert actions(scene.stage.one_pass(world)) == [Action.OPENED]
    assert scene.unknown == ("source 0",)
    scene.troubles.clear()
    says.set()
    assert store.heard.wait(60)
    asked = len(scene.served.asked)
    assert actions(scene.passes()) == [Action.UPDATED]
    assert "It leaks no more." in scene.body
    assert len(scene.served.asked) == asked


def test_notes_that_are_written_after_the_image_was_pushed_come_later(scene: Scene) -> None:
    notes = scene.source.releases.pop(0)
    scene.passes()
    assert "fix: the leak" in scene.body
    assert "not known" not in scene.body
    assert_quiet(scene.stage)
    scene.source.releases.insert(0, notes)
    assert actions(scene.passes(hours=2)) == [Action.UPDATED]
    assert "It leaks no more." in scene.body
    assert_quiet(scene.stage)


def test_notes_that_never_come_are_asked_for_a_day_and_write_nothing(scene: Scene) -> None:
    scene.source.releases.pop(0)
    scene.passes()
    body, asked = scene.body, len(scene.served.asked)
    scene.passes(hours=2)
    assert len(scene.served.asked) > asked
    asked = len(scene.served.asked)
    for hours in (25, 27, 100):
        scene.passes(hours=hours)
    assert (scene.body, len(scene.served.asked)) == (body, asked)


def test_a_tag_that_its_source_does_not_have_is_a_warning_and_merges_by_no_itself(scene: Scene) -> None:
    scene.source.releases.pop(0)
    scene.source.tags.remove("v6.5.4")
    scene.stage.policy(POLICY + "pullRequest: {autoMerge: [patch]}\n")
    scene.passes()
    (pull,) = scene.stage.pulls()
    assert "its source has **no tag of that name**" in pull.body
    assert "needs-attention" in pull.labels
    found = block.read(pull.body)
    assert found is not None
    assert not found.auto_merge


def test_a_source_that_a_policy_says_is_asked(scene: Scene) -> None:
    for tag in ("6.5.3", "6.5.4"):
        scene.image(tag, source="")
    scene.stage.policy(POLICY + "    source: https://git.acme.test/acme/api\n")
    scene.passes()
    assert "It leaks no more." in scene.body


def test_a_hostile_label_leads_the_bot_nowhere(scene: Scene) -> None:
    """No request, and no credential, to what a label names."""
    with Served(lambda _: Answer(200, body=b"[]")) as evil:
        for tag in ("6.5.3", "6.5.4"):
            scene.image(tag, source=f"https://{evil.host}/acme/api")
        assert actions(scene.passes()) == [Action.OPENED]
        assert (evil.asked, scene.served.asked) == ([], [])
