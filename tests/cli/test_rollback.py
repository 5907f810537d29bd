"""`imagebot rollback` as people run it: against the bot's own work, people's, and repositories it never touched."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from imagebot.cycle.report import Action
from imagebot.forge.protocol import PullRequest
from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support.git_repos import BareRepository
from tests.support.past_events import a_past
from tests.support.signing import key, pem
from tests.support.stage import NOON, Stage, set_up

BRANCH = "imagebot/staging/podinfo+rollback"
PINNED = POLICY + "    pin: digest\n"


def then(day: float) -> datetime:
    return NOON + timedelta(days=day)


def at(tag: str) -> dict[str, str | None]:
    return {"staging/app.yaml": DEPLOYMENT.replace("6.5.3", tag)}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A person moved the app from 6.5.3 to 6.5.4, and something else came after."""
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    stage.policy(POLICY)
    stage.commit(at("6.5.3") | {"README.md": "hello\n"}, at=then(0))
    stage.commit(at("6.5.4"), at=then(1))
    stage.commit({"README.md": "more\n"}, at=then(2))
    with stage.registry:
        yield stage


def the_pull(stage: Stage) -> PullRequest:
    (pull,) = stage.pulls()
    return pull


def test_it_puts_back_and_holds_what_goes_and_proposes_that_once(stage: Stage) -> None:
    said = stage.imagebot("rollback", "podinfo", "--because", "breaks the login page")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("opened   rollback(staging): podinfo 6.5.4 → 6.5.3 ")
    assert "held: podinfo@staging 6.5.4; lift it with `imagebot unhold podinfo@staging 6.5.4`" in said.out
    assert stage.show("staging/app.yaml", BRANCH) == DEPLOYMENT
    assert stage.show("README.md", BRANCH) == "more\n"
    pull, heads = the_pull(stage), stage.heads()
    (hold,) = stage.world().store().holds()
    assert (hold.place, hold.by) == (("podinfo", "staging", "6.5.4"), getpass.getuser())
    again = stage.imagebot("rollback", "podinfo", "--by", "Bob", "--because", "another reason")
    assert (again.code, again.out[:5]) == (0, "kept ")
    assert (the_pull(stage), stage.heads(), stage.world().store().holds()) == (pull, heads, (hold,))


def test_a_reviewer_is_told_that_what_comes_back_is_not_signed(stage: Stage) -> None:
    """A person's order is carried out; a pull request that says nothing would look as good as a signed one."""
    (stage.folder / "release.pub").write_text(pem(key("release")))
    stage.settings("trust: {keys: {release: release.pub}}\n")
    stage.policy(POLICY + "    verify: [{keys: [release]}]\n")
    assert stage.imagebot("rollback", "podinfo").code == 0
    said = "is not signed as it must be: there is not a signature by key release"
    assert f"⚠ `6.5.3` of `{stage.image}` {said}" in the_pull(stage).body


def test_the_commit_tells_who_asked_in_trailers_that_git_reads(stage: Stage) -> None:
    stage.imagebot("rollback", "podinfo", "--by", "Ada\u202e", "--because", "x")
    refused = stage.imagebot("rollback", "podinfo", "--by", "Ada\nImage-Update: y", "--because", "x")
    assert (refused.code, stage.pulls()) == (2, ())
    stage.imagebot("rollback", "podinfo", "--by", "Ada @x", "--because", "closes #1, see http://x.test")
    message = stage.git("-C", str(stage.bare), "log", "-1", "--format=%B", BRANCH)
    assert "Asked for by Ada �x: closes �1, see http�//x.test" in message
    trailers = stage.git("-C", str(stage.bare), "log", "-1", "--format=%(trailers:unfold)", BRANCH).splitlines()
    assert trailers[0] == f"Image-Update: {stage.image} 6.5.4 -> 6.5.3"
    assert "Image-Rollback: podinfo@staging" in trailers


def test_a_dry_run_shows_the_diff_and_writes_nothing(stage: Stage) -> None:
    heads = stage.heads()
    said = stage.imagebot("rollback", "podinfo", "--dry-run")
    assert said.code == 0
    assert f'+          image:   "{stage.image}:6.5.3"' in said.out
    assert "would be held: podinfo@staging 6.5.4" in said.out
    assert (stage.heads(), stage.pulls(), stage.world().store().holds()) == (heads, (), ())


def test_once_merged_it_is_done_and_nothing_brings_it_back(stage: Stage) -> None:
    stage.imagebot("rollback", "podinfo", "--because", "breaks")
    stage.merge(BRANCH, then(3))
    again = stage.imagebot("rollback", "podinfo")
    assert again.code == 0
    assert again.out.startswith("nothing to do: podinfo@staging was taken back from 6.5.4 to 6.5.3 on 2026-01-04")
    report = stage.one_pass(now=then(4))
    assert [outcome.action for outcome in report.outcomes if outcome.action is Action.OPENED] == []
    assert stage.pulls() == ()
    assert "imagebot rollback" in stage.imagebot("history", "podinfo").out


def test_regret_without_its_state_the_bot_still_knows_what_its_own_rollback_took_back(tmp_path: Path) -> None:
    stage = set_up(tmp_path)
    stage.publish("6.5.3", "6.5.4")
    stage.policy(POLICY)
    stage.commit(at("6.5.3"), at=then(0))
    with stage.registry:
        stage.one_pass()
        stage.merge("imagebot/staging/podinfo", then(1))
        stage.imagebot("rollback", "podinfo")
        stage.merge(BRANCH, then(2))
        (stage.folder / "state" / "state.db").unlink()
        report = stage.one_pass(now=then(3))
    assert stage.pulls() == ()
    assert "rolled back" in str(report.decisions[0].watches[0].verdict)


def test_to_names_a_version_that_was_there_and_leaves_everything_else(stage: Stage) -> None:
    stage.commit(at("6.6.0"), at=then(3))
    assert stage.imagebot("rollback", "podinfo", "--to", "6.5.3").code == 0
    assert stage.show("staging/app.yaml", BRANCH) == DEPLOYMENT
    before = the_pull(stage)
    assert stage.imagebot("rollback", "podinfo", "--to", "6.5.4").out.startswith("updated ")
    after = the_pull(stage)
    assert (after.number, after.title) == (before.number, "rollback(staging): podinfo 6.6.0 → 6.5.4")
    assert stage.show("staging/app.yaml", BRANCH) == DEPLOYMENT.replace("6.5.3", "6.5.4")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["podinfo", "--to", "9.9.9"], 1, "never was at 9.9.9; it was at 6.5.4, 6.5.3", id="never was"),
        pytest.param(["podinfo", "--to", "a b"], 2, "--to: 'a b' is no version", id="no version"),
        pytest.param(["podinf"], 2, "did you mean podinfo?", id="no app"),
        pytest.param(["podinfo", "--because", "a\nb"], 2, "--because: write one line", id="two lines"),
    ],
)
def test_what_cannot_be_done_is_one_line(stage: Stage, words: list[str], code: int, said: str) -> None:
    answer = stage.imagebot("rollback", *words)
    assert (answer.code, answer.out, answer.err.count("\n")) == (code, "", 1)
    assert said in answer.err
    assert stage.pulls() == ()


def test_a_persons_commit_on_its_branch_is_left_alone(stage: Stage) -> None:
    stage.imagebot("rollback", "podinfo")
    mine = stage.commit({"README.md": "mine\n"}, branch=BRANCH)
    refused = stage.imagebot("rollback", "podinfo")
    assert (refused.code, stage.heads()[BRANCH]) == (1, mine)
    assert "the bot leaves the branch to people" in refused.err


def test_a_base_that_moved_on_is_no_reason_to_rebuild_and_a_conflict_is(stage: Stage) -> None:
    stage.imagebot("rollback", "podinfo")
    tip = stage.heads()[BRANCH]
    stage.commit({"README.md": "and more\n"}, at=then(3))
    stage.imagebot("rollback", "podinfo")
    assert stage.heads()[BRANCH] == tip
    stage.commit({"staging/app.yaml": f"# new\n{DEPLOYMENT.replace('6.5.3', '6.5.4').replace('# the app', '# ours')}"})
    stage.imagebot("rollback", "podinfo")
    assert stage.heads()[BRANCH] != tip
    assert stage.show("staging/app.yaml", BRANCH) == f"# new\n{DEPLOYMENT.replace('# the app', '# ours')}"
    assert len(stage.pulls()) == 1
    assert "Being updated" not in the_pull(stage).body


def test_a_digest_comes_back_with_a_warning_where_its_tag_stands_for_another(stage: Stage) -> None:
    """A tag that was pushed again goes back to what it was."""
    stage.policy(PINNED)
    old, new = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
    stage.commit(at(f"6.5.4@{old}"), at=then(3))
    stage.commit(at(f"6.5.4@{new}"), at=then(4))
    said = stage.imagebot("rollback", "podinfo")
    assert (said.code, stage.show("staging/app.yaml", BRANCH)) == (0, DEPLOYMENT.replace("6.5.3", f"6.5.4@{old}"))
    assert f"warning: The registry no longer has {old}" in said.out
    assert "⚠ The registry no longer has" in the_pull(stage).body
    assert the_pull(stage).title == f"rollback(staging): podinfo 6.5.4 {new[:19]}… → 6.5.4 {old[:19]}…"


def test_a_field_that_is_pinned_now_gets_what_the_old_tag_stands_for(stage: Stage) -> None:
    stage.commit(at(f"6.5.4@sha256:{'b' * 64}"), at=then(3))
    assert stage.imagebot("rollback", "podinfo", "--to", "6.5.3").code == 0
    assert "podinfo:6.5.3@sha256:" in stage.show("staging/app.yaml", BRANCH).replace("IMAGE", stage.image)


def test_a_tag_that_is_gone_is_said(stage: Stage) -> None:
    stage.unpublish("6.5.3")
    said = stage.imagebot("rollback", "podinfo")
    assert said.code == 0
    assert "no longer has the tag 6.5.3" in said.out


def test_the_pull_request_of_the_update_is_left_alone(stage: Stage) -> None:
    stage.publish("6.5.5")
    stage.one_pass()
    (update,) = stage.pulls()
    tip = stage.heads()[update.branch]
    stage.imagebot("rollback", "podinfo")
    assert {pull.branch: pull for pull in stage.pulls()}[update.branch] == update
    assert (len(stage.pulls()), stage.heads()[update.branch]) == (2, tip)


def test_killed_after_the_push_the_same_words_open_it(stage: Stage) -> None:
    stage.imagebot("rollback", "podinfo")
    tip = stage.heads()[BRANCH]
    pulls = stage.folder / "environments.pulls"
    for file in pulls.glob("*.md"):
        file.unlink()
    assert stage.imagebot("rollback", "podinfo").out.startswith("opened ")
    assert (len(stage.pulls()), stage.heads()[BRANCH]) == (1, tip)


def test_a_field_of_two_policies_is_nobodys_to_put_back(stage: Stage) -> None:
    stage.policy(POLICY.replace("app: podinfo", "app: other"), "other.yaml")
    said = stage.imagebot("rollback", "podinfo")
    assert said.code == 1
    assert "is claimed by other@staging too" in said.err


@pytest.mark.parametrize("name", ["api@staging", "web@production"])
def test_in_a_thousand_commits_that_the_bot_never_touched(tmp_path: Path, name: str) -> None:
    """Whatever else was committed to the same files since stays."""
    stage = set_up(tmp_path)
    past = a_past(5, 1000, with_bot=False)
    past.write(BareRepository(stage.bare))
    app, _, environment = name.partition("@")
    stage.policy(
        f"app: {app}\nrepository: environments\n"
        f"environments: {{{environment}: {{paths: ['clusters/{environment}/{app}*/']}}}}\n"
        f"images: [{{image: 127.0.0.1:1/acme/{app}, semver: '*'}}]\n"
    )
    before = past.apps[name]
    second = None if before.second is None else replace(before.second, tag="99.0.0")
    bad = replace(before, value=replace(before.value, tag="99.0.0"), second=second)
    stage.commit(dict(bad.files))
    stage.commit(dict(replace(bad, comments=7, sidecars=2).files))
    said = stage.imagebot("rollback", name)
    assert (said.code, said.err) == (0, "")
    tip = f"imagebot/{environment}/{app}+rollback"
    for path, text in replace(before, comments=7, sidecars=2).files.items():
        assert stage.show(path, tip) == text
    assert stage.git("-C", str(stage.bare), "diff", "--stat", "main", tip).count("|") == len(before.files)
