"""Commits that GitHub makes and signs: those of an App show as verified.

GitHub signs what its API is asked for without an author or a committer (docs.github.com, `About commit signature
verification`, verification for bots). What comes back is the commit, on no branch: pushing is left to git.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from imagebot.errors import BadResponse
from imagebot.forge.answers import Answer, checked
from imagebot.forge.protocol import Blob, SignedCommit
from imagebot.forge.wire import Wire


class _Object(Answer):
    sha: str


class _Base(Answer):
    tree: _Object


class _Verification(Answer):
    verified: bool
    reason: str
    signature: str | None
    payload: str | None


class _Commit(Answer):
    sha: str
    tree: _Object
    parents: list[_Object]
    verification: _Verification


def sign(wire: Wire, name: str, base: str, files: Mapping[str, Blob], message: str) -> SignedCommit:
    """A commit on `base` in the repository `name`, with these files in it."""
    path, whose = f"/repos/{name}/git", f"GitHub's answer about a commit in {name}"
    root = checked(_Base, wire.get(f"show the commit {base}", f"{path}/commits/{base}"), whose).tree.sha
    entries = [
        {"path": file, "mode": blob.mode, "type": "blob", **_content(wire, path, blob)} for file, blob in files.items()
    ]
    tree = checked(
        _Object, wire.send("make a tree", "POST", f"{path}/trees", {"base_tree": root, "tree": entries}), whose
    )
    # No author, no committer, no date: GitHub signs only what it fills in itself.
    body = {"message": message, "tree": tree.sha, "parents": [base]}
    commit = checked(_Commit, wire.send("make a commit", "POST", f"{path}/commits", body), whose)
    if (commit.tree.sha, [parent.sha for parent in commit.parents]) != (tree.sha, [base]):
        raise BadResponse(f"{whose} is about another commit than the one that was asked for")
    proof = commit.verification
    warnings = () if proof.verified else (_unsigned(name, proof.reason),)
    return SignedCommit(commit.sha, tree.sha, proof.payload or "", proof.signature or "", warnings)


def noreply(host: str, login: str, number: int) -> str:
    """The address that stands for a user or an App's bot in commits; `host` is the API's."""
    return f"{number}+{login}@users.noreply.{host.partition(':')[0].removeprefix('api.')}"


def _content(wire: Wire, path: str, blob: Blob) -> dict[str, str]:
    """As it is where JSON can carry it; else as a blob of its own, which is one more request."""
    try:
        return {"content": blob.content.decode()}
    except UnicodeDecodeError:
        body = {"content": base64.b64encode(blob.content).decode(), "encoding": "base64"}
        answer = wire.send("make a blob", "POST", f"{path}/blobs", body)
        return {"sha": checked(_Object, answer, "GitHub's answer about a blob").sha}


def _unsigned(name: str, reason: str) -> str:
    return (
        f"GitHub did not sign a commit in {name} ({reason}): it signs those of Apps alone; let an App open the pull "
        "requests, or have git sign with a key of your own"
    )
