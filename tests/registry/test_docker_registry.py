"""A real registry answers: plain, with a password, with tokens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from imagebot.errors import NotFound, Refused, WorldError
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.secret import Secret
from imagebot.settings.resolve import BasicCredentials, RegistrySettings
from tests.support.docker_registry import Running, docker_registry, htpasswd, seed, token
from tests.support.token_server import TokenServer
from tests.support.web_function import Served

Start = Callable[..., Running]
PASSWORD = BasicCredentials("bot", Secret("c0rrect"))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def registries(running: Running, credentials: BasicCredentials | None = None) -> Registries:
    return Registries({running.host: RegistrySettings(plain_http=True, credentials=credentials)})


@pytest.mark.parametrize("count", [1, 1000, 2500])
def test_every_tag_is_there(tmp_path: Path, stack: ExitStack, count: int) -> None:
    tags = {f"1.0.{number}" for number in range(count)}
    running = stack.enter_context(docker_registry(tmp_path))
    seed(running.folder, "acme/api", tags)
    found = registries(running).tags(ImageName(running.host, "acme/api"))
    assert set(found.tags) == tags
    assert len(found.tags) == count
    assert found.complete


def test_a_tag_has_its_digest_and_the_digest_its_manifest(tmp_path: Path, stack: ExitStack) -> None:
    running = stack.enter_context(docker_registry(tmp_path))
    digest = seed(running.folder, "acme/api", ["1.0.0"])
    asked = registries(running)
    name = ImageName(running.host, "acme/api")
    assert asked.digest(name, "1.0.0") == digest
    asked.verify(name, digest)
    assert asked.requests == 2
    assert asked.about(name, digest).platforms == ("linux/amd64",)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        pytest.param(
            lambda asked, name: asked.tags(ImageName(name.registry, "acme/nothing")),
            "cannot list acme/nothing (404 NAME_UNKNOWN)",
            id="image",
        ),
        pytest.param(
            lambda asked, name: asked.digest(name, "2.0.0"),
            "cannot show acme/api:2.0.0 (404 MANIFEST_UNKNOWN)",
            id="tag",
        ),
        pytest.param(
            lambda asked, name: asked.verify(name, f"sha256:{'0' * 64}"),
            f"cannot show acme/api@sha256:{'0' * 64} (404 MANIFEST_UNKNOWN)",
            id="digest",
        ),
    ],
)
def test_what_is_not_there_is_not_found(
    tmp_path: Path, stack: ExitStack, task: Callable[[Registries, ImageName], object], message: str
) -> None:
    running = stack.enter_context(docker_registry(tmp_path))
    seed(running.folder, "acme/api", ["1.0.0"])
    with pytest.raises(NotFound) as caught:
        task(registries(running), ImageName(running.host, "acme/api"))
    assert str(caught.value).startswith(f"{running.host} {message}")


def test_a_password_opens_a_registry_with_htpasswd(tmp_path: Path, stack: ExitStack) -> None:
    running = stack.enter_context(docker_registry(tmp_path, htpasswd(tmp_path, "bot", "c0rrect")))
    digest = seed(running.folder, "acme/api", ["1.0.0"])
    asked = registries(running, PASSWORD)
    name = ImageName(running.host, "acme/api")
    assert asked.tags(name).tags == ("1.0.0",)
    assert asked.digest(name, "1.0.0") == digest
    assert asked.requests == 3, "the refusal is met once, then remembered"


@pytest.mark.parametrize(
    ("credentials", "advice"),
    [
        pytest.param(None, "if there is such an image, give credentials under registries in imagebot.yaml", id="none"),
        pytest.param(
            BasicCredentials("bot", Secret("wrong")),
            "the credentials of HOST in imagebot.yaml are wrong or not enough",
            id="wrong",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["htpasswd", "token"])
def test_a_closed_registry_says_what_a_person_must_do(
    tmp_path: Path, stack: ExitStack, kind: str, credentials: BasicCredentials | None, advice: str
) -> None:
    if kind == "htpasswd":
        running = stack.enter_context(docker_registry(tmp_path, htpasswd(tmp_path, "bot", "c0rrect")))
    else:
        running = with_tokens(tmp_path, stack, TokenServer({"bot": "c0rrect"}))
    seed(running.folder, "acme/api", ["1.0.0"])
    with pytest.raises(Refused) as caught:
        registries(running, credentials).tags(ImageName(running.host, "acme/api"))
    assert "acme/api" in str(caught.value)
    tries = ", twice" if kind == "token" else ""
    assert str(caught.value).endswith(f"(401 UNAUTHORIZED){tries}: {advice.replace('HOST', running.host)}")


def with_tokens(folder: Path, stack: ExitStack, server: TokenServer) -> Running:
    served = stack.enter_context(Served(server.function()))
    return stack.enter_context(docker_registry(folder, token(folder, server, f"{served.url}/token")))


@pytest.mark.parametrize("users", [{"bot": "c0rrect"}, {}], ids=["password", "anybody"])
def test_a_token_is_asked_for_each_image_once(tmp_path: Path, stack: ExitStack, users: dict[str, str]) -> None:
    server = TokenServer(users)
    running = with_tokens(tmp_path, stack, server)
    asked = registries(running, PASSWORD if users else None)
    for repository in ("acme/api", "acme/web"):
        seed(running.folder, repository, ["1.0.0"])
    for repository in ("acme/api", "acme/web", "acme/api", "acme/web"):
        assert asked.tags(ImageName(running.host, repository)).tags == ("1.0.0",)
    assert server.scopes == ["repository:acme/api:pull", "repository:acme/web:pull"]
    assert asked.requests == 1 + 2 + 4, "one refusal, two tokens, four lists"


def test_a_refused_token_is_renewed_once(tmp_path: Path, stack: ExitStack) -> None:
    server = TokenServer({"bot": "c0rrect"}, stale=1)
    running = with_tokens(tmp_path, stack, server)
    seed(running.folder, "acme/api", ["1.0.0"])
    asked = registries(running, PASSWORD)
    assert asked.tags(ImageName(running.host, "acme/api")).tags == ("1.0.0",)
    assert len(server.scopes) == 2


def test_threads_that_need_the_same_token_ask_for_it_once(tmp_path: Path, stack: ExitStack) -> None:
    server = TokenServer({"bot": "c0rrect"})
    running = with_tokens(tmp_path, stack, server)
    seed(running.folder, "acme/api", ["1.0.0"])
    asked = registries(running, PASSWORD)
    together = threading.Barrier(8)

    def ask(_: int) -> tuple[str, ...]:
        together.wait()
        return tuple(asked.tags(ImageName(running.host, "acme/api")).tags)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {("1.0.0",)}
    assert server.scopes == ["repository:acme/api:pull"]


def test_a_registry_that_went_away_is_unavailable_and_left_alone(tmp_path: Path) -> None:
    with docker_registry(tmp_path) as running:
        pass
    asked = registries(running)
    messages = []
    for repository in ("acme/api", "acme/web"):
        with pytest.raises(WorldError) as caught:
            asked.tags(ImageName(running.host, repository))
        messages.append(str(caught.value))
    assert messages[0] == f"{running.host} cannot be reached: Connection refused"
    assert messages[1].startswith(f"{running.host} could not be reached; not asked again for")
    assert asked.requests == 1
