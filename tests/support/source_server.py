"""Forges that are asked about the source of an image: one repository, the same on GitHub, GitLab and Forgejo.

GitHub's and Forgejo's requests and answers are held against their descriptions; GitLab's are as its documentation has
them (docs.gitlab.com: `api/commits`, where `ref_name` takes a range, `api/releases`, `api/tags`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import unquote

from tests.support import api_descriptions
from tests.support.openapi import Call, Description
from tests.support.web_function import Answer, Asked, Raw, Served

PREFIXES = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1"}


@dataclass
class SourceRepo:
    """`commits` are ids and messages of one line of history, the oldest first; `releases` tags and notes, newest first.

    `files` is how much a comparison says besides of what changed in files. `renamed` is what it was called before.
    `tagged` has the commits of tags.
    """

    path: str = "acme/api"
    commits: list[tuple[str, str]] = field(default_factory=list)
    releases: list[tuple[str, str]] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    tagged: dict[str, str] = field(default_factory=dict)
    files: int = 0
    renamed: str = ""
    authorizations: set[str | None] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)

    def ids(self) -> list[str]:
        return [one for one, _ in self.commits]

    def between(self, old: str, new: str) -> list[tuple[str, str]] | None:
        """Those after `old` up to `new`; None where one of them is not known."""
        known = self.ids()
        old, new = (self.tagged.get(unquote(one), one) for one in (old, new))
        if old not in known or new not in known:
            return None
        return self.commits[known.index(old) + 1 : known.index(new) + 1]


Found = tuple[int, Any]
MISSING: Found = (404, {"message": "Not Found"})


@contextmanager
def serving(
    kind: str, repo: SourceRepo, answer: Callable[[Asked], Answer | Raw | None] | None = None
) -> Iterator[Served]:
    """The forge on a free port, its API at `url + PREFIXES[kind]`; `answer` goes before. Leaving raises violations."""

    def function(asked: Asked) -> Answer | Raw:
        repo.authorizations.add(asked.headers["Authorization"])
        return (answer(asked) if answer else None) or _answered(kind, repo, asked)

    with Served(function) as served:
        yield served
    assert not repo.violations, "\n".join(repo.violations)


def _answered(kind: str, repo: SourceRepo, asked: Asked) -> Answer:
    path, _, query = asked.target.removeprefix(PREFIXES[kind]).partition("?")
    call = Call(asked.method, path, query, asked.body)
    described = _DESCRIBED.get(kind)
    if described and repo.renamed and f"/{repo.renamed}" in path:
        home = "/repositories/17" if kind == "github" else f"/repos/{repo.path}"
        where = path.replace(f"/repos/{repo.renamed}", home)
        return Answer(301, (("Location", f"{PREFIXES[kind]}{where}?{query}"),), b"{}")
    call = Call(call.verb, call.path.replace("/repositories/17", f"/repos/{repo.path}"), call.query, call.body)
    if described and (wrong := described().wrong_with_request(_whole_ref(call))):
        repo.violations.append(wrong)
    status, data = _DECIDES[kind](repo, call)
    body = json.dumps(data).encode()
    # A large one would take the checker minutes.
    small = len(body) < 200_000
    if (
        described
        and small
        and status == 200
        and (wrong := described().wrong_with_answer(_whole_ref(call), status, body))
    ):
        repo.violations.append(wrong)
    return Answer(status, (("Content-Type", "application/json"),), body)


def _whole_ref(call: Call) -> Call:
    """GitHub's `{ref}` has a slash in it, which descriptions cannot say."""
    return Call(call.verb, call.path.replace("/ref/tags/", "/ref/tags%2F"), call.query, call.body)


def _github(repo: SourceRepo, call: Call) -> Found:
    rest = call.path.removeprefix(f"/repos/{repo.path}")
    if rest == call.path:
        return MISSING
    size, page = int(call.arguments.get("per_page", 30)), int(call.arguments.get("page", 1))
    sample = _DESCRIBED["github"]().sample
    if found := re.fullmatch(r"/compare/(.+?)\.\.\.(.+)", rest):
        commits, back = repo.between(found[1], found[2]), repo.between(found[2], found[1])
        if commits is None or back is None:
            return MISSING
        shown = [_commit(_sound_commit(), *one) for one in commits[size * (page - 1) : size * page]]
        files = [{**sample("diff-entry"), "patch": "x" * repo.files}] if page == 1 and repo.files else []
        ends = {"base_commit": _sound_commit(), "merge_base_commit": _sound_commit()}
        compared = ends | {"total_commits": len(commits), "behind_by": len(back), "commits": shown, "files": files}
        return 200, {**sample("commit-comparison"), **compared}
    if rest == "/releases":
        some = repo.releases[size * (page - 1) : size * page]
        return 200, [{**sample("release"), "tag_name": tag, "body": body, "draft": False} for tag, body in some]
    tag = unquote(rest.removeprefix("/git/ref/tags/"))
    shown_ref = {**sample("git-ref"), "object": {"type": "commit", "sha": "c" * 40, "url": "https://github.test/c"}}
    return (200, shown_ref) if tag in repo.tags else MISSING


def _sound_commit() -> dict[str, Any]:
    """What is said of a commit's people may be empty, and not null as a sample has it."""
    shown: dict[str, Any] = _DESCRIBED["github"]().sample("commit")
    return {**shown, "author": {}, "committer": {}, "commit": {**shown["commit"], "author": {}, "committer": {}}}


def _commit(sample: dict[str, Any], sha: str, message: str) -> dict[str, Any]:
    return {**sample, "sha": sha, "commit": {**sample.get("commit", {}), "message": message}}


def _gitea(repo: SourceRepo, call: Call) -> Found:
    rest = call.path.removeprefix(f"/repos/{repo.path}")
    if rest == call.path:
        return MISSING
    if found := re.fullmatch(r"/compare/(.+?)\.\.\.(.+)", rest):
        commits = repo.between(found[1], found[2])
        if commits is None:
            return MISSING
        shown = [_commit({}, *one) for one in reversed(commits)]
        return 200, {"total_commits": len(commits), "commits": shown}
    if rest == "/releases":
        size, page = int(call.arguments.get("limit", 30)), int(call.arguments.get("page", 1))
        some = repo.releases[size * (page - 1) : size * page]
        return 200, [{"tag_name": tag, "body": body, "draft": False} for tag, body in some]
    return (200, {"name": rest}) if unquote(rest.removeprefix("/tags/")) in repo.tags else MISSING


def _gitlab(repo: SourceRepo, call: Call) -> Found:
    home = f"/projects/{repo.path.replace('/', '%2F')}"
    rest = call.path.removeprefix(home)
    if rest == call.path:
        return MISSING
    size, page = int(call.arguments.get("per_page", 20)), int(call.arguments.get("page", 1))
    if rest == "/repository/commits":
        commits = repo.between(*call.arguments["ref_name"].split(".."))
        if commits is None:
            return MISSING
        return 200, [{"id": sha, "title": message.partition("\n")[0]} for sha, message in reversed(commits)][:size]
    if rest == "/releases":
        some = repo.releases[size * (page - 1) : size * page]
        return 200, [{"tag_name": tag, "description": body} for tag, body in some]
    return (200, {"name": rest}) if unquote(rest.removeprefix("/repository/tags/")) in repo.tags else MISSING


@cache
def _described_github() -> Description:
    return Description(api_descriptions.description(api_descriptions.GITHUB_SOURCES), "http://github.test")


@cache
def _described_forgejo() -> Description:
    return Description(api_descriptions.description(api_descriptions.FORGEJO_SOURCES), "http://forgejo.test")


_DESCRIBED: dict[str, Callable[[], Description]] = {"github": _described_github, "gitea": _described_forgejo}
_DECIDES: dict[str, Callable[[SourceRepo, Call], Found]] = {"github": _github, "gitlab": _gitlab, "gitea": _gitea}
