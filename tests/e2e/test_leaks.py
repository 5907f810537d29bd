"""What a forge, a registry or a git server repeats of our own requests goes no further."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.git_http import git_http_server
from tests.support.stage import Stage, set_up
from tests.support.web_function import Answer, Asked, serving

TOKEN = "tok^%/+=&en-0123456789abcdef"
APIS = {"github": "", "gitlab": "/api/v4", "gitea": "/api/v1"}
REPEATED: dict[str, Callable[[str], str]] = {
    "as it came": str,
    "in an address": lambda text: quote(text, safe=""),
    "in base64": lambda text: b64encode(text.encode()).decode(),
    "cut off": lambda text: text[:24],
}
POLICY = """\
app: shop
repository: environments
environments: {production: {paths: ["production/"]}}
images: [{image: IMAGE, semver: ^1}]
"""


def repeating(spell: Callable[[str], str]) -> Callable[[Asked], Answer]:
    """A proxy that lets nobody through, and tells what came."""

    def answer(asked: Asked) -> Answer:
        headers = asked.headers
        sent = headers.get("Authorization", headers.get("Private-Token", ""))
        words = f"denied; you sent {spell(sent.rpartition(' ')[2])}"
        body = json.dumps({"message": words, "error": words, "errors": [{"code": "DENIED", "message": words}]})
        return Answer(403, (("Content-Type", "application/json"),), body.encode())

    return answer


@dataclass
class Place:
    """A stage with a token, and nothing that its settings name but the registry."""

    stage: Stage

    def settings(self, url: str, forge: str, api: str) -> None:
        self.stage.config.write_text(
            f"policies: [policies/]\nstate: state\nlog: {{level: debug, format: text}}\n"
            f"repositories:\n  environments:\n    url: {url}\n"
            f"    forge: {forge}\n    apiUrl: {api}\n    credentials: {{tokenFile: token}}\n"
            f"registries:\n  {self.stage.registry.host}: {{plainHttp: true}}\n"
        )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    stage = set_up(tmp_path)
    (tmp_path / "token").write_text(TOKEN)
    stage.policy(POLICY)
    stage.publish("1.9.0", "1.9.1")
    stage.commit({"production/app.yaml": "image: IMAGE:1.9.0\n"})
    with stage.registry:
        yield Place(stage)


@contextmanager
def served(stage: Stage) -> Iterator[str]:
    """The environment repository over http, for whoever comes: its URL."""
    folder = stage.folder / "git" / "acme"
    folder.mkdir(parents=True)
    (folder / "environments.git").symlink_to(stage.bare)
    with git_http_server(folder.parent) as git:
        yield git.url("acme/environments.git")


def assert_kept(text: str) -> None:
    """Not even the middle of the secret, in any spelling."""
    assert "…" in text
    for spell in REPEATED.values():
        assert spell(TOKEN) not in text
    assert TOKEN[4:20] not in text
    assert b64encode(TOKEN.encode()).decode()[4:24] not in text


@pytest.mark.parametrize("spell", REPEATED.values(), ids=REPEATED.keys())
@pytest.mark.parametrize("kind", APIS)
def test_regret_a_forge_that_repeats_our_headers_does_not_put_the_token_into_the_report(
    place: Place, kind: str, spell: Callable[[str], str]
) -> None:
    with serving(repeating(spell)) as proxy, served(place.stage) as url:
        place.settings(url, kind, proxy.url + APIS[kind])

        said = place.stage.imagebot("once", *(["--json"] if kind == "gitlab" else []))

    assert said.code == 1, said.out + said.err
    assert "denied; you sent …" in said.out + said.err
    assert_kept(said.out + said.err)


@pytest.mark.parametrize("spell", [str, REPEATED["in base64"]], ids=["as it came", "in base64"])
def test_regret_a_git_server_that_repeats_our_headers_does_not_put_the_token_into_the_log(
    place: Place, spell: Callable[[str], str]
) -> None:
    with serving(repeating(spell)) as proxy:
        place.settings(f"{proxy.url}/acme/environments.git", "github", proxy.url)

        said = place.stage.imagebot("once")

    assert said.code == 1
    text = said.out + said.err
    assert TOKEN not in text
    assert quote(TOKEN, safe="") not in text


@pytest.mark.parametrize("spell", [str, REPEATED["cut off"]], ids=["as it came", "cut off"])
def test_regret_a_registry_that_repeats_our_headers_does_not_put_the_password_into_the_report(
    place: Place, spell: Callable[[str], str]
) -> None:
    with serving(repeating(spell)) as proxy:
        place.stage.policy(POLICY.replace("IMAGE", f"{proxy.host}/acme/podinfo"))
        place.stage.commit({"production/app.yaml": f"image: {proxy.host}/acme/podinfo:1.9.0\n"})
        place.stage.settings()
        settings = place.stage.config.read_text().replace(
            "registries:\n", f"registries:\n  {proxy.host}: {{plainHttp: true, credentials: {{tokenFile: token}}}}\n"
        )
        place.stage.config.write_text(settings)

        said = place.stage.imagebot("once")

    assert said.code == 1, said.out + said.err
    text = said.out + said.err
    for each in REPEATED.values():
        assert each(TOKEN) not in text
