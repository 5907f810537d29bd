"""GitHub's published description of its API, cut to the paths that imagebot uses.

It comes from npm's `@octokit/openapi`, one pinned version whose hash is checked. `python -m tests.support.github_api`
fetches and cuts it into `.cache/github/`; a second run does nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = "@octokit/openapi"
VERSION = "23.0.2"
SHA512 = "pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg=="
MEMBER = "package/generated/api.github.com.json"
FOLDER = Path(__file__).resolve().parents[2] / ".cache" / "github"
TARBALL = FOLDER / f"octokit-openapi-{VERSION}.tgz"

REPOSITORY = "/repos/{owner}/{repo}"
USED = {
    f"{REPOSITORY}/pulls": ("get", "post"),
    f"{REPOSITORY}/pulls/{{pull_number}}": ("get", "patch"),
    f"{REPOSITORY}/pulls/{{pull_number}}/requested_reviewers": ("post",),
    f"{REPOSITORY}/issues/{{issue_number}}": ("get",),
    f"{REPOSITORY}/issues/{{issue_number}}/labels": ("post",),
    f"{REPOSITORY}/issues/{{issue_number}}/assignees": ("post",),
    f"{REPOSITORY}/issues/{{issue_number}}/comments": ("get", "post"),
    "/app/installations/{installation_id}/access_tokens": ("post",),
}


def cut_file() -> Path:
    """Where the cut is kept: another choice of paths is another file."""
    choice = hashlib.sha256(json.dumps([VERSION, USED]).encode()).hexdigest()[:12]
    return FOLDER / f"api-{VERSION}-{choice}.json"


@cache
def description() -> dict[str, Any]:
    """The cut. Raises `FileNotFoundError` if nobody fetched it."""
    loaded = json.loads(cut_file().read_bytes())
    assert isinstance(loaded, dict)
    return loaded


def fetch() -> None:
    """Make the cut be there. Raises `OSError`, `CalledProcessError` or `ValueError` if it cannot be had."""
    if cut_file().exists():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not TARBALL.exists():
        pack()
    with tarfile.open(TARBALL) as tarball:
        member = tarball.extractfile(MEMBER)
        assert member is not None
        whole = json.load(member)
    draft = cut_file().with_suffix(".draft")
    draft.write_text(json.dumps(cut(whole)))
    draft.replace(cut_file())


def pack() -> None:
    """Fetch the tarball with npm, and keep it only if it is the one that was pinned."""
    command = ["npm", "pack", "--silent", "--pack-destination", str(FOLDER), f"{PACKAGE}@{VERSION}"]
    name = subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, text=True, timeout=300).stdout.strip()
    fetched = FOLDER / name.splitlines()[-1]
    digest = hashlib.sha512(fetched.read_bytes()).digest()
    if base64.b64encode(digest).decode() != SHA512:
        fetched.unlink()
        raise ValueError(f"{PACKAGE} {VERSION} is not what it was: its hash differs from the pinned one")
    fetched.replace(TARBALL)


def cut(whole: dict[str, Any]) -> dict[str, Any]:
    """Only the operations in use, and all that they refer to."""
    paths = {}
    for path, verbs in USED.items():
        item = whole["paths"][path]
        paths[path] = {key: value for key, value in item.items() if key in verbs or key == "parameters"}
    components: dict[str, dict[str, Any]] = {}
    open_ends = list(references(paths))
    while open_ends:
        _, _, kind, name = open_ends.pop().split("/")
        if name not in components.setdefault(kind, {}):
            components[kind][name] = whole["components"][kind][name]
            open_ends.extend(references(components[kind][name]))
    return {"openapi": whole["openapi"], "info": whole["info"], "paths": paths, "components": components}


def references(node: object) -> Iterator[str]:
    """Every `$ref` at or under a node."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


if __name__ == "__main__":
    try:
        fetch()
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        sys.exit(f"GitHub's API description cannot be had: {error}")
