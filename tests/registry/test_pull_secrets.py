"""Several files with credentials, as Kubernetes mounts them, and the programs that a file may name."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from imagebot.clock import boottime
from imagebot.errors import BadInput, Refused
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.registry.credential_helpers import CredentialHelpers
from imagebot.registry.docker_configs import DockerConfigs
from imagebot.registry.limits import PATIENCE, Deadline
from imagebot.registry.logins import Basic, Login
from imagebot.registry.renewal import Renewals
from imagebot.secret import Secret
from imagebot.settings.registry_logins import PassedVariable
from imagebot.settings.resolve import CredentialHelper, CredentialSources, HelperCredentials, RegistrySettings
from tests.support.fake_registry import bearer, challenge, tag_list
from tests.support.web_function import Answer, Asked, Served, serving

NAME = ImageName("ghcr.io", "acme/api")


def auth(user: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:word".encode()).decode()}


def written(file: Path, document: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document))
    return file


def auths(file: Path, **users: str) -> Path:
    return written(
        file, {"auths": {key.replace("__", "/").replace("_", "."): auth(user) for key, user in users.items()}}
    )


def login(*files: Path, name: ImageName = NAME, helpers: Mapping[str, CredentialHelper] | None = None) -> Login | None:
    programs = CredentialHelpers(helpers or {}, Renewals(boottime))
    return DockerConfigs(files, programs).login(name, Deadline(PATIENCE))


def user(*files: Path, name: ImageName = NAME) -> str | None:
    found = login(*files, name=name)
    return found.credential.username if found and isinstance(found.credential, Basic) else None


@pytest.mark.parametrize("key", [".dockerconfigjson", "config.json"])
def test_a_folder_is_a_mounted_secret(tmp_path: Path, key: str) -> None:
    auths(tmp_path / key, ghcr_io="bot")
    assert user(tmp_path) == "bot"


def test_a_secret_that_kubernetes_exchanges_is_read_again(tmp_path: Path) -> None:
    """As the kubelet does it: another folder, and a link that is renamed over the old one."""
    for number, name in enumerate(("old", "new")):
        auths(tmp_path / f"..2026_{number}" / ".dockerconfigjson", ghcr_io=name)
    (tmp_path / "..data").symlink_to("..2026_0")
    (tmp_path / ".dockerconfigjson").symlink_to("..data/.dockerconfigjson")
    files = DockerConfigs([tmp_path], CredentialHelpers({}, Renewals(boottime)))
    names = []
    for _ in range(2):
        found = files.login(NAME, Deadline(PATIENCE))
        assert found is not None
        assert isinstance(found.credential, Basic)
        names.append(found.credential.username)
        (tmp_path / "..data_tmp").symlink_to("..2026_1")
        (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    assert names == ["old", "new"]


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ({"ghcr_io": "one"}, {"ghcr_io": "two"}, "one"),
        ({"ghcr_io": "one"}, {"ghcr_io__acme": "two"}, "two"),
        ({"ghcr_io__acme": "one"}, {"ghcr_io__acme__api": "two"}, "two"),
        ({"quay_io": "one"}, {"ghcr_io": "two"}, "two"),
        ({"quay_io": "one"}, {"quay_io": "two"}, None),
    ],
)
def test_of_several_files_the_longest_path_counts_and_then_the_first(
    tmp_path: Path, first: dict[str, str], second: dict[str, str], found: str | None
) -> None:
    assert user(auths(tmp_path / "1", **first), auths(tmp_path / "2", **second)) == found


def test_a_broken_file_harms_no_login_of_another(tmp_path: Path) -> None:
    broken = tmp_path / "1"
    broken.write_text("{")
    good = auths(tmp_path / "2", ghcr_io="bot")
    assert user(broken, good) == "bot"
    with pytest.raises(BadInput, match=rf"^{broken}:1:2: this is no JSON"):
        login(broken, good, name=ImageName("quay.io", "acme/api"))


def test_files_that_are_not_there_are_named_only_where_there_is_none(tmp_path: Path) -> None:
    good = auths(tmp_path / "3", ghcr_io="bot")
    gone = (tmp_path / "1", tmp_path / "2")
    assert user(*gone, good) == "bot"
    found = login(*gone)
    assert found is not None
    assert found.advice.startswith(f"there is no {gone[0]} and no {gone[1]}, and imagebot.yaml has no credentials")


@pytest.mark.parametrize(
    ("key", "name", "found"),
    [
        ("*.acme.test", "a.acme.test/x", True),
        ("https://*.acme.test", "a.acme.test/x", True),
        ("https://*.Acme.test/v2/", "a.acme.test/x", True),
        ("*.acme.test/team", "a.acme.test/team/x", True),
        ("*.acme.test/team", "a.acme.test/team", True),
        ("*.acme.test/team", "a.acme.test/teams/x", False),
        ("*.acme.test/team", "a.acme.test/x", False),
        ("*.acme.test", "acme.test/x", False),
        ("*.acme.test", "a.b.acme.test/x", False),
        ("*.*.acme.test", "a.b.acme.test/x", True),
        ("reg*.acme.test", "registry.acme.test/x", True),
        ("?.acme.test", "a.acme.test/x", True),
        ("?.acme.test", "ab.acme.test/x", False),
        ("*.acme.test:5000", "a.acme.test:5000/x", True),
        ("*.acme.test:5000", "a.acme.test/x", False),
        ("*.acme.test", "a.acme.test:5000/x", False),
        ("*.acme.test", "a.acme.test.evil.test/x", False),
        ("*", "acme.test/x", False),
    ],
)
def test_stars_stand_for_parts_of_a_host_as_in_kubernetes(tmp_path: Path, key: str, name: str, found: bool) -> None:
    file = written(tmp_path / "config.json", {"auths": {key: auth("bot")}})
    assert user(file, name=ImageName.parse(name)) == ("bot" if found else None)


def test_a_host_that_is_written_goes_before_a_star_and_a_longer_star_before_a_shorter(tmp_path: Path) -> None:
    entries = {"*.*.test": auth("any"), "*.acme.test": auth("star"), "a.acme.test": auth("host")}
    file = written(tmp_path / "config.json", {"auths": entries})
    assert [user(file, name=ImageName(f"{host}.test", "x")) for host in ("a.acme", "b.acme", "b.other")] == [
        "host",
        "star",
        "any",
    ]


def keeper(folder: Path, script: str) -> Mapping[str, CredentialHelper]:
    """A helper that is called `keys`. It may take its time: the machine is busy."""
    file = folder / "docker-credential-keys"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    variables = (PassedVariable("HOME", "/"),)
    return {"keys": CredentialHelper(program=file, timeout=timedelta(seconds=30), variables=variables)}


ECHO = """server=$(cat); printf '{"Username":"bot","Secret":"of %s"}' "$server" """


@pytest.mark.parametrize(
    ("document", "name", "server"),
    [
        ({"credHelpers": {"ghcr.io": "keys"}}, "ghcr.io/acme/api", "ghcr.io"),
        ({"credHelpers": {"https://ghcr.io/v2/": "keys"}}, "ghcr.io/acme/api", "https://ghcr.io/v2/"),
        ({"credHelpers": {"ghcr.io": "keys"}, "credsStore": "other"}, "ghcr.io/acme/api", "ghcr.io"),
        ({"credsStore": "keys", "auths": {"ghcr.io": {}}}, "ghcr.io/acme/api", "ghcr.io"),
        ({"credsStore": "keys"}, "ghcr.io/acme/api", "ghcr.io"),
        ({"credsStore": "keys"}, "nginx", "https://index.docker.io/v1/"),
        ({"credsStore": "keys", "auths": {"https://index.docker.io/v1/": {}}}, "nginx", "https://index.docker.io/v1/"),
    ],
)
def test_a_program_that_is_allowed_is_asked_as_docker_asks_it(
    tmp_path: Path, document: Any, name: str, server: str
) -> None:
    file = written(tmp_path / "config.json", document)
    found = login(file, name=ImageName.parse(name), helpers=keeper(tmp_path, ECHO))
    assert found is not None
    assert found.credential == Basic("bot", Secret(f"of {server}"))
    assert found.advice == f"the credentials that docker-credential-keys has for {server} are wrong or not enough"


def test_a_store_that_knows_nothing_of_a_registry_leaves_it_to_the_other_files(tmp_path: Path) -> None:
    store = written(tmp_path / "1", {"credsStore": "keys"})
    nothing = keeper(tmp_path, "echo credentials not found in native keychain; exit 1")
    assert login(store, helpers=nothing) is None
    found = login(store, auths(tmp_path / "2", ghcr_io="bot"), helpers=nothing)
    assert found is not None
    assert found.credential == Basic("bot", Secret("word"))


def test_a_helper_that_knows_nothing_says_so(tmp_path: Path) -> None:
    helped = written(tmp_path / "1", {"credHelpers": {"ghcr.io": "keys"}})
    found = login(helped, helpers=keeper(tmp_path, "echo credentials not found in native keychain; exit 1"))
    assert found == Login(None, "docker-credential-keys has no credentials for ghcr.io")


def sources(helpers: Mapping[str, CredentialHelper]) -> CredentialSources:
    return CredentialSources(helpers=helpers)


def test_a_program_is_asked_once_for_many_images(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    helpers = keeper(tmp_path, f'cat >/dev/null; echo x >>{calls}; echo \'{{"Username":"u","Secret":"p"}}\'')
    with serving(lambda _: tag_list("1.0.0")) as served:
        settings = {served.host: RegistrySettings(plain_http=True, credentials=HelperCredentials("keys"))}
        registries = Registries(settings, sources(helpers))
        for number in range(20):
            registries.tags(ImageName(served.host, f"acme/api-{number}"))
    assert calls.read_text() == "x\n"


class Rotating:
    """A registry whose password is another each time that it is told so; it refuses the last one with `status`."""

    def __init__(self, status: int) -> None:
        self.word = "first"
        self.status = status

    def __call__(self, asked: Asked) -> Answer:
        given = asked.headers.get("Authorization", "")
        if given == "Basic " + base64.b64encode(f"bot:{self.word}".encode()).decode():
            return tag_list("1.0.0")
        if given and self.status == 403:
            return Answer(403, (), b"{}")
        return challenge('Basic realm="x"')


@pytest.mark.parametrize("status", [401, 403])
def test_a_password_that_a_program_has_renewed_is_used_at_once(tmp_path: Path, status: int) -> None:
    """ECR says 403 where a password has ended, others 401."""
    word = tmp_path / "word"
    word.write_text("first")
    helpers = keeper(tmp_path, f'cat >/dev/null; printf \'{{"Username":"bot","Secret":"%s"}}\' "$(cat {word})"')
    rotating = Rotating(status)
    now = [0.0]
    with Served(rotating) as served:
        settings = {served.host: RegistrySettings(plain_http=True, credentials=HelperCredentials("keys"))}
        registries = Registries(settings, sources(helpers), clock=lambda: now[0])
        name = ImageName(served.host, "acme/api")
        assert registries.tags(name).tags == ("1.0.0",)
        rotating.word = "second"
        word.write_text("second")
        now[0] = 20.0
        assert registries.tags(name).tags == ("1.0.0",)
        rotating.word = "third"
        now[0] = 40.0
        with pytest.raises(Refused, match="the credentials that docker-credential-keys has for"):
            registries.tags(name)


def test_a_token_server_that_refuses_an_old_password_is_shown_the_new_one(tmp_path: Path) -> None:
    word = tmp_path / "word"
    helpers = keeper(tmp_path, f'cat >/dev/null; printf \'{{"Username":"bot","Secret":"%s"}}\' "$(cat {word})"')
    host = ""

    def function(asked: Asked) -> Answer:
        given = asked.headers.get("Authorization", "")
        if asked.path == "/token":
            good = given == "Basic " + base64.b64encode(f"bot:{word.read_text()}".encode()).decode()
            return Answer(200 if good else 401, (), b'{"token": "a-token", "expires_in": 1e-9}')
        return tag_list("1.0.0") if given == "Bearer a-token" else challenge(bearer(f"http://{host}/token"))

    now = [0.0]
    with Served(function) as served:
        host = served.host
        settings = {host: RegistrySettings(plain_http=True, credentials=HelperCredentials("keys"))}
        registries = Registries(settings, sources(helpers), clock=lambda: now[0])
        for word_now, seconds in (("first", 0.0), ("second", 20.0)):
            word.write_text(word_now)
            now[0] = seconds
            assert registries.tags(ImageName(host, "acme/api")).tags == ("1.0.0",)


def test_a_helper_that_cannot_run_is_this_registrys_refusal_and_nobody_elses(tmp_path: Path) -> None:
    helpers = keeper(tmp_path, "exit 7")
    with serving(lambda _: tag_list("1.0.0")) as helped, serving(lambda _: tag_list("1.0.0")) as other:
        settings = {
            helped.host: RegistrySettings(plain_http=True, credentials=HelperCredentials("keys")),
            other.host: RegistrySettings(plain_http=True),
        }
        registries = Registries(settings, sources(helpers))
        with pytest.raises(
            Refused, match=r"was not asked to list acme/api: docker-credential-keys ended with exit code 7"
        ):
            registries.tags(ImageName(helped.host, "acme/api"))
        assert registries.tags(ImageName(other.host, "acme/api")).tags == ("1.0.0",)
        assert helped.asked == []
