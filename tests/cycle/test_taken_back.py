"""What people undid stays undone, however it was merged and however it was taken back; what they lift comes again."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from imagebot.cycle.report import Report
from imagebot.selection.verdict import Held, Hold, Update
from tests.cycle.conftest import DEPLOYMENT, POLICY, verdict
from tests.cycle.test_people_on_branches import on_branch, push, work, write
from tests.support.stage import Stage

BRANCH = "imagebot/staging/podinfo"
FILE = "staging/app.yaml"


def rolled_back(report: Report) -> str:
    """Why the version is held, which it must be."""
    held = verdict(report)
    assert isinstance(held, Held), held
    assert held.hold is Hold.ROLLED_BACK
    return held.because


def land(stage: Stage, how: str) -> None:
    """The bot's branch comes to main, as a forge's button or a person would do it."""
    work_on_main(stage)
    ref = f"origin/{BRANCH}"
    body = stage.git("-C", str(stage.bare), "log", "-1", "--format=%B", BRANCH)
    match how:
        case "merge":
            work(stage, "merge", "--quiet", "--no-ff", "-m", "Merge pull request #1", ref)
        case "fast-forward":
            work(stage, "merge", "--quiet", "--ff-only", ref)
        case "rebase":
            work(stage, "-c", "user.name=GitHub", "-c", "user.email=noreply@github.com", "cherry-pick", ref)
        case "squash, all of the message":
            work(stage, "merge", "--quiet", "--squash", ref)
            work(stage, "commit", "--quiet", "-m", f"deps (#1)\n\n* {body}")
        case "squash, the title alone":
            work(stage, "merge", "--quiet", "--squash", ref)
            work(stage, "commit", "--quiet", "-m", f"{body.splitlines()[0]} (#1)")
        case "by hand":
            work(stage, "checkout", "--quiet", ref, "--", FILE)
            work(stage, "commit", "--quiet", "-m", "typed from the pull request")
    work(stage, "push", "--quiet", "origin", "HEAD:main", f":refs/heads/{BRANCH}")
    for pull in stage.pulls():
        stage.forge.merged(pull.number, "ada")


def work_on_main(stage: Stage) -> None:
    on_branch(stage, "main")


def commit_back(stage: Stage) -> None:
    stage.commit({FILE: DEPLOYMENT}, message="back")


def git_revert(stage: Stage) -> None:
    work_on_main(stage)
    merge = len(work(stage, "rev-list", "--parents", "-1", "HEAD").split()) > 2
    work(stage, "revert", "--no-edit", *(["-m", "1"] if merge else []), "HEAD")
    push(stage, "main")


def revert_button(stage: Stage) -> None:
    """A pull request of the forge's that reverts, squashed."""
    work_on_main(stage)
    title = work(stage, "log", "-1", "--format=%s")
    write(stage, FILE, DEPLOYMENT.replace("IMAGE", stage.image))
    work(stage, "commit", "--quiet", "-m", f'Revert "{title}" (#2)\n\nReverts acme/environments#1')
    push(stage, "main")


def old_commit_again(stage: Stage) -> None:
    """A person takes the file of an older commit, with that commit's message."""
    message = (
        "deps(staging): podinfo 6.5.0 → 6.5.3\n\n"
        f"Image-Update: {stage.image} 6.5.0 -> 6.5.3\nImage-Field: {FILE}#spec.template.spec.containers[0].image\n"
    )
    stage.commit({FILE: DEPLOYMENT}, message=message)


def merged_back(stage: Stage) -> None:
    stage.commit({FILE: DEPLOYMENT}, branch="hotfix", message="back")
    work_on_main(stage)
    work(stage, "merge", "--quiet", "--no-ff", "-m", "Merge branch 'hotfix'", "origin/hotfix")
    push(stage, "main")


def renamed_and_back(stage: Stage) -> None:
    """The file moves in the same commit."""
    stage.commit({FILE: None, "staging/podinfo/deployment.yaml": DEPLOYMENT}, message="tidy up")


def moved_to_another_file(stage: Stage) -> None:
    """The field goes to a file that is there already."""
    stage.commit({FILE: "a: 1\n", "staging/rest.yaml": f"b: 1\n---\n{DEPLOYMENT}"}, message="one file")


def gone_and_back(stage: Stage) -> None:
    stage.commit({FILE: None}, message="switched off")
    stage.commit({FILE: DEPLOYMENT}, message="switched on again")


HOW = ["merge", "fast-forward", "rebase", "squash, all of the message", "squash, the title alone", "by hand"]


@pytest.mark.parametrize("how", HOW)
def test_what_was_taken_back_is_held_however_it_was_merged(opened: Stage, how: str) -> None:
    land(opened, how)
    opened.one_pass()
    commit_back(opened)

    assert "Ada took staging/app.yaml:8 back to 6.5.3" in rolled_back(opened.one_pass())
    assert opened.pulls() == ()

    opened.publish("6.5.5")
    assert isinstance(verdict(opened.one_pass()), Update)


@pytest.mark.parametrize(
    "back",
    [git_revert, revert_button, old_commit_again, merged_back, renamed_and_back, moved_to_another_file, gone_and_back],
)
@pytest.mark.parametrize("how", ["merge", "squash, the title alone"])
def test_what_was_taken_back_is_held_however_that_was_done(
    opened: Stage, how: str, back: Callable[[Stage], None]
) -> None:
    land(opened, how)
    back(opened)

    rolled_back(opened.one_pass())


@pytest.mark.parametrize("how", ["merge", "squash, the title alone"])
def test_a_revert_of_a_revert_lifts_it(opened: Stage, how: str) -> None:
    land(opened, how)
    revert_button(opened)
    rolled_back(opened.one_pass())
    opened.commit({FILE: DEPLOYMENT.replace("6.5.3", "6.5.4")}, message='Revert "Revert"')
    opened.publish("6.5.5")
    assert "6.5.5" in stage_proposes(opened)


def stage_proposes(stage: Stage) -> str:
    stage.one_pass()
    return stage.show(FILE, BRANCH)


def test_going_on_by_hand_lifts_what_is_behind(opened: Stage) -> None:
    """They passed it by themselves: going back to it later is theirs to say again."""
    land(opened, "squash, the title alone")
    commit_back(opened)
    opened.publish("6.6.0")
    opened.commit({FILE: DEPLOYMENT.replace("6.5.3", "6.6.0")}, message="on by hand")
    opened.publish("6.6.1")
    assert isinstance(verdict(opened.one_pass()), Update)


def test_a_rollback_of_what_people_brought_themselves_is_one_too(stage: Stage) -> None:
    stage.commit({FILE: DEPLOYMENT.replace("6.5.3", "6.5.4")}, message="by hand")
    commit_back(stage)
    rolled_back(stage.one_pass())


def message_of(stage: Stage, old: str, new: str) -> str:
    place = f"{FILE}#spec.template.spec.containers[0].image"
    return f"docs: typo\n\nImage-Update: {stage.image} {old} -> {new}\nImage-Field: {place}\n"


@pytest.mark.parametrize("merged", [False, True])
def test_words_alone_lift_nothing(opened: Stage, merged: bool) -> None:
    """Anybody can write trailers; this commit moves no field."""
    land(opened, "squash, the title alone")
    commit_back(opened)
    forged = message_of(opened, "6.5.4", "6.5.3")
    if merged:
        opened.commit({"notes.md": "x\n"}, branch="docs", message=forged)
        work_on_main(opened)
        work(opened, "merge", "--quiet", "--no-ff", "-m", forged, "origin/docs")
        push(opened, "main")
    else:
        opened.commit({"notes.md": "x\n"}, message=forged)

    rolled_back(opened.one_pass())


def test_words_alone_hold_nothing(stage: Stage) -> None:
    stage.commit({"notes.md": "x\n"}, message=message_of(stage, "6.5.3", "6.5.4"))
    stage.commit({"notes.md": "y\n"}, message=message_of(stage, "6.5.4", "6.5.3"))
    assert isinstance(verdict(stage.one_pass()), Update)


def test_one_field_of_several_that_went_back_holds_for_all(stage: Stage) -> None:
    both = {FILE: DEPLOYMENT, "staging/other.yaml": DEPLOYMENT}
    stage.commit(both)
    stage.one_pass()
    land(stage, "squash, the title alone")
    stage.commit({"staging/other.yaml": DEPLOYMENT}, message="one of them back")

    assert "took staging/other.yaml:8 back to 6.5.3" in rolled_back(stage.one_pass())


def test_the_bots_own_rollback_holds_when_its_state_is_lost(opened: Stage) -> None:
    """Squashed under its title, so that nothing but the field tells."""
    land(opened, "merge")
    assert opened.imagebot("rollback", "podinfo@staging", "--because", "it fails").code == 0
    (pull,) = opened.pulls()
    work_on_main(opened)
    work(opened, "merge", "--quiet", "--squash", f"origin/{pull.branch}")
    work(opened, "commit", "--quiet", "-m", f"{pull.title} (#2)")
    work(opened, "push", "--quiet", "origin", "HEAD:main", f":refs/heads/{pull.branch}")
    opened.forge.merged(pull.number, "ada")
    (opened.folder / "state").rename(opened.folder / "lost")

    rolled_back(opened.one_pass())


def test_a_rollback_under_a_thousand_commits_is_remembered(opened: Stage) -> None:
    land(opened, "squash, the title alone")
    commit_back(opened)
    stream = "".join(
        f"commit refs/heads/main\ncommitter Ada <ada@example.com> {1_767_300_000 + number} +0000\ndata 1\nx\n"
        + ("from refs/heads/main^0\n" if number == 0 else "")
        + f"M 100644 inline notes.md\ndata {len(str(number))}\n{number}\n"
        for number in range(1_200)
    )
    (opened.folder / "stream").write_text(stream)
    with (opened.folder / "stream").open("rb") as file:
        subprocess.run(["git", "-C", str(opened.bare), "fast-import", "--quiet"], stdin=file, check=True)

    rolled_back(opened.one_pass())


def test_a_tag_that_was_pushed_again_and_taken_back_is_held_by_its_digest(stage: Stage) -> None:
    stage.policy(POLICY + "    pin: digest\n    repush: allow\n")
    stage.one_pass()
    land(stage, "squash, the title alone")
    before = stage.show(FILE)
    stage.publish("6.5.4", created="2026-01-02T12:00:00Z")
    stage.one_pass()
    land(stage, "squash, the title alone")
    assert stage.show(FILE) != before
    stage.commit({FILE: before}, message="the old one")

    held = verdict(stage.one_pass())

    assert isinstance(held, Held), held
    assert held.hold is Hold.ROLLED_BACK


def test_a_digest_alone_that_was_taken_back_is_held(stage: Stage) -> None:
    """It has no tag that could be compared: it is held as what it is."""
    stage.policy(POLICY.replace("semver: ^6.5", "digest: latest") + "    repush: allow\n")
    stage.publish("latest", created="2026-01-02T12:00:00Z")
    old, new = (f"@sha256:{letter * 64}" for letter in "0f")
    stage.commit({FILE: DEPLOYMENT.replace(":6.5.3", old)})
    stage.one_pass()
    proposed = stage.show(FILE, BRANCH)
    assert (old in proposed, new in proposed) == (False, False)
    land(stage, "squash, the title alone")
    stage.commit({FILE: DEPLOYMENT.replace(":6.5.3", old)}, message="back")

    assert f"back to {old}" in rolled_back(stage.one_pass())
    stage.publish("latest", created="2026-01-03T12:00:00Z")
    assert isinstance(verdict(stage.one_pass()), Update)


def test_what_the_bot_took_down_itself_may_come_again(stage: Stage) -> None:
    """The policy lets it go down, and the forge kept nothing of the message; it knows its pull request."""
    stage.policy(POLICY.replace("^6.5", "~6.5.0") + "    downgrade: allow\n")
    stage.commit({FILE: DEPLOYMENT.replace("6.5.3", "7.0.0")})
    stage.one_pass()
    land(stage, "squash, the title alone")
    assert "IMAGE:6.5.4" in stage.show(FILE)
    stage.policy(POLICY.replace("^6.5", '">=6"') + "    downgrade: allow\n")

    found = verdict(stage.one_pass())

    assert isinstance(found, Update), found
    assert found.to.tag == "7.0.0"


def test_a_tag_that_goes_back_and_forth_by_itself_is_followed(stage: Stage) -> None:
    """Whoever publishes it moves it; nobody here took anything back."""
    stage.policy(POLICY + "    pin: digest\n    repush: allow\n")
    for created in ("2026-01-01T12:00:00Z", "2026-01-02T12:00:00Z", "2026-01-01T12:00:00Z"):
        stage.publish("6.5.4", created=created)
        stage.one_pass()
        (pull,) = stage.pulls()
        land(stage, "squash, the title alone")
        title = stage.git("-C", str(stage.bare), "log", "-1", "--format=%s", "main")
        assert title.endswith("(#1)")
        work_on_main(stage)
        work(stage, "commit", "--quiet", "--amend", "-m", title.replace("(#1)", f"(#{pull.number})"))
        push(stage, "main")
    stage.publish("6.5.4", created="2026-01-02T12:00:00Z")

    assert isinstance(verdict(stage.one_pass()), Update)
