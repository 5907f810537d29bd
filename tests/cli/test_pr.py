"""`imagebot pr`: the pull requests of a local forge, looked after by a person."""

from __future__ import annotations

import json
import os
import pty
import pwd
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from imagebot.cli.main import main
from imagebot.errors import BadInput, ImagebotError, NotFound
from imagebot.forge import local
from imagebot.settings.resolve import RepositorySettings, load
from tests.support.git_repos import BareRepository, a_repository
from tests.support.proposals import BRANCH, FULL

ME = pwd.getpwuid(os.getuid()).pw_name
BEFORE = {"pod.yaml": "image: podinfo:6.5.0\n", "other.yaml": "kept: true\n"}
AFTER = {"pod.yaml": "image: podinfo:6.5.1\n"}


@pytest.fixture
def remote(tmp_path: Path) -> BareRepository:
    """An environment repository with a branch of the bot, its pull request, and settings that name both."""
    remote = a_repository(tmp_path / "environments.git", BEFORE)
    remote.commit(BRANCH, AFTER, "deps: podinfo 6.5.1", on=remote.branches()["main"])
    (tmp_path / "policies").mkdir()
    settings = {
        "policies": ["policies"],
        "state": "state",
        "repositories": {"environments": {"url": str(remote.folder)}},
    }
    (tmp_path / "imagebot.yaml").write_text(json.dumps(settings))
    forge(remote).create(FULL)
    return remote


def forge(remote: BareRepository) -> local.Local:
    return local.connect(RepositorySettings(name="environments", url=str(remote.folder)))


def pr(remote: BareRepository, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["pr", *arguments, "--config", str(remote.folder.parent / "imagebot.yaml")])


def fails(remote: BareRepository, *arguments: str) -> ImagebotError:
    """The error that this invocation ends with; `main.run` prints it as one line."""
    error = pr(remote, *arguments).exception
    assert isinstance(error, ImagebotError), error
    return error


def test_list_shows_the_open_ones(remote: BareRepository) -> None:
    forge(remote).create(replace(FULL, branch="imagebot/staging/other", title="other"))
    forge(remote).reject(2, ME)

    lines = pr(remote, "list").output.splitlines()
    assert [line.split() for line in lines] == [
        ["#", "STATE", "BRANCH", "TITLE"],
        ["1", "open", BRANCH, "podinfo", "(f1)"],
    ]
    assert "closed" in pr(remote, "list", "--all").output


def test_an_empty_list_says_so(remote: BareRepository) -> None:
    forge(remote).reject(1, ME)

    assert pr(remote, "list").output == "no open pull requests in environments\n"


def test_list_and_show_give_data(remote: BareRepository) -> None:
    (listed,) = json.loads(pr(remote, "list", "--json").output)
    shown = json.loads(pr(remote, "show", "1", "--json").output)

    assert listed == shown
    assert (shown["number"], shown["branch"], shown["state"], shown["body"]) == (1, BRANCH, "open", FULL.body)
    assert shown["labels"] == ["image-update", "minor"]


def test_show_is_a_page_without_the_machine_block(remote: BareRepository) -> None:
    output = pr(remote, "show", "1").output

    assert output.startswith(f"#1 {FULL.title}\nopen {BRANCH} → main\nlabels: image-update, minor\n")
    assert "podinfo goes to 6.5.1" in output
    assert "<!--" not in output
    assert "imagebot:v1" not in output


@pytest.mark.parametrize(
    "evil", ["\x1b[2J", "\x1b]8;;http://evil.test\x07click\x1b]8;;\x07", "\u202e", "\x08", "\x9b2J", "\r"]
)
def test_what_a_body_says_cannot_move_the_cursor(remote: BareRepository, evil: str) -> None:
    forge(remote).rewrite(
        forge(remote).pull(1), replace(FULL, title=f"a{evil}b", body=f"one {evil} two", labels=(evil,))
    )

    for output in (pr(remote, "show", "1").output, pr(remote, "list").output):
        assert not any(char in output for char in "\x1b\u202e\x08\x9b\x07\r")


def test_on_a_terminal_a_digest_is_shown_whole(remote: BareRepository) -> None:
    """Eighty columns are too few for one: it goes on in the next line."""
    digest = "sha256:" + "0123456789abcdef" * 4
    forge(remote).rewrite(forge(remote).pull(1), replace(FULL, body=f"| | was |\n|---|---|\n| digest | `{digest}` |\n"))
    command = [
        sys.executable,
        "-m",
        "imagebot",
        "pr",
        "show",
        "1",
        "--config",
        str(remote.folder.parent / "imagebot.yaml"),
    ]

    seen = on_a_terminal(command, columns=60)
    assert digest in re.sub(r"\x1b\[[0-9;]*m|\s", "", seen)


def on_a_terminal(command: list[str], columns: int) -> str:
    """What a program shows on a terminal of this width."""
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "COLUMNS": str(columns)}
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL, env=environment):
        os.close(theirs)
        seen = b""
        with suppress(OSError), os.fdopen(ours, "rb", buffering=0) as terminal:
            while chunk := terminal.read(4096):
                seen += chunk
    return seen.decode()


def test_diff_shows_what_a_merge_would_change(remote: BareRepository) -> None:
    """Against the point where the branch began: what came to main since is not shown as taken back."""
    remote.commit("main", {"other.yaml": "kept: true\nadded: true\n"})

    lines = pr(remote, "diff", "1").output.splitlines()
    assert [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")] == [
        "-image: podinfo:6.5.0",
        "+image: podinfo:6.5.1",
    ]


def test_merge_brings_it_to_main_and_tidies_up(remote: BareRepository) -> None:
    remote.commit("main", {"other.yaml": "kept: true\nadded: true\n"})
    result = pr(remote, "merge", "1")
    branches = remote.branches()

    assert (result.output, result.exit_code) == ("merged pull request 1 into main\n", 0)
    assert list(branches) == ["main"]
    assert remote.file(branches["main"], "pod.yaml") == b"image: podinfo:6.5.1\n"
    assert remote.file(branches["main"], "other.yaml") == b"kept: true\nadded: true\n"
    assert (
        remote.git("log", "-1", "--format=%s|%b|%an", "main")
        == f"Merge pull request #1 from {BRANCH}|{FULL.title}\n|{ME}"
    )
    assert (forge(remote).pull(1).state, forge(remote).pull(1).closed_by) == ("merged", ME)


def test_killed_after_the_push_a_second_merge_only_notes_it_down(remote: BareRepository) -> None:
    pr(remote, "merge", "1")
    merged = remote.branches()["main"]
    remote.git("branch", BRANCH, f"{merged}^2")
    file = forge(remote).folder / "1.md"
    file.write_text(file.read_text().replace('state: "merged"', 'state: "open"'))

    assert pr(remote, "merge", "1").exit_code == 0
    assert remote.branches() == {"main": merged}
    assert forge(remote).pull(1).state == "merged"


def test_a_conflict_is_not_merged(remote: BareRepository) -> None:
    theirs = remote.commit("main", {"pod.yaml": "image: podinfo:7.0.0\n"})

    assert "conflicts" in str(fails(remote, "merge", "1"))
    assert (remote.branches()["main"], forge(remote).pull(1).state) == (theirs, "open")


def test_a_repository_that_takes_no_push_is_said_and_the_branch_stays(remote: BareRepository) -> None:
    hook = remote.folder / "hooks" / "pre-receive"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)

    assert "main could not be moved: the remote rejects it" in str(fails(remote, "merge", "1"))
    assert forge(remote).pull(1).state == "open"
    assert BRANCH in remote.branches()


def test_close_refuses_what_it_proposed(remote: BareRepository) -> None:
    result = pr(remote, "close", "1")
    (closed,) = forge(remote).closed_pulls(BRANCH)

    assert (result.exit_code, closed.closed_by, closed.body) == (0, ME, FULL.body)


@pytest.mark.parametrize("verb", ["merge", "close"])
def test_what_is_closed_stays_so(remote: BareRepository, verb: str) -> None:
    pr(remote, "close", "1")

    assert str(fails(remote, verb, "1")) == "pull request 1 is closed, no longer open"


@pytest.mark.parametrize("verb", ["show", "diff", "merge", "close"])
def test_an_unknown_number_is_said(remote: BareRepository, verb: str) -> None:
    error = fails(remote, verb, "7")

    assert isinstance(error, NotFound)
    assert "there is no pull request 7 in" in str(error)


@pytest.mark.parametrize("verb", ["diff", "merge"])
def test_a_branch_that_is_gone_is_said(remote: BareRepository, verb: str) -> None:
    remote.git("branch", "-D", BRANCH)

    assert str(fails(remote, verb, "1")) == f"the branch {BRANCH} of pull request 1 is gone"


def add_repositories(remote: BareRepository, **others: object) -> None:
    file = remote.folder.parent / "imagebot.yaml"
    settings = json.loads(file.read_text())
    settings["repositories"] |= others
    file.write_text(json.dumps(settings))


def test_of_several_repositories_one_is_named(remote: BareRepository) -> None:
    add_repositories(remote, sandbox={"url": str(remote.folder.parent / "sandbox.git")})

    assert str(fails(remote, "list")) == "say which repository with --repository: environments, sandbox"
    assert pr(remote, "list", "--repository", "sandbox").output == "no open pull requests in sandbox\n"
    unknown = fails(remote, "list", "--repository", "sandbax")
    assert isinstance(unknown, BadInput)
    assert str(unknown) == "no repository is called 'sandbax'; there are: environments, sandbox"


def test_a_forge_with_pages_of_its_own_is_pointed_to(remote: BareRepository, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("t")
    hub = {"url": "https://github.com/acme/environments.git", "credentials": {"tokenFile": str(token)}}
    add_repositories(remote, hub=hub)

    assert pr(remote, "list").exit_code == 0, "the only local one is meant"
    expected = (
        "repository hub is on github: look after its pull requests there, https://github.com/acme/environments.git"
    )
    assert str(fails(remote, "list", "--repository", "hub")) == expected


def test_the_settings_of_this_test_are_sound(remote: BareRepository) -> None:
    assert load(remote.folder.parent / "imagebot.yaml").repositories["environments"].forge == "local"
