from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from imagebot.errors import BadInput, Unavailable
from imagebot.gitrepo.state_branch import Leaf
from imagebot.selection.hand_holds import HandHold
from imagebot.store.branch import branch_store
from imagebot.store.document import MOST_BANS
from imagebot.store.protocol import BANS
from tests.support.git_repos import BareRepository

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOLD = HandHold("shop", "production", "1.4.3", "ada", NOON, "breaks the till")


@dataclass
class Busy:
    """A shelf on which somebody else always has just written."""

    name: str = "the shelf"
    actions: list[str] = field(default_factory=list)

    def read(self) -> tuple[bytes, str] | None:
        return None

    def write(self, data: bytes, over: str | None, task: str) -> str | None:
        self.actions.append(task)
        return None


def test_a_pass_without_news_pushes_nothing(state_branch: Leaf, repository: BareRepository) -> None:
    open_store = branch_store(lambda: state_branch)
    first = open_store()
    first.first_seen("r.test/app", ["sha256:1"], NOON)
    first.save()
    before = repository.branches()
    second = open_store()
    second.first_seen("r.test/app", ["sha256:1"], NOON.replace(day=9))
    second.save()
    assert repository.branches() == before


def test_a_pass_pushes_once_and_only_when_it_is_told_to(state_branch: Leaf, repository: BareRepository) -> None:
    store = branch_store(lambda: state_branch)()
    store.first_seen("r.test/app", ["sha256:1"], NOON)
    store.first_seen("r.test/other", ["sha256:2"], NOON)
    assert "imagebot/+state" not in repository.branches()
    store.save()
    store.save()
    assert repository.git("rev-list", "--count", "imagebot/+state") == "1"


def test_the_history_says_who_held_what(state_branch: Leaf, repository: BareRepository) -> None:
    store = branch_store(lambda: state_branch)()
    store.hold(HOLD)
    store.unhold(HOLD.place)
    log = repository.git("log", "--format=%an %s", "imagebot/+state").splitlines()
    assert log == ["imagebot imagebot: unhold shop@production 1.4.3", "imagebot imagebot: hold shop@production 1.4.3"]


def test_no_pipeline_is_started_by_it(state_branch: Leaf, repository: BareRepository) -> None:
    branch_store(lambda: state_branch)().hold(HOLD)
    assert repository.git("log", "--format=%b", "imagebot/+state") == "[skip ci]"


def test_regret_what_was_seen_is_not_lost_to_somebody_elses_write(state_branch: Leaf) -> None:
    """Two bots see different digests at different times: a lost race would start a soak clock anew."""
    ours, theirs = (branch_store(lambda: state_branch)() for _ in range(2))
    ours.first_seen("r.test/app", ["sha256:1", "sha256:both"], NOON)
    theirs.first_seen("r.test/app", ["sha256:2", "sha256:both"], NOON.replace(hour=13))
    theirs.hold(HOLD)

    ours.save()

    late, later = branch_store(lambda: state_branch)(), NOON.replace(day=9)
    seen = late.first_seen("r.test/app", ["sha256:1", "sha256:2", "sha256:both", "sha256:new"], later)
    assert seen == {
        "sha256:1": NOON,
        "sha256:2": NOON.replace(hour=13),
        "sha256:both": NOON,
        "sha256:new": later,
    }
    assert late.holds() == (HOLD,)


def test_lost_races_end(state_branch: Leaf) -> None:
    shelf = Busy()
    store = branch_store(lambda: shelf)()
    with pytest.raises(Unavailable, match="the shelf is written by somebody else all the time; try again"):
        store.hold(HOLD)
    assert 2 <= len(shelf.actions) <= 10


def test_a_file_that_is_not_understood_is_left_alone(state_branch: Leaf, repository: BareRepository) -> None:
    repository.commit("imagebot/+state", {"state.json": '{"format": 7}'})
    before = repository.branches()
    with pytest.raises(BadInput) as caught:
        branch_store(lambda: state_branch)()
    assert str(caught.value) == (
        f"state.json on the branch imagebot/+state of {repository.folder} cannot be used: its format is 7; this"
        " imagebot knows 1; run the imagebot that wrote it, or delete the branch: then soak clocks start again, holds"
        " are gone"
    )
    assert repository.branches() == before


def test_who_told_one_process_to_wait_is_left_alone_by_the_next(state_branch: Leaf) -> None:
    first = branch_store(lambda: state_branch)()
    first.recall(BANS, {"git.example app 1/2": "[1]"})
    first.recall("about", {"x": "y"})
    first.save()

    second = branch_store(lambda: state_branch)()

    assert second.recalled(BANS, ["git.example app 1/2", "other"]) == {"git.example app 1/2": "[1]"}
    assert second.recalled("about", ["x"]) == {}


def test_what_two_processes_were_told_at_one_time_is_kept_of_both(state_branch: Leaf) -> None:
    one, other = (branch_store(lambda: state_branch)() for _ in range(2))
    one.recall(BANS, {"a": "1"})
    other.recall(BANS, {"b": "2"})
    one.save()
    other.save()

    assert branch_store(lambda: state_branch)().recalled(BANS, ["a", "b"]) == {"a": "1", "b": "2"}


def test_bans_do_not_grow_without_end(state_branch: Leaf) -> None:
    store = branch_store(lambda: state_branch)()
    for number in range(2 * MOST_BANS):
        store.recall(BANS, {str(number): "told"})
    every = [str(number) for number in range(2 * MOST_BANS)]
    assert list(store.recalled(BANS, every)) == every[MOST_BANS:]
