"""Git's surroundings and its end. An alias that is a shell command shows what git would hand to a child."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imagebot.errors import BadInput, Unavailable
from imagebot.gitrepo.git_env import sealed
from imagebot.gitrepo.process import Git, Terms
from tests.support.git_repos import BareRepository

OF_THE_CALLER = {
    "GIT_DIR": "/elsewhere",
    "GIT_INDEX_FILE": "/elsewhere/index",
    "GIT_TRACE": "1",
    "GIT_TRACE_CURL": "1",
    "GIT_SSH_COMMAND": "touch /tmp/x",
    "GIT_CONFIG_PARAMETERS": "'core.pager'='x'",
    "GIT_EXEC_PATH": "/elsewhere",
    "HTTPS_PROXY": "http://proxy.example",
    "XDG_CONFIG_HOME": "/elsewhere",
    "SSH_AUTH_SOCK": "/elsewhere",
    "REGISTRY_PASSWORD": "canary",
    "PATH": os.defpath + ":/elsewhere",
}
OF_GIT_ITSELF = {"GIT_EXEC_PATH", "GIT_PREFIX", "GIT_CONFIG_PARAMETERS", "PATH", "PWD", "SHLVL", "_", "OLDPWD"}


def test_nothing_of_the_callers_environment_reaches_git(
    environments: BareRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in OF_THE_CALLER.items():
        monkeypatch.setenv(name, value)
    answer = Git(environments.folder).ask("-c", "alias.surroundings=!env -0", "surroundings")
    shown = dict(item.split("=", 1) for item in answer.out.decode().split("\0")[:-1])

    assert answer.code == 0, answer.err
    assert sealed().items() - shown.items() <= {("PATH", sealed()["PATH"])}
    assert shown.keys() - sealed().keys() - OF_GIT_ITSELF <= {"GIT_DIR"}
    assert not [value for value in shown.values() if "elsewhere" in value or "canary" in value]


def test_settings_of_the_repository_start_nothing(environments: BareRepository, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    for key in ("core.fsmonitor", "core.pager", "diff.external", "core.sshCommand", "uploadpack.packObjectsHook"):
        environments.git("config", key, f"touch {canary}")
    hook = environments.folder / "hooks" / "reference-transaction"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {canary}\n")
    hook.chmod(0o755)
    git = Git(environments.folder)
    head = environments.branches()["main"]
    git.out("update-ref", "refs/heads/other", head)
    git.out("log", "-p", head)
    git.out("diff-tree", "-p", head)

    assert not canary.exists()


def test_a_git_that_takes_too_long_is_ended_with_its_children(environments: BareRepository, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    terms = Terms(sealed([("alias.wait", f"!(echo alive; exec sleep 600) > '{fifo}' & wait")]), "the remote", 0.5)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(Unavailable, match=r"the remote: `git wait` was stopped: it did not end within 0\.5 s"):
            Git(environments.folder).ask("wait", terms=terms)
        os.set_blocking(reader, True)
        with os.fdopen(reader, closefd=False) as pipe:
            assert pipe.read() == "alive\n", "the pipe ends when its last writer does"
    finally:
        os.close(reader)


def test_an_old_git_is_named(environments: BareRepository) -> None:
    with pytest.raises(BadInput, match=r"lacks an option.*install git 2\.38"):
        Git(environments.folder).ask("merge-base", "--no-such-option")


def test_terms_do_not_show_what_is_in_them() -> None:
    assert "canary" not in repr(Terms({"TOKEN": "canary"}))


def test_what_is_too_much_to_keep_is_cut_between_lines(environments: BareRepository) -> None:
    lines = r"i=0; while [ $i -lt 60000 ]; do i=$((i+1)); printf '\033[31mné%s\033[0m\n' $i; done >&2"
    answer = Git(environments.folder).ask("-c", f"alias.noise=!{lines}", "noise")

    said = answer.err.split("\n")
    assert len(answer.err.encode()) < 300_000
    assert (said[0], said[-2]) == ("\x1b[31mné1\x1b[0m", "\x1b[31mné60000\x1b[0m")
    assert {line for line in said if not line.startswith("\x1b[31mné") or not line.endswith("\x1b[0m")} == {"…", ""}


def test_of_a_word_of_megabytes_its_beginning_and_its_end_are_kept(environments: BareRepository) -> None:
    long = "printf first; head -c 3000000 /dev/zero | tr '\\0' x; printf 'last\\0next\\0'"
    with Git(environments.folder).talk("-c", f"alias.long=!{long}", "long") as talk:
        talk.finish()
        cut, after = talk.words()

    assert (cut[:6], cut[-5:], len(cut), after) == (b"firstx", b"xlast", 1 << 18, b"next")
