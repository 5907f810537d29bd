"""What a forge tells about what our credentials may do in one repository: asked by `imagebot doctor`, changing nothing.

Forges tell very different things. What one does not tell is said to be unknown, and what it would have to be.
https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
https://docs.gitlab.com/api/personal_access_tokens/#get-details-on-a-personal-access-token
https://developer.atlassian.com/cloud/bitbucket/bitbucket-cloud-rest-api-scopes/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from imagebot.errors import NotFound, Refused
from imagebot.forge.answers import Answer, Flag, Maybe, Name, Some, Text, checked
from imagebot.forge.documents import read_json
from imagebot.forge.protocol import Access
from imagebot.forge.refusals import quoted
from imagebot.forge.transport import Reply
from imagebot.forge.wire import Wire

DEVELOPER = 30
"""GitLab's role that may push to branches that are not protected, and open merge requests."""
_GITHUB_BROAD = frozenset({"admin:org", "admin:enterprise", "delete_repo", "site_admin", "workflow", "write:packages"})
_GITLAB_BROAD = frozenset({"admin_mode", "sudo"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One repository: `root` is its path below the API, `name` what people call it."""

    wire: Wire
    root: str
    name: str

    def about(self) -> tuple[Reply, Any]:
        """What the forge shows of it. Raises `WorldError`s."""
        task = f"show {self.name}"
        reply = self.wire.peek(task, self.root)
        if reply.status != 200:
            return reply, self.wire.get(task, self.root)
        return reply, read_json(reply.body, f"{self.wire.host} answered something that is no JSON when asked to {task}")


class _Permissions(Answer):
    push: Flag = False


class _Repository(Answer):
    permissions: Maybe[_Permissions] = None
    archived: Flag = False
    disabled: Flag = False
    private: Flag = False


class _Level(Answer):
    access_level: int = 0


class _Levels(Answer):
    project_access: Maybe[_Level] = None
    group_access: Maybe[_Level] = None


class _Project(Answer):
    permissions: Maybe[_Levels] = None
    archived: Flag = False
    merge_requests_access_level: Text = ""


class _TokenFacts(Answer):
    scopes: Some[Name] = ()
    expires_at: Text = ""


class _AzureRepository(Answer):
    isDisabled: Flag = False  # noqa: N815 Azure DevOps calls it so


def of_github(asked: Asked) -> Access:
    """GitHub tells the scopes of classic tokens in a header, and of no others."""
    reply, answer = asked.about()
    found = checked(_Repository, answer, f"GitHub's answer about {asked.name}")
    said = reply.headers.get("X-OAuth-Scopes")
    scopes = None if said is None else frozenset(part.strip() for part in said.split(",") if part.strip())
    return Access(
        may="pull request rights are not told: it needs `pull requests: write`"
        if not scopes
        else f"scopes {_listed(scopes)}",
        lacks=(*_lacking(found, "contents: write"), *_missing_scope(found, scopes)),
        odd=_too_much(scopes or frozenset(), _GITHUB_BROAD),
        expires=_day(reply.headers.get("GitHub-Authentication-Token-Expiration", "")),
        date=_date(reply),
    )


def _missing_scope(found: _Repository, scopes: frozenset[str] | None) -> Iterator[str]:
    wanted = "repo" if found.private else "public_repo"
    if scopes and not scopes & {"repo", wanted}:
        yield f"its token lacks the scope `{wanted}`"


def of_app(told: Access, permissions: Mapping[str, str]) -> Access:
    """The same for a GitHub App, of whose installation all permissions are told."""
    lacks = [
        f"the App lacks `{name}: write`; grant it in the App's settings, and have the organisation accept it"
        for name in ("contents", "pull_requests")
        if permissions.get(name) != "write"
    ]
    needs = {"contents", "pull_requests", "metadata", "issues", "checks", "statuses", "members"}
    more = sorted(f"{name}: {level}" for name, level in permissions.items() if level != "read" and name not in needs)
    odd = (f"the App may do more than it needs: {_listed(frozenset(more))}",) if more else ()
    given = frozenset(f"{name}: {level}" for name, level in permissions.items())
    return replace(told, may=f"an App with {_listed(given)}", lacks=(*told.lacks, *lacks), odd=(*told.odd, *odd))


def of_gitlab(asked: Asked) -> Access:
    """GitLab tells the role in the project, and a token about itself."""
    reply, answer = asked.about()
    found = checked(_Project, answer, f"GitLab's answer about {asked.name}")
    given = found.permissions or _Levels()
    levels = [level.access_level for level in (given.project_access, given.group_access) if level is not None]
    level = max(levels, default=0)
    token = _gitlab_token(asked.wire)
    scopes = frozenset(token.scopes) if token is not None else frozenset()
    lacks = []
    if levels and level < DEVELOPER:
        lacks.append(f"its role (access level {level}) may not push: make it Developer")
    if scopes and "api" not in scopes:
        lacks.append(f"its token has the scopes {_listed(scopes)} and lacks `api`")
    if found.archived:
        lacks.append("the project is archived: nothing can be pushed to it")
    if found.merge_requests_access_level == "disabled":
        lacks.append("merge requests are switched off in the project")
    role = f"access level {level}" if levels else "its role in the project is not told"
    return Access(
        may=f"{role}, {f'scopes {_listed(scopes)}' if scopes else 'scopes are not told: it needs `api`'}",
        lacks=tuple(lacks),
        odd=_too_much(scopes, _GITLAB_BROAD),
        expires=_day(token.expires_at) if token is not None else None,
        date=_date(reply),
    )


def _gitlab_token(wire: Wire) -> _TokenFacts | None:
    """Of a personal, project or group token; an OAuth token is none of these."""
    with suppress(NotFound, Refused):
        answer = wire.get("tell what our token is for", "/personal_access_tokens/self")
        return checked(_TokenFacts, answer, "GitLab's answer about our token")
    return None


def of_gitea(asked: Asked) -> Access:
    """Gitea tells what our user may do, and no scopes."""
    reply, answer = asked.about()
    found = checked(_Repository, answer, f"Gitea's answer about {asked.name}")
    told = "scopes are not told: it needs `write:repository` and `write:issue`"
    return Access(told, tuple(_lacking(found, "the right to write")), date=_date(reply))


def of_bitbucket(asked: Asked) -> Access:
    """Cloud tells scopes in a header, and Data Center nothing."""
    reply, _ = asked.about()
    scopes = frozenset(part.strip() for part in reply.headers.get("X-OAuth-Scopes", "").split(",") if part.strip())
    lacks = []
    if scopes and not any("pullrequest" in scope and "write" in scope for scope in scopes):
        lacks.append(f"its token has the scopes {_listed(scopes)} and may not write pull requests")
    told = f"scopes {_listed(scopes)}" if scopes else "it may read; rights to write are not told"
    return Access(told, tuple(lacks), date=_date(reply))


def of_azure(asked: Asked) -> Access:
    """Azure DevOps tells whether a repository is switched off."""
    reply, answer = asked.about()
    found = checked(_AzureRepository, answer, f"Azure DevOps' answer about {asked.name}")
    lacks = ("the repository is disabled",) if found.isDisabled else ()
    return Access("it may read; rights to write are not told: it needs `Code (read & write)`", lacks, date=_date(reply))


OF_FORGE: Mapping[str, Callable[[Asked], Access]] = {
    "azure": of_azure,
    "bitbucket": of_bitbucket,
    "gitea": of_gitea,
    "github": of_github,
    "gitlab": of_gitlab,
}


def _lacking(found: _Repository, right: str) -> Iterator[str]:
    if found.permissions is not None and not found.permissions.push:
        yield f"it may not push: give it {right}"
    if found.archived or found.disabled:
        yield "the repository is archived or disabled: nothing can be pushed to it"


def _too_much(scopes: frozenset[str], broad: frozenset[str]) -> tuple[str, ...]:
    more = scopes & broad
    return (f"its token may do more than it needs: {_listed(more)}",) if more else ()


def _listed(scopes: frozenset[str]) -> str:
    return ", ".join(f"`{quoted(scope)}`" for scope in sorted(scopes)[:12])


def _date(reply: Reply) -> datetime | None:
    with suppress(ValueError, TypeError):
        return parsedate_to_datetime(reply.headers.get("Date", "")).astimezone(UTC)
    return None


def _day(text: str) -> datetime | None:
    """`2026-12-01`, or `2026-12-01 00:00:00 UTC`."""
    with suppress(ValueError):
        return datetime.fromisoformat(text[:10]).replace(tzinfo=UTC)
    return None
