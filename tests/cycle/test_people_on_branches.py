"""What people and forges do to the bot's branches: only a commit with content of its own freezes one."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.cycle.report import Action
from imagebot.selection.verdict import Held, Hold
from tests.cycle.conftest import DEPLOYMENT, POLICY, actions, assert_quiet, verdict
from tests.support.stage import NOON, Stage

BRANCH = "imagebot/staging/podinfo"
BOT = ("-c", "user.name=GitHub", "-c", "user.email=noreply@github.com")


def work(stage: Stage, *words: str) -> str:
    """A person's git, in their clone."""
    return stage.git("-C", str(stage.folder / "work"), *words)


def on_branch(stage: Stage, branch: str = BRANCH) -> None:
    """A person has the newest of everything, and this branch before them."""
    stage.clone(branch)


def push(stage: Stage, branch: str = BRANCH) -> None:
    work(stage, "push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{branch}")


def write(stage: Stage, path: str, text: str) -> None:
    file = stage.folder / "work" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    work(stage, "add", "--all")


def amend(stage: Stage, path: str, text: str) -> None:
    """The base's last commit is made anew with other content, and pushed over it."""
    on_branch(stage, "main")
    write(stage, path, text)
    work(stage, "commit", "--quiet", "--amend", "-m", "amended")
    push(stage, "main")


def files(stage: Stage, branch: str) -> dict[str, str]:
    names = stage.git("-C", str(stage.bare), "ls-tree", "-r", "--name-only", branch).splitlines()
    return {name: stage.show(name, branch) for name in names}


def assert_rebuilt(stage: Stage) -> None:
    """The branch is one commit on the base, and merging it brings what it proposes and nothing else."""
    assert stage.git("-C", str(stage.bare), "rev-parse", f"{BRANCH}^") == stage.heads()["main"]
    base = files(stage, "main")
    assert files(stage, BRANCH) == {**base, "staging/app.yaml": base["staging/app.yaml"].replace("6.5.3", "6.5.4")}
    assert_quiet(stage)


@pytest.mark.parametrize("state", ["kept", "lost"])
def test_an_amended_base_is_built_upon_anew_and_nobody_is_blamed(stage: Stage, state: str) -> None:
    """What the amending removed must not come back with the merge."""
    stage.commit({"secret.txt": "hunter2\n"})
    stage.one_pass()
    if state == "lost":
        (stage.folder / "state").rename(stage.folder / "lost")
    on_branch(stage, "main")
    (stage.folder / "work" / "secret.txt").unlink()
    amend(stage, "README.md", "hello again\n")

    report = stage.one_pass()

    assert actions(report) == [Action.UPDATED]
    assert "secret.txt" not in files(stage, BRANCH)
    assert_rebuilt(stage)
    assert stage.comments(1) == ()


def test_a_base_whose_words_alone_were_amended_is_built_upon_anew(opened: Stage) -> None:
    amend(opened, "README.md", "hello\n")
    assert actions(opened.one_pass()) == [Action.UPDATED]
    assert_rebuilt(opened)


def test_a_base_that_was_put_back_is_built_upon_anew(stage: Stage) -> None:
    before = stage.heads()["main"]
    stage.commit({"b.txt": "b\n"})
    stage.commit({"c.txt": "c\n"})
    stage.one_pass()
    stage.git("-C", str(stage.bare), "update-ref", "refs/heads/main", before)
    assert actions(stage.one_pass()) == [Action.UPDATED]
    assert_rebuilt(stage)


def test_a_base_without_a_past_is_built_upon_anew(opened: Stage) -> None:
    """Its history was thrown away, and its content kept."""
    tree = opened.git("-C", str(opened.bare), "rev-parse", "main^{tree}")
    alone = opened.git("-C", str(opened.bare), "commit-tree", "-m", "all new", tree)
    opened.git("-C", str(opened.bare), "update-ref", "refs/heads/main", alone)
    assert actions(opened.one_pass()) == [Action.UPDATED]
    assert_rebuilt(opened)


def test_an_update_from_a_base_that_was_amended_since_is_no_persons_work(opened: Stage) -> None:
    opened.commit({"b.txt": "b\n"})
    on_branch(opened)
    work(opened, "merge", "--quiet", "-m", "Merge branch 'main'", "origin/main")
    push(opened)
    opened.one_pass()
    amend(opened, "b.txt", "c\n")
    assert actions(opened.one_pass()) == [Action.UPDATED]
    assert_rebuilt(opened)


def rebased(stage: Stage) -> None:
    """As a forge's "Update branch by rebase" does it: the same content, another committer."""
    stage.commit({"b.txt": "b\n"})
    on_branch(stage)
    work(stage, *BOT, "rebase", "--quiet", "--force-rebase", "origin/main")
    push(stage)


def merged(stage: Stage) -> None:
    stage.commit({"b.txt": "b\n"})
    on_branch(stage)
    work(stage, "merge", "--quiet", "-m", "Merge branch 'main'", "origin/main")
    push(stage)


def picked(stage: Stage) -> None:
    """Somebody made the branch again by hand."""
    stage.commit({"b.txt": "b\n"})
    on_branch(stage)
    work(stage, "checkout", "--quiet", "--detach", "origin/main")
    work(stage, "cherry-pick", f"origin/{BRANCH}")
    push(stage)


def reworded(stage: Stage) -> None:
    on_branch(stage)
    message = work(stage, "log", "-1", "--format=%B")
    work(stage, "commit", "--quiet", "--amend", "-m", f"PLAT-17 {message}")
    push(stage)


def emptied(stage: Stage) -> None:
    """A commit without content, to have a pipeline run once more."""
    on_branch(stage)
    work(stage, "commit", "--quiet", "--allow-empty", "-m", "run it again")
    push(stage)


def reverted(stage: Stage) -> None:
    on_branch(stage)
    write(stage, "notes.md", "mine\n")
    work(stage, "commit", "--quiet", "-m", "a note")
    work(stage, "revert", "--no-edit", "HEAD")
    push(stage)


def signed_off_again(stage: Stage) -> None:
    on_branch(stage)
    work(stage, "commit", "--quiet", "--amend", "--no-edit", "--signoff", "--reset-author")
    push(stage)


@pytest.mark.parametrize("task", [rebased, merged, picked, reworded, emptied, reverted, signed_off_again])
def test_the_same_content_is_nobodys_work_but_the_bots(opened: Stage, task: Callable[[Stage], None]) -> None:
    task(opened)

    assert actions(assert_quiet(opened)) == [Action.KEPT]

    assert opened.comments(1) == ()
    opened.publish("6.5.5")
    assert actions(opened.one_pass()) == [Action.UPDATED]
    assert "IMAGE:6.5.5" in opened.show("staging/app.yaml", BRANCH)


def on_top(stage: Stage) -> None:
    stage.commit({"notes.md": "mine\n"}, branch=BRANCH)


def amended(stage: Stage) -> None:
    """Their words went into the bot's commit, and its name is still on it."""
    on_branch(stage)
    write(stage, "staging/app.yaml", stage.show("staging/app.yaml", BRANCH).replace("the app", "mine"))
    work(stage, "commit", "--quiet", "--amend", "--no-edit")
    push(stage)


def squashed_in(stage: Stage) -> None:
    on_branch(stage)
    write(stage, "notes.md", "mine\n")
    work(stage, "commit", "--quiet", "--amend", "--no-edit")
    push(stage)


def forged(stage: Stage) -> None:
    """With the bot's trailers, and in its name."""
    message = stage.git("-C", str(stage.bare), "log", "-1", "--format=%B", BRANCH)
    who = stage.git("-C", str(stage.bare), "log", "-1", "--format=%an%n%ae", BRANCH).splitlines()
    on_branch(stage)
    write(stage, "notes.md", "mine\n")
    work(stage, "-c", f"user.name={who[0]}", "-c", f"user.email={who[1]}", "commit", "--quiet", "-m", message)
    push(stage)


def of_another_value(stage: Stage) -> None:
    on_branch(stage)
    write(stage, "staging/app.yaml", stage.show("staging/app.yaml", BRANCH).replace("6.5.4", "6.5.0"))
    work(stage, "commit", "--quiet", "--amend", "--no-edit")
    push(stage)


def below(stage: Stage) -> None:
    """A person's commit put under the bot's by an interactive rebase."""
    on_branch(stage)
    work(stage, "checkout", "--quiet", "--detach", "origin/main")
    write(stage, "notes.md", "mine\n")
    work(stage, "commit", "--quiet", "-m", "a note")
    work(stage, "cherry-pick", f"origin/{BRANCH}")
    push(stage)


def from_another_branch(stage: Stage) -> None:
    stage.commit({"notes.md": "mine\n"}, branch="feature/x")
    on_branch(stage)
    work(stage, "merge", "--quiet", "-m", "Merge branch 'feature/x'", "origin/feature/x")
    push(stage)


def without_what_it_says_of_itself(stage: Stage) -> None:
    """Nobody can tell which fields of it are the bot's any more."""
    on_branch(stage)
    work(stage, "commit", "--quiet", "--amend", "-m", "newer podinfo")
    push(stage)


def of_a_mode(stage: Stage) -> None:
    on_branch(stage)
    work(stage, "update-index", "--chmod=+x", "README.md")
    work(stage, "commit", "--quiet", "--amend", "--no-edit")
    push(stage)


def of_a_link(stage: Stage) -> None:
    on_branch(stage)
    (stage.folder / "work" / "link").symlink_to("README.md")
    work(stage, "add", "--all")
    work(stage, "commit", "--quiet", "-m", "a link")
    push(stage)


def rebased_with_a_resolution(stage: Stage) -> None:
    text = stage.show("staging/app.yaml").replace("# the app", "# our app")
    stage.commit({"staging/app.yaml": text.replace("6.5.3", "6.5.1")})
    on_branch(stage)
    work(stage, "reset", "--quiet", "--hard", "origin/main")
    resolved = text.replace("6.5.3", "6.5.4").replace("IMAGE", stage.image) + "# resolved\n"
    write(stage, "staging/app.yaml", resolved)
    work(stage, "commit", "--quiet", "-C", f"origin/{BRANCH}")
    push(stage)


@pytest.mark.parametrize(
    "task",
    [
        on_top,
        amended,
        squashed_in,
        forged,
        of_another_value,
        below,
        from_another_branch,
        without_what_it_says_of_itself,
        of_a_mode,
        of_a_link,
        rebased_with_a_resolution,
    ],
)
def test_content_of_peoples_own_is_theirs(opened: Stage, task: Callable[[Stage], None]) -> None:
    task(opened)
    tip = opened.heads()[BRANCH]
    opened.publish("6.5.5")

    report = opened.one_pass()

    held = verdict(report)
    assert isinstance(held, Held), held
    assert held.hold is Hold.FROZEN
    assert held.because.startswith("Ada")
    assert " committed " in held.because
    assert opened.heads()[BRANCH] == tip
    assert len(opened.comments(1)) == 1


@pytest.mark.parametrize("way", ["another address", "another name", "signed"])
def test_the_bot_knows_its_commits_whatever_it_was_called_then(stage: Stage, tmp_path: Path, way: str) -> None:
    stage.one_pass()
    key = tmp_path / "key"
    author = {
        "another address": "author: {email: renamed@example.com}\n",
        "another name": "author: {name: Updates, email: updates@example.com}\n",
        "signed": f"author: {{email: signed@example.com, signing: {{sshKeyFile: {key}}}}}\n",
    }[way]
    if way == "signed":
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    stage.settings(author)

    assert actions(assert_quiet(stage)) == [Action.KEPT]

    assert stage.comments(1) == ()
    stage.publish("6.5.5")
    assert actions(stage.one_pass()) == [Action.UPDATED]


def test_a_pull_request_whose_policy_is_gone_is_not_taken_for_peoples(stage: Stage) -> None:
    """Its field was named by the policy alone, so that nothing finds it any more."""
    stage.commit({"staging/app.yaml": DEPLOYMENT, "values.yaml": "ours: 6.5.3\n"})
    fields = "    fields: [{file: values.yaml, path: ours}]\n"
    stage.policy(POLICY + fields)
    stage.one_pass()
    assert "6.5.4" in stage.show("values.yaml", BRANCH)
    stage.policy(POLICY.replace("IMAGE", "IMAGE-elsewhere").replace("app: podinfo", "app: other"))

    report = stage.one_pass()

    assert Action.CLOSED in actions(report)
    assert BRANCH not in stage.heads()


@pytest.mark.parametrize("times", [1, 2])
def test_a_merged_branch_is_left_over_because_people_brought_it_up_to_date(opened: Stage, times: int) -> None:
    """Merged without its deletion, then the base merged into it: the base has all of it but the merges."""
    tip = opened.heads()[BRANCH]
    opened.merge(BRANCH, NOON)
    on_branch(opened, "main")
    for number in range(times):
        write(opened, "README.md", f"news {number}\n")
        work(opened, "commit", "--quiet", "-m", "news")
        push(opened, "main")
        work(opened, "checkout", "--quiet", "--detach", f"origin/{BRANCH}" if number else tip)
        work(opened, "merge", "--quiet", "--no-ff", "--no-edit", "main")
        push(opened)
        work(opened, "checkout", "--quiet", "main")

    opened.one_pass()

    assert set(opened.heads()) == {"main"}
