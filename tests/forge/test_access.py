"""What each forge tells about what our credentials may do, as answers that they send have it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from imagebot.errors import NotFound, Refused
from imagebot.forge import forges
from imagebot.forge.access import of_app
from imagebot.forge.protocol import Access
from imagebot.settings.resolve import read_settings
from tests.forge.conftest import FAST
from tests.support.web_function import Answer, Asked, Served

PATHS = {
    "github": ("/api/v3", "/repos/acme/env"),
    "gitlab": ("/api/v4", "/projects/acme%2Fenv"),
    "gitea": ("/api/v1", "/repos/acme/env"),
    "bitbucket": ("/2.0", "/repositories/acme/env"),
    "azure": ("", "/acme/shop/_apis/git/repositories/env"),
}
URLS = {"azure": "acme/shop/_git/env"}


def access(kind: str, folder: Path, answers: Mapping[str, Answer]) -> Access:
    """What is made of these answers, by path; everything else is 404."""
    prefix, root = PATHS[kind]

    def function(asked: Asked) -> Answer:
        assert asked.method == "GET"
        assert asked.path.startswith(prefix)
        path = asked.path.removeprefix(prefix).replace(root, "")
        return answers.get(path, Answer(404, body=b"{}"))

    (folder / "token").write_text("canary")
    with Served(function) as served:
        text = (
            "policies: [p/]\nrepositories: {"
            f"env: {{url: '{served.url}/{URLS.get(kind, 'acme/env.git')}', forge: {kind},"
            f" apiUrl: '{served.url}{prefix}', credentials: {{tokenFile: token}}}}}}\n"
        )
        settings = read_settings("imagebot.yaml", text.encode(), folder, {})
        return forges.connect(settings.repositories["env"], FAST).access()


def said(data: Any, **headers: str) -> Answer:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(200, named, json.dumps(data).encode())


PUSH = {"permissions": {"push": True, "pull": True}, "archived": False, "private": True}
ROLE = {"permissions": {"project_access": {"access_level": 30}, "group_access": None}}
TOKEN = {"scopes": ["api"], "expires_at": "2026-12-24"}


@pytest.mark.parametrize(
    ("kind", "answers", "may", "lacks", "odd"),
    [
        pytest.param("github", {"": said(PUSH)}, "pull request rights are not told", "", "", id="fine-grained"),
        pytest.param("github", {"": said(PUSH, X_OAuth_Scopes="repo")}, "scopes `repo`", "", "", id="classic"),
        pytest.param(
            "github",
            {"": said(PUSH, X_OAuth_Scopes="read:org, admin:org")},
            "scopes `admin:org`, `read:org`",
            "its token lacks the scope `repo`",
            "may do more than it needs: `admin:org`",
            id="classic without repo",
        ),
        pytest.param(
            "github",
            {"": said({**PUSH, "permissions": {"push": False}})},
            "",
            "it may not push: give it contents: write",
            "",
            id="reads only",
        ),
        pytest.param("github", {"": said({**PUSH, "archived": True})}, "", "archived or disabled", "", id="archived"),
        pytest.param(
            "gitlab",
            {"": said(ROLE), "/personal_access_tokens/self": said(TOKEN)},
            "access level 30, scopes `api`",
            "",
            "",
            id="GitLab",
        ),
        pytest.param(
            "gitlab",
            {
                "": said({"permissions": {"project_access": {"access_level": 20}, "group_access": None}}),
                "/personal_access_tokens/self": said({"scopes": ["read_api", "sudo"]}),
            },
            "access level 20",
            "its role (access level 20) may not push: make it Developer"
            " | its token has the scopes `read_api`, `sudo` and lacks `api`",
            "`sudo`",
            id="GitLab, reporter",
        ),
        pytest.param("gitlab", {"": said(ROLE)}, "scopes are not told", "", "", id="GitLab, OAuth"),
        pytest.param(
            "gitlab",
            {"": said({**ROLE, "merge_requests_access_level": "disabled"})},
            "",
            "merge requests are switched off in the project",
            "",
            id="GitLab without merge requests",
        ),
        pytest.param("gitea", {"": said(PUSH)}, "scopes are not told", "", "", id="Gitea"),
        pytest.param(
            "gitea", {"": said({"permissions": {"push": False}})}, "", "it may not push", "", id="Gitea, reads only"
        ),
        pytest.param("bitbucket", {"": said({})}, "rights to write are not told", "", "", id="Bitbucket"),
        pytest.param(
            "bitbucket",
            {"": said({}, X_OAuth_Scopes="repository:write")},
            "scopes `repository:write`",
            "may not write pull requests",
            "",
            id="Bitbucket without pull requests",
        ),
        pytest.param("azure", {"": said({"isDisabled": False})}, "rights to write are not told", "", "", id="Azure"),
        pytest.param("azure", {"": said({"isDisabled": True})}, "", "the repository is disabled", "", id="Azure, off"),
    ],
)
def test_rights_are_told_as_far_as_the_forge_tells(
    kind: str, answers: Mapping[str, Answer], may: str, lacks: str, odd: str, tmp_path: Path
) -> None:
    found = access(kind, tmp_path, answers)
    assert may in found.may
    assert lacks in " | ".join(found.lacks)
    assert bool(found.lacks) is bool(lacks)
    assert odd in " | ".join(found.odd)
    assert bool(found.odd) is bool(odd)


def test_when_credentials_end_and_what_time_it_is(tmp_path: Path) -> None:
    headers = {
        "Date": "Fri, 01 Jan 2100 00:00:00 GMT",
        "GitHub-Authentication-Token-Expiration": "2026-12-01 00:00:00 UTC",
    }
    answer = Answer(200, tuple(headers.items()), json.dumps(PUSH).encode())
    found = access("github", tmp_path, {"": answer})
    assert (found.expires, found.date) == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    gitlab = access("gitlab", tmp_path, {"": said(ROLE), "/personal_access_tokens/self": said(TOKEN)})
    assert gitlab.expires == datetime(2026, 12, 24, tzinfo=UTC)


@pytest.mark.parametrize("kind", sorted(PATHS))
def test_a_forge_that_says_no_is_an_error_like_any_other(kind: str, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        access(kind, tmp_path, {"": Answer(401, body=b'{"message": "Bad credentials"}')})
    with pytest.raises(NotFound):
        access(kind, tmp_path, {})


def test_the_permissions_of_an_app_are_told_one_by_one() -> None:
    found = of_app(Access("-"), {"contents": "write", "pull_requests": "read", "administration": "write"})
    assert found.may == "an App with `administration: write`, `contents: write`, `pull_requests: read`"
    assert found.lacks == (
        "the App lacks `pull_requests: write`; grant it in the App's settings, and have the organisation accept it",
    )
    assert found.odd == ("the App may do more than it needs: `administration: write`",)
