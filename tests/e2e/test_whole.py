"""All the real parts at once: docker-registry with a token server, git over http, GitHub as its API description has it.

The credentials are canaries: whatever the bot prints, writes, sends elsewhere or starts is searched for them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import docker_registry, github_server
from tests.support.canary import PASSWORD, USERNAME, spellings
from tests.support.git_http import GitHttpServer, git_http_server
from tests.support.git_repos import BareRepository, a_repository
from tests.support.github_server import GitHubServer
from tests.support.stage import Said, run_imagebot
from tests.support.token_server import TokenServer
from tests.support.web_function import Served

POLICY = """\
app: shop
repository: environments
environments:
  production: {{paths: ["production/"]}}
images:
  - image: {host}/acme/shop
    semver: ">=1.0.0 <2.0.0"
    pin: digest
pullRequest: {{labels: [image-update], reviewers: [alice, "team:platform"], assignees: [bob]}}
"""

SETTINGS = """\
policies: [policies/]
state: state
repositories:
  environments:
    url: {git}
    forge: github
    apiUrl: {github}
    credentials: {{tokenFile: secrets/token}}
registries:
  {host}:
    plainHttp: true
    authHosts: ["{tokens}"]
    credentials: {{username: {user}, passwordEnv: REGISTRY_PASSWORD}}
log: {{level: debug, format: json}}
"""

KUSTOMIZATION = """\
kind: Kustomization
images:
  - name: shop
    newName: {host}/acme/shop
    newTag: "1.9.0"   # bumped by people until now
    digest: sha256:0000000000000000000000000000000000000000000000000000000000000000
"""


@dataclass
class Whole:
    """Every server that a bot in production would talk to, and the folder that it runs in."""

    folder: Path
    registry: docker_registry.Running
    git: GitHttpServer
    github: GitHubServer
    repository: BareRepository
    digest: str

    def imagebot(self, *words: str) -> Said:
        return run_imagebot(self.folder, words, {"REGISTRY_PASSWORD": PASSWORD})

    def secrets(self) -> frozenset[str]:
        return spellings() | spellings(self.github.token)


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
    with ExitStack() as stack:
        tokens = TokenServer({USERNAME: PASSWORD})
        served = stack.enter_context(Served(tokens.function()))
        (tmp_path / "registry").mkdir()
        auth = docker_registry.token(tmp_path / "registry", tokens, f"{served.url}/token")
        registry = stack.enter_context(docker_registry.docker_registry(tmp_path / "registry", auth))
        digest = docker_registry.seed(tmp_path / "registry", "acme/shop", ["1.9.0", "1.10.0", "2.0.0", "latest"])
        github = stack.enter_context(github_server.running())
        (tmp_path / "git" / "acme").mkdir(parents=True)
        files = {"production/kustomization.yaml": KUSTOMIZATION.format(host=registry.host)}
        repository = a_repository(tmp_path / "git" / "acme" / "environments.git", files)
        git = stack.enter_context(git_http_server(tmp_path / "git"))
        git.users = {"x-access-token": github.token}
        _write(tmp_path, registry.host, served.host, git.url("acme/environments.git"), github)
        yield Whole(tmp_path, registry, git, github, repository, digest)


def _write(folder: Path, host: str, tokens: str, git: str, github: GitHubServer) -> None:
    (folder / "policies").mkdir()
    (folder / "policies" / "shop.yaml").write_text(POLICY.format(host=host))
    (folder / "secrets").mkdir()
    (folder / "secrets" / "token").write_text(github.token + "\n")
    settings = SETTINGS.format(git=git, github=github.url, host=host, tokens=tokens, user=USERNAME)
    (folder / "imagebot.yaml").write_text(settings)


def test_a_new_tag_becomes_a_pull_request_on_github(whole: Whole) -> None:
    said = whole.imagebot("once", "--json")

    assert said.code == 0, said.out + said.err
    report = json.loads(said.out)
    assert [each["action"] for each in report["pullRequests"]] == ["opened"]
    (pull,) = whole.github.pulls.values()
    assert pull.title == "deps(production): shop 1.9.0 → 1.10.0"
    assert (pull.labels, pull.reviewers, pull.teams, pull.assignees) == (
        ["image-update"],
        ["alice"],
        ["platform"],
        ["bob"],
    )
    tip = whole.repository.branches()["imagebot/production/shop"]
    expected = KUSTOMIZATION.format(host=whole.registry.host).replace("1.9.0", "1.10.0")
    expected = expected.replace(f"sha256:{'0' * 64}", whole.digest)
    assert whole.repository.file(tip, "production/kustomization.yaml").decode() == expected


def test_the_second_pass_writes_nothing(whole: Whole) -> None:
    whole.imagebot("once")
    writes, branches = list(whole.github.writes), whole.repository.branches()

    said = whole.imagebot("once", "--json")

    costs = json.loads(said.out)["costs"]
    assert (costs["gitPushes"], costs["forgeWrites"]) == (0, 0)
    assert (whole.github.writes, whole.repository.branches()) == (writes, branches)


def test_no_secret_is_printed_written_or_shown_in_the_process_list(whole: Whole) -> None:
    command_lines: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            command_lines.update(_command_lines())

    watcher = threading.Thread(target=watch)
    watcher.start()
    said = [whole.imagebot(*words) for words in (("once",), ("plan",), ("status", "--json"), ("explain", "shop"))]
    done.set()
    watcher.join()

    assert any("git" in line and "push" in line for line in command_lines)
    text = "\n".join([*command_lines, *(each.out + each.err for each in said), *_shown(whole.github)])
    files = [path for path in (whole.folder / "state").rglob("*") if path.is_file()]
    text += "\n".join(path.read_bytes().decode("latin-1") for path in files)
    assert [secret for secret in whole.secrets() if secret in text] == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(lambda whole: whole.git.users.update({"x-access-token": "another"}), "environments", id="git"),
        pytest.param(
            lambda whole: setattr(whole.github, "token", "another"), "does not accept our credentials", id="forge"
        ),
        pytest.param(
            lambda whole: _replace(whole.folder / "imagebot.yaml", f"username: {USERNAME}", "username: nobody"),
            "credentials",
            id="registry",
        ),
    ],
)
def test_wrong_credentials_are_one_clear_line(whole: Whole, spoil: object, words: str) -> None:
    secrets = whole.secrets()
    assert callable(spoil)
    spoil(whole)

    said = whole.imagebot("once")

    text = said.out + said.err
    assert said.code == 1, text
    assert words in text, text
    assert "Traceback" not in text
    assert [secret for secret in secrets if secret in text] == []
    assert whole.github.pulls == {}


def test_a_secret_that_is_not_there_is_a_wrong_configuration(whole: Whole) -> None:
    (whole.folder / "secrets" / "token").unlink()

    said = whole.imagebot("once")

    assert said.code == 2, said.out + said.err
    assert f"cannot read the secret file {whole.folder}/secrets/token: No such file or directory" in said.out
    assert whole.github.pulls == {}


def _command_lines() -> set[str]:
    found = set()
    for process in Path("/proc").iterdir():
        try:
            found.add((process / "cmdline").read_bytes().replace(b"\0", b" ").decode("latin-1"))
        except OSError:
            continue
    return found


def _shown(github: GitHubServer) -> list[str]:
    return [f"{pull.title}\n{pull.body}\n{pull.comments}" for pull in github.pulls.values()]


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
