"""Pull requests kept as files: what a file holds, what survives a kill, what two processes may do at once."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import BadInput, BadResponse, NotFound, Unavailable
from imagebot.forge import local
from imagebot.forge.protocol import PullRequest
from imagebot.settings.resolve import RepositorySettings
from tests.support.proposals import BRANCH, body, proposal, wish

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.lists(TEXT).map(tuple)


def forge(folder: Path, at: datetime = NOON) -> local.Local:
    return local.connect(RepositorySettings(name="environments", url=str(folder / "environments.git")), lambda: at)


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        pytest.param("/srv/environments.git", "/srv/environments.pulls", id="bare"),
        pytest.param("/srv/environments", "/srv/environments.pulls", id="without .git"),
        pytest.param("/srv/environments.git/", "/srv/environments.pulls", id="slash at the end"),
        pytest.param("file:///srv/my%20envs.git", "/srv/my envs.pulls", id="file URL"),
    ],
)
def test_the_folder_is_beside_the_repository(url: str, folder: str) -> None:
    assert local.pulls_folder(url) == Path(folder)


@pytest.mark.parametrize(
    "url", ["https://github.com/acme/env.git", "ssh://host/srv/env.git", "envs/env.git", "git@host:env.git"]
)
def test_a_repository_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="repository on this disk"):
        local.pulls_folder(url)


@given(
    st.builds(
        PullRequest,
        number=st.integers(min_value=1),
        url=TEXT,
        branch=TEXT,
        base=TEXT,
        title=TEXT,
        body=TEXT,
        state=st.sampled_from(["open", "merged", "closed"]),
        labels=NAMES,
        closed_at=TEXT,
        closed_by=TEXT,
        reviewers=NAMES,
        assignees=NAMES,
        opened_at=TEXT,
        draft=st.booleans(),
    ),
    NAMES,
)
def test_a_file_gives_back_what_was_written(pull: PullRequest, comments: tuple[str, ...]) -> None:
    record = local.Record(pull, comments)

    assert local.read(local.write(record), "1.md") == record


def test_a_file_can_be_read_by_a_person(tmp_path: Path) -> None:
    forge(tmp_path).create(replace(proposal(), labels=("image-update",)))

    lines = (tmp_path / "environments.pulls" / "1.md").read_text().splitlines()
    assert lines[0] == "---"
    assert 'branch: "imagebot/staging/podinfo"' in lines
    assert 'labels: ["image-update"]' in lines
    assert lines[lines.index("---", 1) + 1] == "podinfo goes to 6.5.1"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(lambda text: "", r"1\.md:1: no pull request", id="empty"),
        pytest.param(lambda text: text.replace("\n---\n", "\n"), r"1\.md:1: no pull request", id="no second fence"),
        pytest.param(
            lambda text: text.replace('"open"', "open"), r"1\.md:\d: expected a fact.*'state: open'", id="no JSON"
        ),
        pytest.param(lambda text: text.replace('"open"', '"opened"'), r"1\.md: pull\.state: .*'open'", id="no state"),
        pytest.param(lambda text: text.replace("number: 1", 'number: "1"'), r"1\.md: pull\.number: ", id="no number"),
        pytest.param(lambda text: text.replace("branch: ", "brunch: "), r"1\.md: pull\.branch: ", id="missing"),
    ],
)
def test_a_file_that_a_person_broke_is_named_and_hides_no_other(tmp_path: Path, damage: object, message: str) -> None:
    """Nobody knows whether its branch has one open: no second one is opened for it."""
    forge(tmp_path).create(proposal())
    forge(tmp_path).create(proposal(branch="imagebot/staging/other"))
    file = tmp_path / "environments.pulls" / "1.md"
    assert callable(damage)
    file.write_text(damage(file.read_text()))
    found = forge(tmp_path).open_pulls("")

    assert [pull.number for pull in found] == [2]
    assert re.search(message, found.doubt(BRANCH))
    with pytest.raises(BadResponse, match=message):
        forge(tmp_path).create(proposal())


def test_numbers_are_never_given_out_twice(tmp_path: Path) -> None:
    """Not even after somebody deleted the newest file: comments and commits elsewhere still name its number."""
    shop = forge(tmp_path)
    shop.create(proposal(branch="a"))
    shop.create(proposal(branch="b"))
    (tmp_path / "environments.pulls" / "2.md").unlink()

    assert shop.create(proposal(branch="c")).pull.number == 3


def test_only_one_is_open_for_a_branch(tmp_path: Path) -> None:
    first = forge(tmp_path).create(proposal("f1")).pull

    assert forge(tmp_path).create(proposal("f2")).pull == first
    assert forge(tmp_path).pulls() == (first,)


def test_a_merged_one_makes_room(tmp_path: Path) -> None:
    shop = forge(tmp_path)
    shop.create(proposal("f1"))
    merged = shop.merged(1, by="alice")

    assert shop.create(proposal("f2")).pull.number == 2
    assert (merged.state, merged.closed_by, merged.closed_at) == ("merged", "alice", "2026-01-01T12:00:00+00:00")
    assert shop.closed_pulls(BRANCH) == ()


def test_the_bot_closes_with_a_comment_and_a_body(tmp_path: Path) -> None:
    shop = forge(tmp_path)
    pull = shop.create(proposal()).pull
    shop.close(pull, "main already has it", "the last words")

    (closed,) = shop.closed_pulls(BRANCH)
    assert (closed.state, closed.body, closed.closed_by) == ("closed", "the last words", "")
    assert 'comments: ["main already has it"]' in (tmp_path / "environments.pulls" / "1.md").read_text()


def test_a_draft_is_opened_as_one_and_let_go_of(tmp_path: Path) -> None:
    shop = forge(tmp_path)
    pull = shop.create(wish("f1", draft=True)).pull
    assert (pull.draft, pull.opened_at) == (True, "2026-01-01T12:00:00+00:00")

    assert not shop.rewrite(pull, wish("f2")).pull.draft


def test_a_draft_that_a_person_made_stays_one(tmp_path: Path) -> None:
    shop = forge(tmp_path)
    shop.create(wish("f1"))
    file = tmp_path / "environments.pulls" / "1.md"
    file.write_text(file.read_text().replace("draft: false", "draft: true"))

    assert shop.rewrite(shop.pull(1), wish("f2")).pull.draft


def test_a_file_from_before_there_were_drafts_is_read(tmp_path: Path) -> None:
    shop = forge(tmp_path)
    shop.create(wish("f1"))
    file = tmp_path / "environments.pulls" / "1.md"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith(("draft:", "opened_at:"))))

    assert (shop.pull(1).draft, shop.pull(1).opened_at) == (False, "")


def test_auto_merge_is_a_warning_where_nothing_is_checked(tmp_path: Path) -> None:
    shop = forge(tmp_path)
    opened = shop.create(wish(auto_merge=True))
    shop.stop_auto_merge(opened.pull)

    (warning,) = opened.warnings
    assert f"the pull request of {BRANCH} will not merge by itself" in warning
    assert warning.endswith("merge it with `imagebot pr merge`")
    assert shop.rewrite(opened.pull, wish("f2", auto_merge=True)).warnings == opened.warnings


def test_something_is_said_once_and_remembered_in_the_body(tmp_path: Path) -> None:
    shop = forge(tmp_path)
    pull = shop.create(proposal()).pull
    said = shop.say(pull, "frozen\n", body("f1", words="frozen"))
    before = shop.writes

    assert said == shop.pull(1)
    assert said.body == body("f1", words="frozen")
    assert (shop.say(said, "frozen", said.body), shop.writes) == (said, before)
    shop.close(said, "frozen", "the last words")
    assert (tmp_path / "environments.pulls" / "1.md").read_text().count("frozen") == 1


def test_labels_are_taken_off(tmp_path: Path) -> None:
    shop = forge(tmp_path)
    pull = shop.create(replace(proposal(), labels=("image-update", "retry"))).pull
    shop.reject(1, by="alice")
    left = shop.remove_labels(pull, ("Retry", "never there"))
    before = shop.writes

    assert left == shop.closed_pulls(BRANCH)[0]
    assert left.labels == ("image-update",)
    assert (shop.remove_labels(left, ("retry",)), shop.writes) == (left, before)


def test_merged_ones_come_newest_first(tmp_path: Path) -> None:
    for hour, branch in enumerate((BRANCH, "feature/x", "imagebot/b", "imagebot/c")):
        shop = forge(tmp_path, NOON + timedelta(hours=hour))
        shop.merged(shop.create(proposal(branch=branch)).pull.number, by="alice")
    shop.create(proposal())

    found = shop.merged_pulls("imagebot/", NOON + timedelta(hours=1))
    assert [(one.pull.branch, one.at, one.by) for one in found] == [
        ("imagebot/c", "2026-01-01T15:00:00+00:00", "alice"),
        ("imagebot/b", "2026-01-01T14:00:00+00:00", "alice"),
    ]
    assert len(shop.merged_pulls("", None)) == 4


def test_closed_ones_come_newest_first(tmp_path: Path) -> None:
    for hour in range(3):
        shop = forge(tmp_path, NOON + timedelta(hours=hour))
        shop.reject(shop.create(proposal()).pull.number, by="alice")

    assert [pull.number for pull in shop.closed_pulls(BRANCH)] == [3, 2, 1]


def test_only_those_under_the_prefix_and_into_our_base_are_ours(tmp_path: Path) -> None:
    shop = forge(tmp_path)
    shop.create(proposal(branch="imagebot/staging/a"))
    shop.create(proposal(branch="feature/imagebot/b"))
    shop.create(replace(proposal(branch="imagebot/staging/c"), base="release"))

    assert [pull.branch for pull in shop.open_pulls("imagebot/")] == ["imagebot/staging/a"]


def test_what_is_closed_cannot_be_written(tmp_path: Path) -> None:
    shop = forge(tmp_path)
    pull = shop.create(proposal()).pull
    shop.reject(1, by="alice")

    with pytest.raises(NotFound, match="pull request 1 is closed, no longer open"):
        shop.rewrite(pull, proposal("f2"))
    with pytest.raises(NotFound, match="there is no pull request 7"):
        shop.pull(7)


def test_before_the_first_one_there_is_nothing_and_nothing_is_made(tmp_path: Path) -> None:
    assert forge(tmp_path).open_pulls("") == ()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"cannot write the pull requests in .*environments\.pulls: No such file"):
        forge(tmp_path / "nowhere").create(proposal())


def test_many_at_once_open_one_each_and_lose_none(tmp_path: Path) -> None:
    def work(worker: int) -> None:
        for branch in range(5):
            forge(tmp_path).create(proposal(branch=f"branch-{branch}"))
            forge(tmp_path).create(proposal(branch=f"own-{worker}-{branch}"))

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    pulls = forge(tmp_path).pulls()
    assert [pull.number for pull in pulls] == list(range(1, 26))
    assert len({pull.branch for pull in pulls}) == 25


def test_what_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    there = forge(tmp_path)
    for number in range(20):
        there.create(proposal(branch=f"imagebot/staging/app{number}"))
    assert there.reads <= 60

    before = there.reads
    assert len(there.pulls()) == 20
    assert there.reads <= before + 1
    file = there.folder / "7.md"
    file.write_text(file.read_text().replace("app6", "app9"))
    assert there.pull(7).branch.endswith("app9")
