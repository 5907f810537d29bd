"""imagebot.yaml and the environment become settings, or every problem at once and no secret in any."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from imagebot.errors import BadInput
from imagebot.secret import Secret, SecretFile
from imagebot.settings.resolve import (
    Author,
    BasicCredentials,
    BearerCredentials,
    GitHubApp,
    Limits,
    Log,
    Pace,
    RegistrySettings,
    RepositorySettings,
    Settings,
    SshKey,
    TokenCredentials,
    inherited_names,
    load,
    names,
    read_settings,
)

HERE = Path("/etc/imagebot")
# With a key of each kind.
EXAMPLE = """
policies: [policies/]
state: /var/lib/imagebot
every: 5m
repositories:
  environments:
    url: https://github.com/acme/environments.git
    branch: main
    forge: github                        # github, gitlab, gitea, local; guessed from well-known hosts
    credentials: {tokenFile: /run/secrets/github/token}   # or tokenEnv, sshKeyFile, app: {id, installation, keyFile}
registries:
  registry.internal:5000: {plainHttp: true, credentials: {usernameEnv: U, passwordFile: /run/secrets/registry/password}}
limits: {openPullRequests: 10}
"""


def settings(text: str, **environ: str) -> Settings:
    return read_settings("imagebot.yaml", dedent(text).encode(), HERE, environ)


def repository(text: str, **environ: str) -> RepositorySettings:
    return settings(f"policies: [p]\nrepositories: {{r: {text}}}", **environ).repositories["r"]


def registry(text: str, **environ: str) -> RegistrySettings:
    other = f"policies: [p]\nrepositories: {{r: {{url: /x}}}}\nregistries: {{r.io: {text}}}"
    return settings(other, **environ).registries["r.io"]


def said(text: str, **environ: str) -> str:
    with pytest.raises(BadInput) as caught:
        settings(text, **environ)
    return str(caught.value)


def test_the_example() -> None:
    assert settings(EXAMPLE, U="bob") == Settings(
        policies=(HERE / "policies",),
        repositories={
            "environments": RepositorySettings(
                name="environments",
                url="https://github.com/acme/environments.git",
                branch="main",
                forge="github",
                api_url="https://api.github.com",
                credentials=TokenCredentials(SecretFile(Path("/run/secrets/github/token"))),
                pace=Pace(writes_per_minute=60, writes_per_hour=400),
            )
        },
        registries={
            "registry.internal:5000": RegistrySettings(
                plain_http=True,
                credentials=BasicCredentials(Secret("bob"), SecretFile(Path("/run/secrets/registry/password"))),
            )
        },
        state=Path("/var/lib/imagebot"),
        every=timedelta(minutes=5),
        limits=Limits(open_pull_requests=10, opened_per_hour=20),
    )


def test_the_least_that_can_be_written() -> None:
    least = settings("policies: [p]\nrepositories: {envs: {url: ../envs.git}}")
    assert least == Settings(
        policies=(HERE / "p",),
        repositories={
            "envs": RepositorySettings(name="envs", url="/etc/imagebot/../envs.git", pace=Pace(writes_per_minute=600))
        },
        state=HERE / ".imagebot",
    )
    assert (least.branch_prefix, least.author, least.log) == ("imagebot/", Author(), Log())


@pytest.mark.parametrize(
    ("text", "forge", "api"),
    [
        ("{url: https://github.com/a/b}", "github", "https://api.github.com"),
        ("{url: git@github.com:a/b}", "github", "https://api.github.com"),
        ("{url: https://ghe.acme.com/a/b, forge: github}", "github", "https://ghe.acme.com/api/v3"),
        ("{url: https://ghe.acme.com:8443/a/b, forge: github}", "github", "https://ghe.acme.com:8443/api/v3"),
        ("{url: ssh://git@ghe.acme.com:2222/a/b, forge: github}", "github", "https://ghe.acme.com/api/v3"),
        ("{url: http://localhost:3000/a/b, forge: github}", "github", "http://localhost:3000/api/v3"),
        ("{url: https://github.com/a/b, apiUrl: https://proxy.acme.com/gh/}", "github", "https://proxy.acme.com/gh"),
        ("{url: https://gitlab.com/a/b/c}", "gitlab", "https://gitlab.com/api/v4"),
        ("{url: git@altssh.gitlab.com:a/b}", "gitlab", "https://gitlab.com/api/v4"),
        ("{url: https://git.acme.com/a/b, forge: gitlab}", "gitlab", "https://git.acme.com/api/v4"),
        ("{url: ssh://git@git.acme.com:2222/a/b, forge: gitlab}", "gitlab", "https://git.acme.com/api/v4"),
        ("{url: https://dev.azure.com/a/b/_git/c}", "azure", "https://dev.azure.com"),
        ("{url: git@ssh.dev.azure.com:v3/a/b/c}", "azure", "https://dev.azure.com"),
        ("{url: https://git.acme.com/tfs/a/b/_git/c, forge: azure}", "azure", "https://git.acme.com"),
        ("{url: https://bitbucket.org/a/b}", "bitbucket", "https://api.bitbucket.org/2.0"),
        ("{url: git@altssh.bitbucket.org:a/b}", "bitbucket", "https://api.bitbucket.org/2.0"),
        ("{url: https://git.acme.com/scm/a/b, forge: bitbucket}", "bitbucket", "https://git.acme.com/rest/api/latest"),
        ("{url: https://codeberg.org/a/b}", "gitea", "https://codeberg.org/api/v1"),
        ("{url: git@gitea.com:a/b}", "gitea", "https://gitea.com/api/v1"),
        ("{url: http://localhost:3000/a/b, forge: gitea}", "gitea", "http://localhost:3000/api/v1"),
        ("{url: https://github.com/a/b, forge: gitea}", "gitea", "https://github.com/api/v1"),
        ("{url: /srv/a/b, forge: github, apiUrl: http://127.0.0.1:1/}", "github", "http://127.0.0.1:1"),
        ("{url: /srv/x.git}", "local", ""),
        ("{url: file:///srv/x.git}", "local", ""),
    ],
)
def test_the_forge_and_its_api_are_guessed_where_that_is_safe(text: str, forge: str, api: str) -> None:
    found = repository(text)
    assert (found.forge, found.api_url) == (forge, api)


def test_an_authority_of_ones_own_lies_beside_the_file() -> None:
    assert repository("{url: https://git.acme.com/a/b, forge: gitlab, caFile: ca.pem}").ca_file == HERE / "ca.pem"


def test_git_credentials() -> None:
    url = "url: https://github.com/a/b, credentials"
    assert repository(f"{{{url}: {{tokenEnv: T}}}}", T="x").credentials == TokenCredentials(Secret("x"))
    token = repository(f"{{{url}: {{tokenFile: t, username: bob}}}}").credentials
    assert token == TokenCredentials(SecretFile(HERE / "t"), "bob")
    app = repository(f"{{{url}: {{app: {{id: 12, installation: 34, keyFile: k.pem}}}}}}")
    assert app.credentials == app.forge_credentials == GitHubApp(id="12", installation=34, key_file=HERE / "k.pem")


def test_an_ssh_key_is_for_git_and_something_else_for_the_api() -> None:
    keys = "credentials: {sshKeyFile: /k, knownHostsFile: h}, apiCredentials: {tokenEnv: T}"
    found = repository(f"{{url: git@github.com:a/b, {keys}}}", T="x")
    assert found.credentials == SshKey(Path("/k"), HERE / "h")
    assert found.forge_credentials == TokenCredentials(Secret("x"))


def test_registry_credentials() -> None:
    basic = registry("{credentials: {username: bob, passwordEnv: P}, authHosts: [Auth.r.io], caFile: ca.pem}", P="x")
    assert basic == RegistrySettings(
        credentials=BasicCredentials("bob", Secret("x")), auth_hosts=("auth.r.io",), ca_file=HERE / "ca.pem"
    )
    assert registry("{credentials: {tokenFile: t}}").credentials == (BearerCredentials(SecretFile(HERE / "t")),)
    assert registry("{}") == RegistrySettings()


def test_registries_are_known_by_their_canonical_host() -> None:
    written = "policies: [p]\nrepositories: {r: {url: /x}}\nregistries: {index.docker.io: {}, 'R.io:443': {}}"
    assert set(settings(written).registries) == {"docker.io", "r.io:443"}


def test_the_docker_configuration() -> None:
    least = "policies: [p]\nrepositories: {r: {url: /x}}\n"
    assert settings(least, HOME="/root").docker_config == ()
    assert settings(least, DOCKER_CONFIG="/d").docker_config == (Path("/d/config.json"),)
    assert settings(f"{least}dockerConfig: c.json", DOCKER_CONFIG="/d").docker_config == (HERE / "c.json",)


WRONG = """
    policies: []
    every: 5s
    branchPrefix: imagebot
    repositories:
      a: {url: "https://u:hunter2@github.com/a/b", forge: gitub}
      b: {url: https://git.acm.eu/a/b}
      c:
        url: git@github.com:a/b
        credentials: {token: hunter2}
      d:
        url: git@github.com:a/b
        credentials: hunter2
      e:
        url: git@github.com:a/b
        credentials: {tokenEnv: ghp_hunter2}
        limits: {openPullRequests: -1}
      f: {url: "http://example.com/x.git"}
    registries:
      registry: {}
      r.io: {credentials: {pasword: hunter2}, plainHttp: yes}
      s.io: {credentials: {tokenEnv: T, passwordFile: x}}
    log: {level: loud}
    """
WRONG_SAID = """
    imagebot.yaml:2:11: write at least one
        policies: []
                  ^~
    imagebot.yaml:3:8: must be at least 10s
        every: 5s
               ^~
    imagebot.yaml:4:15: write a slash at the end: 'imagebot/'
        branchPrefix: imagebot
                      ^~~~~~~~
    imagebot.yaml:6:12: leave user and password out of the URL; name them under credentials, by file or variable
    imagebot.yaml:6:55: expected 'azure', 'bitbucket', 'gitea', 'github', 'gitlab' or 'local'
    imagebot.yaml:7:12: which forge this is cannot be told from the URL; write forge: github, gitlab, gitea, bitbucket, azure or local
        b: {url: https://git.acm.eu/a/b}
                 ^~~~~~~~~~~~~~~~~~~~~~
    imagebot.yaml:10:19: unknown key 'token'; secrets come from files or the environment: tokenFile or tokenEnv
    imagebot.yaml:13:18: expected a mapping, found text
    imagebot.yaml:16:29: write the name of an environment variable, in capitals; a secret itself never stands here
    imagebot.yaml:17:32: must be at least 0
        limits: {openPullRequests: -1}
                                   ^~
    imagebot.yaml:18:12: http sends credentials in the clear; write https://…
        f: {url: "http://example.com/x.git"}
                 ^~~~~~~~~~~~~~~~~~~~~~~~~~
    imagebot.yaml:20:3: 'registry' is no registry host: a host has a dot or a port, or is localhost
        registry: {}
        ^~~~~~~~
    imagebot.yaml:21:24: unknown key 'pasword'; did you mean 'passwordEnv'?
    imagebot.yaml:21:54: expected true or false, found 'yes'
    imagebot.yaml:22:23: a token, a helper or an identity goes without user name and password
        s.io: {credentials: {tokenEnv: T, passwordFile: x}}
                            ^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~
    imagebot.yaml:23:14: expected 'debug', 'info', 'warning' or 'error'
        log: {level: loud}
                     ^~~~
    """  # noqa: E501 a line as people see it


def test_every_wrong_thing_at_once_and_no_secret_among_them() -> None:
    problems = said(WRONG)
    assert "hunter2" not in problems
    assert problems == dedent(WRONG_SAID).strip()


def test_variables_that_are_not_set_all_at_once() -> None:
    text = """
        policies: [p]
        repositories: {r: {url: https://github.com/a/b, credentials: {tokenEnv: NOPE}}}
        registries:
          index.docker.io: {credentials: {usernameEnv: EMPTY, passwordEnv: SET}}
        """
    expected = """
        imagebot.yaml:3:73: tokenEnv: no such variable is set
            repositories: {r: {url: https://github.com/a/b, credentials: {tokenEnv: NOPE}}}
                                                                                    ^~~~
        imagebot.yaml:5:48: usernameEnv: no such variable is set
            index.docker.io: {credentials: {usernameEnv: EMPTY, passwordEnv: SET}}
                                                         ^~~~~
        """
    assert said(text, EMPTY="", SET="x") == dedent(expected).strip()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{url: https://github.com/a/b, forge: local}", "the local forge is for a repository that is a path"),
        ("{url: /srv/x, forge: github}", "GitHub for a repository that is a path needs apiUrl"),
        ("{url: /x, branch: a..b}", "'a..b' is no branch name"),
        ("{url: https://github.com/a/b, credentials: {}}", "write exactly one of"),
        ("{url: https://github.com/a/b, credentials: {tokenEnv: A, tokenFile: b}}", "write exactly one of"),
        ("{url: git@github.com:a/b, credentials: {tokenEnv: A}}", "git over ssh wants sshKeyFile"),
        ("{url: git@github.com:a/b, credentials: {sshKeyFile: a}}", "sshKeyFile and knownHostsFile belong together"),
        (
            "{url: git@github.com:a/b, credentials: {sshKeyFile: a, knownHostsFile: b}}",
            "GitHub's API takes no ssh key; give a token or an App in apiCredentials",
        ),
        (
            "{url: git@gitlab.com:a/b, credentials: {sshKeyFile: a, knownHostsFile: b}}",
            "GitLab's API takes no ssh key; give a token in apiCredentials",
        ),
        (
            "{url: https://gitlab.com/a/b, credentials: {app: {id: 1, installation: 2, keyFile: c}}}",
            "an App is GitHub's; give a token",
        ),
        (
            "{url: https://codeberg.org/a/b, apiCredentials: {app: {id: 1, installation: 2, keyFile: c}}}",
            "an App is GitHub's; give a token",
        ),
        (
            "{url: https://github.com/a/b, credentials: {sshKeyFile: a, knownHostsFile: b}}",
            "an ssh key does not open this URL",
        ),
        (
            "{url: https://github.com/a/b, credentials: {username: a, app: {id: 1, installation: 2, keyFile: c}}}",
            "a username goes with a token only",
        ),
        ("{url: https://github.com/a/b, apiUrl: http://example.com}", "http sends the token in the clear"),
        ("{url: https://github.com/a/b, apiUrl: 'https://a:hunter2@b'}", "leave user and password out of the URL"),
    ],
)
def test_what_does_not_fit_together(text: str, message: str) -> None:
    found = said(f"policies: [p]\nrepositories:\n  r: {text}", A="x")
    assert message in found
    assert "hunter2" not in found
    assert found.count("imagebot.yaml") == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("docker.io", "index.docker.io"),
        ("registry.corp:443", "registry.corp:0443"),
    ],
)
def test_one_registry_in_two_spellings(one: str, other: str) -> None:
    found = said(f"policies: [p]\nrepositories: {{r: {{url: /x}}}}\nregistries:\n  {one}: {{}}\n  {other}: {{}}")
    assert found.startswith(f"imagebot.yaml:5:{len(other) + 5}: this is the same registry as {one}")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("author: {email: nobody}", "'nobody' is no mail address"),
        ("author: {name: 'a <b>'}", "write one line of printable characters"),
        ("author: {name: ' '}", "write one line of printable characters"),
        ('author: {name: "a\\nb"}', "write one line of printable characters"),
        ("state: ''", "this is no path"),
        ('state: "a\\u202eb"', "this is no path"),
        ("every: 5", "'5' is no duration"),
        ("limits: {openPullRequests: 10001}", "must be at most 10000"),
        ("polices: [x]", "unknown key 'polices'; did you mean 'policies'?"),
        ("policies: x", "expected a list, found text"),
    ],
)
def test_other_keys(line: str, message: str) -> None:
    key = line.partition(":")[0]
    rest = {"policies": "policies: [p]", "repositories": "repositories: {r: {url: /x}}"}
    rest.pop(key, None)
    assert message in said("\n".join([*rest.values(), line]))


FILE = "policies: [p]\nrepositories: {r: {url: https://github.com/a/b, credentials: {tokenEnv: IMAGEBOT_TEST_TOKEN}}}\n"


def test_found_by_flag_then_variable_then_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEBOT_TEST_TOKEN", "x")
    monkeypatch.delenv("IMAGEBOT_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    for name in ("flag", "variable", "folder"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "imagebot.yaml").write_text(FILE)
    monkeypatch.chdir(tmp_path / "folder")
    assert load().state == tmp_path / "folder" / ".imagebot"
    monkeypatch.setenv("IMAGEBOT_CONFIG", str(tmp_path / "variable" / "imagebot.yaml"))
    assert load().policies == (tmp_path / "variable" / "p",)
    assert load(Path("../flag/imagebot.yaml")).state.resolve() == tmp_path / "flag" / ".imagebot"
    assert load().repositories["r"].credentials == TokenCredentials(Secret("x"))


def test_names_of_repositories_need_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMAGEBOT_TEST_TOKEN", raising=False)
    path = tmp_path / "imagebot.yaml"
    path.write_text(FILE)
    assert names(path) == (("r",), ())
    with pytest.raises(BadInput, match="no such variable is set"):
        load(path)


def test_a_home_that_nobody_knows() -> None:
    """A container's user often has no home, and `Path.expanduser` then raises what looks like a bug."""
    assert settings("policies: [~/p]\nrepositories: {r: {url: /x}}").policies == (Path.home() / "p",)
    assert said("policies: [~nobody-of-that-name/p]\nrepositories: {r: {url: /x}}").startswith(
        "imagebot.yaml:1:12: nobody here knows the home folder in ~nobody-of-that-name/p; write the whole path\n"
    )


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match=r"cannot read the settings .*: No such file or directory; name the file by --config"
    ):
        load(tmp_path / "imagebot.yaml")
    with pytest.raises(BadInput, match=r"cannot read the settings .*: Is a directory"):
        load(tmp_path)


def test_loaded_settings_show_no_secret() -> None:
    shown = repr(settings(EXAMPLE.replace("tokenFile: /run/secrets/github/token", "tokenEnv: T"), U="bob", T="hunter2"))
    assert "hunter2" not in shown
    assert "bob" not in shown


def test_names_of_variables_without_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEBOT_TEST_TOKEN", "hunter2")
    assert "IMAGEBOT_TEST_TOKEN" in inherited_names()
    assert "hunter2" not in inherited_names()
