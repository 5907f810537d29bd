"""What a repository says of itself before there is a mirror of it: its default branch, and where it was cloned from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from imagebot.errors import BadInput, NotFound
from imagebot.gitrepo.failures import failed
from imagebot.gitrepo.fresh import begin
from imagebot.gitrepo.mirror import NETWORK_SECONDS
from imagebot.gitrepo.names import branch_name
from imagebot.gitrepo.process import Git, GitOutput, Terms
from imagebot.gitrepo.remote import Remote

_HEADS = "ref: refs/heads/"


def git_folder(path: Path) -> Path | None:
    """Where git keeps the repository whose top folder is `path`: in `.git`, or there itself if it is bare."""
    if (path / ".git").exists():
        return path / ".git"
    bare = (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()
    return path if bare else None


def default_branch(scratch: Path, remote: Remote) -> str:
    """The branch that a remote's HEAD names; `scratch` is a folder for git to run in, made if need be.

    Raises `NotFound` where there is none, `Unavailable`, `Refused`, `BadResponse`.
    """
    answer = _listed(scratch, remote, "--symref", "--end-of-options", remote.url, "HEAD")
    for line in answer.out.decode(errors="replace").split("\n"):
        if line.startswith(_HEADS):
            return branch_name(line.removeprefix(_HEADS).partition("\t")[0])
    raise NotFound(f"{remote.url} has no default branch: push a first commit, or name a branch by --branch")


def branches(scratch: Path, remote: Remote, patterns: Sequence[str]) -> dict[str, str]:
    """The refs of a remote that fit one of these patterns (`refs/heads/x*`), with their commits; nothing is fetched.

    `scratch` is a folder for git to run in, made if need be. Raises `WorldError`s.
    """
    answer = _listed(scratch, remote, "--refs", "--end-of-options", remote.url, *patterns)
    lines = (line.split("\t") for line in answer.out.decode(errors="replace").splitlines())
    return {parts[1]: parts[0] for parts in lines if len(parts) == 2}


def _listed(scratch: Path, remote: Remote, *words: str) -> GitOutput:
    git = Git(scratch)
    if not scratch.exists():
        begin(git)
    terms = Terms(remote.environment(), remote.url, NETWORK_SECONDS)
    answer = git.ask("ls-remote", *words, terms=terms)
    if answer.code != 0:
        raise failed("ask", remote, answer, terms.environment)
    return answer


def origin(folder: Path) -> str | None:
    """The URL that a local repository was cloned from, as its settings have it; `folder` is what `git_folder` found."""
    git = Git(folder)
    answer = git.ask("config", "--local", "--get", "remote.origin.url")
    if answer.code > 1:
        raise BadInput(f"{folder}: git cannot read the settings of this repository")
    return answer.out.decode(errors="replace").rstrip("\n") or None
