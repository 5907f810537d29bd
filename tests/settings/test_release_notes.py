"""Which forges are asked what changed between two images, and how."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.errors import BadInput
from imagebot.settings.resolve import SourceForgeSettings, read_settings


def forges(keys: str) -> dict[str, SourceForgeSettings]:
    text = f"policies: [p/]\nrepositories: {{env: {{url: /srv/env.git}}}}\nreleaseNotes:\n  {keys}\n"
    return dict(read_settings("imagebot.yaml", text.encode(), Path("/"), {}).source_forges)


@pytest.mark.parametrize(
    ("keys", "kind", "api"),
    [
        ("github.com: {owners: [acme]}", "github", "https://api.github.com"),
        ("GitLab.com: {owners: [acme]}", "gitlab", "https://gitlab.com/api/v4"),
        ("codeberg.org: {owners: [acme]}", "gitea", "https://codeberg.org/api/v1"),
        ("git.acme.test:8443: {forge: github, owners: [acme]}", "github", "https://git.acme.test:8443/api/v3"),
        (
            "git.acme.test: {forge: gitlab, apiUrl: https://x.test/api/v4, owners: [acme]}",
            "gitlab",
            "https://x.test/api/v4",
        ),
    ],
)
def test_a_forge_is_known_by_its_host(keys: str, kind: str, api: str) -> None:
    (settings,) = forges(keys).values()
    assert (settings.forge, settings.api_url, settings.owners, settings.forge_credentials) == (
        kind,
        api,
        ("acme",),
        None,
    )


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (
            "git.acme.test: {owners: [a]}",
            "nobody can tell which forge git.acme.test is; write forge: gitea, github or gitlab",
        ),
        ("bitbucket.org: {owners: [a]}", "Bitbucket has no release notes; write forge: gitea, github or gitlab"),
        ("gitlab.com: {credentials: {app: {id: 1, installation: 2, keyFile: k}}}", "an App is GitHub's; give a token"),
        ("acme: {forge: github}", "is no registry host"),
    ],
)
def test_what_cannot_be_asked_is_said_where_it_stands(keys: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        forges(keys)
    assert words in str(caught.value)
    assert str(caught.value).startswith("imagebot.yaml:4:")
