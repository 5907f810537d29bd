"""GitHub's Git database on the fake GitHub: blobs, trees and commits with the ids that git gives them."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from tests.support.forge_server import Answer

if TYPE_CHECKING:
    from tests.support.github_server import GitHubServer

SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\nwsFcBAABCAAQBQ\n=abcd\n-----END PGP SIGNATURE-----\n"
DATE = "2026-01-01T12:00:00Z"
SECONDS = 1767268800
BASE = "b" * 40
Files = dict[str, tuple[str, str]]
"""Mode and blob id by path."""


def object_id(kind: str, content: bytes) -> str:
    """What git calls an object."""
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


def tree_id(files: Files) -> str:
    """The id of the tree with these files, and of those within it."""
    entries: dict[str, tuple[str, str]] = {}
    for path, (mode, blob) in files.items():
        name, slash, _ = path.partition("/")
        inside = {path.removeprefix(f"{name}/"): file for path, file in files.items() if path.startswith(f"{name}/")}
        entries[name] = ("40000", tree_id(inside)) if slash else (mode, blob)
    in_order = sorted(entries.items(), key=lambda item: item[0] + "/" * (item[1][0] == "40000"))
    return object_id(
        "tree", b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(sha) for name, (mode, sha) in in_order)
    )


def signed(payload: bytes, signature: str) -> bytes:
    """The commit object with its signature in the header, where git puts it."""
    head, _, message = payload.partition(b"\n\n")
    header = "gpgsig " + signature.replace("\n", "\n ")
    return head + b"\n" + header.encode() + b"\n\n" + message


class Git:
    """One repository with one commit: `base`, of `files`."""

    def __init__(self, server: GitHubServer) -> None:
        self.base = BASE
        self.files: Files = {}
        self.messages: list[str] = []
        self._server = server
        self._trees: dict[str, Files] = {}

    def decide(self, what: str, values: dict[str, str], data: Any) -> Answer:
        """What the API answers below `/git/`."""
        match what:
            case "commits/{commit_sha}":
                return self._base(values["commit_sha"])
            case "blobs":
                sha = object_id("blob", base64.b64decode(data["content"]))
                return 201, {"url": f"https://github.test/blobs/{sha}", "sha": sha}
            case "trees":
                return self._tree(data)
            case "commits":
                return self._commit(data)
            case _:
                raise AssertionError(f"the fake does not know {what}")

    def _base(self, sha: str) -> Answer:
        if sha != self.base:
            return 404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}
        sample = self._server.description.sample("git-commit")
        return 200, {**sample, "sha": sha, "tree": {**sample["tree"], "sha": tree_id(self.files)}}

    def _tree(self, data: Any) -> Answer:
        assert data["base_tree"] == tree_id(self.files)
        files = dict(self.files)
        for entry in data["tree"]:
            sha = entry.get("sha") or object_id("blob", entry["content"].encode())
            files[entry["path"]] = (entry["mode"], sha)
        sha = tree_id(files)
        self._trees[sha] = files
        return 201, {**self._server.description.sample("git-tree"), "sha": sha, "truncated": False}

    def _commit(self, data: Any) -> Answer:
        if {"author", "committer", "signature"} & data.keys():
            self._server.violations.append("GitHub signs no commit whose author or committer it was told")
        is_app = self._server.app is not None
        name, email = (
            ("imagebot[bot]", "4711+imagebot[bot]@users.noreply.127.0.0.1") if is_app else ("imagebot", "bot@acme.test")
        )
        person = f"{name} <{email}> {SECONDS} +0000"
        # What GitHub signs, it says that it committed.
        committer = f"GitHub <noreply@github.com> {SECONDS} +0000" if is_app else person
        parents = "".join(f"parent {sha}\n" for sha in data["parents"])
        payload = f"tree {data['tree']}\n{parents}author {person}\ncommitter {committer}\n\n{data['message']}".encode()
        sha = object_id("commit", signed(payload, SIGNATURE) if is_app else payload)
        self.messages.append(data["message"])
        sample = self._server.description.sample("git-commit")
        who = {"name": name, "email": email, "date": DATE}
        proof = {"verified": True, "reason": "valid", "signature": SIGNATURE, "payload": payload.decode()}
        none = {"verified": False, "reason": "unsigned", "signature": None, "payload": None}
        return 201, {
            **sample,
            "sha": sha,
            "author": who,
            "committer": who,
            "message": data["message"],
            "tree": {**sample["tree"], "sha": data["tree"]},
            "parents": [
                {"sha": one, "url": "https://github.test/c", "html_url": "https://github.test/c"}
                for one in data["parents"]
            ],
            "verification": {**(proof if is_app else none), "verified_at": None},
        }
