"""Source repositories and limits in imagebot.yaml."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imagebot.errors import BadInput
from imagebot.settings.resolve import Limits, TokenCredentials, read_settings


def test_sources_are_repositories_that_are_only_read(tmp_path: Path) -> None:
    text = """\
policies: [p]
repositories: {r: {url: /envs}}
sources:
  api: {url: https://github.com/acme/api.git, branch: trunk, credentials: {tokenEnv: TOKEN}}
  app: {url: https://git.acme.test/acme/app.git, credentials: {app: {id: 1, installation: 2, keyFile: key.pem}}}
  here: {url: api.git}
"""
    settings = read_settings("imagebot.yaml", text.encode(), tmp_path, {"TOKEN": "t"})
    api, app, here = (settings.sources[name] for name in ("api", "app", "here"))
    assert (api.name, api.branch, api.forge, api.limits) == ("sources/api", "trunk", "local", Limits())
    assert isinstance(api.credentials, TokenCredentials)
    assert (app.forge, app.api_url, app.branch) == ("github", "https://git.acme.test/api/v3", "main")
    assert (here.url, here.credentials) == (str(tmp_path / "api.git"), None)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("{url: ssh://git@h/x}", "git over ssh wants sshKeyFile"),
        ("{url: /x, credentials: {tokenEnv: TOKEN}}", "a path needs no credentials"),
        (
            "{url: https://h/x, credentials: {sshKeyFile: k, knownHostsFile: h}}",
            "an ssh key does not open this URL; write ssh://… or git@host:path",
        ),
        ("{url: 'https://u:p@h/x'}", "leave user and password out of the URL"),
        ("{url: /x, forge: github}", "unknown key 'forge'"),
        ("{}", "the key 'url' is missing"),
    ],
)
def test_sources_that_do_not_fit(tmp_path: Path, source: str, says: str) -> None:
    text = f"policies: [p]\nrepositories: {{r: {{url: /envs}}}}\nsources:\n  api: {source}\n"
    with pytest.raises(BadInput, match=re.escape(says)):
        read_settings("imagebot.yaml", text.encode(), tmp_path, {"TOKEN": "t"})


@pytest.mark.parametrize(
    ("written", "in_all"),
    [
        ("", Limits(open_pull_requests=10, opened_per_hour=20)),
        ("limits: {openPullRequests: 3}", Limits(open_pull_requests=3, opened_per_hour=20)),
        ("limits: {openedPerHour: 5}", Limits(open_pull_requests=10, opened_per_hour=5)),
        ("limits: {openPullRequests: 0, openedPerHour: 1}", Limits(open_pull_requests=0, opened_per_hour=1)),
    ],
    ids=["none", "open", "per hour", "both"],
)
def test_a_limit_that_is_written_leaves_the_other_as_it_is(tmp_path: Path, written: str, in_all: Limits) -> None:
    own = "limits: {openedPerHour: 2}"
    text = f"policies: [p]\nrepositories: {{r: {{url: /envs, {own}}}, s: {{url: /other}}}}\n{written}\n"

    settings = read_settings("imagebot.yaml", text.encode(), tmp_path, {})

    assert settings.limits == in_all
    assert settings.repositories["r"].limits == Limits(opened_per_hour=2)
    assert settings.repositories["s"].limits == Limits()


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ("{openedPerHour: 0}", "must be at least 1"),
        ("{openedPerHour: 10001}", "must be at most 10000"),
        ("{openedPerHour: 1.5}", "expected a whole number, found '1.5'"),
        ("{perHour: 5}", "unknown key 'perHour'; did you mean 'openedPerHour'?"),
    ],
)
def test_limits_that_are_none(tmp_path: Path, limits: str, says: str) -> None:
    text = f"policies: [p]\nrepositories: {{r: {{url: /envs}}}}\nlimits: {limits}\n"
    with pytest.raises(BadInput, match=re.escape(says)):
        read_settings("imagebot.yaml", text.encode(), tmp_path, {})


def test_a_folder_of_policies_with_a_fence(tmp_path: Path) -> None:
    text = "policies: [p, {from: teams/a, may: {apps: [a-*]}}, {from: b}]\nrepositories: {r: {url: /envs}}\n"
    settings = read_settings("imagebot.yaml", text.encode(), tmp_path, {})
    assert settings.policies == (tmp_path / "p", tmp_path / "teams/a", tmp_path / "b")
    assert {path: fence.folder for path, fence in settings.fences.items()} == {tmp_path / "teams/a": "teams/a"}
    assert settings.fences[tmp_path / "teams/a"].may.apps == ("/a-*",)


@pytest.mark.parametrize(
    ("policies", "says"),
    [
        ("[{may: {apps: [a]}}]", "imagebot.yaml:1:12: the key 'from' is missing"),
        ("[{from: a, may: {}}]", "imagebot.yaml:1:27: write at least one of apps, repositories, paths, registries"),
        ("[{from: a, may: {app: [a]}}]", "imagebot.yaml:1:28: unknown key 'app'; did you mean 'apps'?"),
        ("[{from: a, may: {registries: [x/y]}}]", "imagebot.yaml:1:41: begin with the registry's host"),
        ("[a, {from: a, may: {apps: [a]}}]", "imagebot.yaml:1:15: a is here twice"),
    ],
)
def test_fences_that_are_wrong(tmp_path: Path, policies: str, says: str) -> None:
    text = f"policies: {policies}\nrepositories: {{r: {{url: /envs}}}}\n"
    with pytest.raises(BadInput, match=re.escape(says)):
        read_settings("imagebot.yaml", text.encode(), tmp_path, {})


def with_metrics(listen: str) -> str | None:
    text = f"policies: [p]\nrepositories: {{r: {{url: /envs}}}}\nmetrics: {{listen: '{listen}'}}\n"
    return read_settings("imagebot.yaml", text.encode(), Path("/"), {}).metrics_address


@pytest.mark.parametrize("listen", [":9090", "0.0.0.0:9090", "127.0.0.1:1", "[::]:9090", "[::1]:65535", "localhost:0"])
def test_metrics_are_served_at_an_address_of_the_machine(listen: str) -> None:
    assert with_metrics(listen) == listen


@pytest.mark.parametrize(
    "listen",
    ["", "9090", ":", ":http", ":65536", ":-1", "::1:9090", "[127.0.0.1]:9090", "[::1]", "a host:1", "example.com:80"],
)
def test_what_is_no_address_is_told_with_one_that_is(listen: str) -> None:
    with pytest.raises(BadInput, match=r"write ':9090', '127\.0\.0\.1:9090' or '\[::1\]:9090'" if listen else "listen"):
        with_metrics(listen)
