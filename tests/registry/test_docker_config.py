"""Docker's config.json is read as Docker and Kubernetes write it, and nothing in it is run."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.clock import boottime
from imagebot.errors import BadInput, Refused
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.registry.credential_helpers import CredentialHelpers
from imagebot.registry.docker_configs import DockerConfigs
from imagebot.registry.limits import PATIENCE, Deadline
from imagebot.registry.logins import Basic, Credential, Login, RefreshToken, RegistryToken
from imagebot.registry.renewal import Renewals
from imagebot.secret import Secret
from imagebot.settings.resolve import CredentialSources, RegistrySettings
from tests.support import effort
from tests.support.fake_registry import tag_list
from tests.support.web_function import serving

KEYS = ["auths", "ghcr.io", "docker.io", "auth", "username", "password", "identitytoken", "registrytoken", "credsStore"]


def encoded(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


HALF = "holds half a character, which cannot be sent"
USER_HOLDS = "the user name holds a control character or a line end, which cannot be sent"
PASSWORD_HOLDS = "the password holds a control character or a line end, which cannot be sent"
TOKEN_HOLDS = "a token has neither spaces nor line ends, nor anything but ASCII"
AUTH = {"auth": encoded("bot:a:word")}
BOT = Basic("bot", Secret("a:word"))


class Files(DockerConfigs):
    """Files with credentials where no program may be run."""

    def __init__(self, *files: Path) -> None:
        super().__init__(files, CredentialHelpers({}, Renewals(boottime)))

    def of(self, name: ImageName) -> Login | None:
        return self.login(name, Deadline(PATIENCE))


def config(folder: Path, document: Any) -> Files:
    file = folder / "config.json"
    file.write_text(json.dumps(document, indent=1))
    return Files(file)


def credential(found: Files, name: str) -> Credential | None:
    login = found.of(ImageName.parse(name))
    return login.credential if login else None


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("ghcr.io", "ghcr.io/acme/api"),
        ("https://ghcr.io", "ghcr.io/acme/api"),
        ("https://ghcr.io/", "ghcr.io/acme/api"),
        ("http://ghcr.io", "ghcr.io/acme/api"),
        ("https://ghcr.io/v2/", "ghcr.io/acme/api"),
        ("GHCR.io", "ghcr.io/acme/api"),
        ("https://index.docker.io/v1/", "nginx"),
        ("index.docker.io", "nginx"),
        ("docker.io", "acme/api"),
        ("registry-1.docker.io", "acme/api"),
        ("r.test:5000", "r.test:5000/api"),
        ("localhost:5000", "localhost:5000/api"),
        ("ghcr.io/acme", "ghcr.io/acme/api"),
        ("ghcr.io/acme/api", "ghcr.io/acme/api"),
    ],
)
def test_a_registry_is_found_under_every_key_in_use(tmp_path: Path, key: str, name: str) -> None:
    assert credential(config(tmp_path, {"auths": {key: AUTH}}), name) == BOT


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("ghcr.io", "r.test/acme/api"),
        ("ghcr.io", "ghcr.io:8443/acme/api"),
        ("localhost:5000", "127.0.0.1:5000/api"),
        ("ghcr.io/acm", "ghcr.io/acme/api"),
        ("ghcr.io/acme/api", "ghcr.io/acme/api2"),
        ("evil.test/ghcr.io", "ghcr.io/acme/api"),
        ("not a host", "ghcr.io/acme/api"),
    ],
)
def test_a_credential_of_another_place_is_not_found(tmp_path: Path, key: str, name: str) -> None:
    assert credential(config(tmp_path, {"auths": {key: AUTH}}), name) is None


def test_the_longest_path_wins(tmp_path: Path) -> None:
    team = {"username": "team", "password": "word"}
    found = config(tmp_path, {"auths": {"ghcr.io": AUTH, "ghcr.io/acme": team}})
    assert credential(found, "ghcr.io/acme/api") == Basic("team", Secret("word"))
    assert credential(found, "ghcr.io/other/api") == BOT


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param(AUTH, BOT, id="auth"),
        pytest.param({"username": "bot", "password": "a:word"}, BOT, id="two fields"),
        pytest.param({**AUTH, "username": "other", "password": "other"}, BOT, id="auth before the fields"),
        pytest.param({"auth": encoded("bot:"), "identitytoken": "t"}, RefreshToken(Secret("t")), id="identity token"),
        pytest.param({"registrytoken": "t"}, RegistryToken(Secret("t")), id="registry token"),
        pytest.param({}, None, id="nothing"),
        pytest.param({"auth": ""}, None, id="empty"),
        pytest.param({"email": "a@b.test"}, None, id="a field of long ago"),
    ],
)
def test_an_entry_holds_one_credential(tmp_path: Path, entry: Any, expected: Credential | None) -> None:
    assert credential(config(tmp_path, {"auths": {"ghcr.io": entry}}), "ghcr.io/acme/api") == expected


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        pytest.param({"auth": "%%%"}, "auth is not the base64 of user:password", id="no base64"),
        pytest.param({"auth": encoded("password")}, "auth is not the base64 of user:password", id="no colon"),
        pytest.param({"auth": 5}, "the entry holds something that is no text", id="number"),
        pytest.param("bot", "the entry is no object", id="no object"),
        pytest.param({"auth": encoded("b\u00e9")}, "auth is not the base64 of user:password", id="no colon, no ASCII"),
        pytest.param({"auth": "\ud800"}, "auth is not the base64 of user:password", id="half a character for auth"),
        pytest.param({"auth": encoded("bot:a\r\nHost: x")}, PASSWORD_HOLDS, id="line end in a password"),
        pytest.param({"username": "a\nb", "password": "p"}, USER_HOLDS, id="line end in a name"),
        pytest.param({"username": "a\0b", "password": "p"}, USER_HOLDS, id="NUL in a name"),
        pytest.param({"username": "a:b", "password": "p"}, "a user name has no colon", id="colon in a name"),
        pytest.param({"username": "\ud800", "password": "p"}, f"the user name {HALF}", id="half a character, name"),
        pytest.param({"username": "a", "password": "\udfff"}, f"the password {HALF}", id="half a character, password"),
        pytest.param({"registrytoken": "caf\u00e9"}, TOKEN_HOLDS, id="token beyond ASCII"),
        pytest.param({"registrytoken": "\u0444"}, TOKEN_HOLDS, id="token beyond Latin-1"),
        pytest.param({"registrytoken": "\ud800"}, TOKEN_HOLDS, id="half a character for a token"),
        pytest.param({"registrytoken": "a\r\nHost: x"}, TOKEN_HOLDS, id="header in a token"),
        pytest.param({"registrytoken": "a" * 70_000}, TOKEN_HOLDS, id="token of 70 kB"),
        pytest.param({"identitytoken": "\ud800"}, TOKEN_HOLDS, id="half a character for an identity token"),
        pytest.param({"identitytoken": "a b"}, TOKEN_HOLDS, id="space in an identity token"),
        pytest.param({"identitytoken": ["a"]}, "the entry holds something that is no text", id="list"),
    ],
)
def test_a_bad_entry_is_named_with_its_line_and_harms_no_other(tmp_path: Path, entry: Any, message: str) -> None:
    found = config(tmp_path, {"auths": {"r.test": AUTH, "ghcr.io": entry}})
    with pytest.raises(BadInput) as caught:
        found.of(ImageName("ghcr.io", "acme/api"))
    assert str(caught.value) == f"{tmp_path}/config.json:{6}: ghcr.io: {message}"
    assert credential(found, "r.test/acme/api") == BOT


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(b'{\n "auths": {,}\n}', "config.json:2:12: this is no JSON: ", id="no JSON"),
        pytest.param(b"", "config.json:1:1: this is no JSON: ", id="empty"),
        pytest.param(b"[]", "config.json:1:1: Docker's config.json is an object", id="list"),
        pytest.param(b"\xff\xfe", "config.json: this is no JSON text", id="no UTF-8"),
        pytest.param(b"[" * 100_000, "config.json: this is no JSON text", id="deep"),
        pytest.param(b'{"auths": ' + b"9" * 5_000 + b"}", "config.json: this is no JSON text", id="long number"),
        pytest.param(b'{"auths": []}', None, id="empty list"),
        pytest.param(b'{"auths": ["a"]}', "config.json: auths is no object", id="auths is a list"),
        pytest.param(b'{"credHelpers": 5}', "config.json: credHelpers is no object", id="credHelpers is a number"),
        pytest.param(b" " * (1024 * 1024 + 1), "config.json: too large", id="large"),
    ],
)
def test_a_file_that_makes_no_sense_is_named(tmp_path: Path, text: bytes, message: str | None) -> None:
    file = tmp_path / "config.json"
    file.write_bytes(text)
    name = ImageName("ghcr.io", "acme/api")
    if message is None:
        assert Files(file).of(name) is None
    else:
        with pytest.raises(BadInput) as caught:
            Files(file).of(name)
        assert str(caught.value).startswith(f"{tmp_path}/{message}")


def test_a_bad_file_shows_none_of_its_text(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(f'{{"auths": {{"ghcr.io": {{"auth": "{AUTH["auth"]}" oops')
    with pytest.raises(BadInput) as caught:
        Files(file).of(ImageName("ghcr.io", "acme/api"))
    assert AUTH["auth"] not in str(caught.value)


def test_a_file_that_is_not_there_has_no_credentials(tmp_path: Path) -> None:
    login = Files(tmp_path / "config.json").of(ImageName("ghcr.io", "acme/api"))
    advice = f"there is no {tmp_path}/config.json, and imagebot.yaml has no credentials under registries"
    assert login == Login(None, advice)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    with pytest.raises(BadInput, match=r"cannot read .*: Is a directory"):
        Files(tmp_path).of(ImageName("ghcr.io", "acme/api"))


@pytest.mark.parametrize(
    ("document", "program"),
    [
        pytest.param({"credHelpers": {"ghcr.io": "canary"}}, "docker-credential-canary", id="helper"),
        pytest.param({"credsStore": "canary", "auths": {"ghcr.io": {}}}, "docker-credential-canary", id="store"),
        pytest.param({"credsStore": "canary"}, None, id="store without this registry"),
        pytest.param({"credsStore": "canary", "auths": {"ghcr.io": AUTH}}, None, id="store and inline"),
    ],
)
def test_no_program_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, document: Any, program: str | None) -> None:
    helper = tmp_path / "docker-credential-canary"
    helper.write_text(f"#!/bin/sh\ntouch {tmp_path}/was-run\n")
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    login = config(tmp_path, document).of(ImageName("ghcr.io", "acme/api"))
    assert not (tmp_path / "was-run").exists()
    if program:
        assert login is not None
        assert login.credential is None
        words = f"{tmp_path}/config.json keeps its credentials in {program}, which imagebot does not run unless "
        assert login.advice == f"{words}credentialHelpers in imagebot.yaml has `canary: {{program: /…/{program}}}`"


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    found = config(tmp_path, {"auths": {"ghcr.io": AUTH}})
    assert credential(found, "ghcr.io/acme/api") == BOT
    config(tmp_path, {"auths": {"ghcr.io": {"auth": encoded("bot:an0ther w0rd")}}})
    assert credential(found, "ghcr.io/acme/api") == Basic("bot", Secret("an0ther w0rd"))
    (tmp_path / "config.json").unlink()
    assert credential(found, "ghcr.io/acme/api") is None


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"registrytoken": "caf\u00e9"}, id="token beyond ASCII"),
        pytest.param({"username": "\ud800", "password": "p"}, id="half a character in a name"),
    ],
)
def test_one_odd_login_is_told_and_stops_no_other_registry(tmp_path: Path, entry: Any) -> None:
    with serving(lambda _: tag_list("1.0.0")) as odd, serving(lambda _: tag_list("1.0.0")) as sound:
        config(tmp_path, {"auths": {odd.host: entry, sound.host: AUTH}})
        settings = {served.host: RegistrySettings(plain_http=True) for served in (odd, sound)}
        registries = Registries(settings, CredentialSources((tmp_path / "config.json",)))
        with pytest.raises(Refused, match=rf"{tmp_path}/config\.json:3: {odd.host}: .*(sent|ASCII)"):
            registries.tags(ImageName(odd.host, "acme/api"))
        assert registries.tags(ImageName(sound.host, "acme/api")).tags == ("1.0.0",)
        assert odd.asked == []


def test_a_name_in_any_script_is_sent_as_utf_8(tmp_path: Path) -> None:
    found = credential(config(tmp_path, {"auths": {"ghcr.io": {"auth": encoded("\u0444:\u65e5")}}}), "ghcr.io/a/b")
    assert isinstance(found, Basic)
    assert base64.b64decode(found.header().removeprefix("Basic ")).decode() == "\u0444:\u65e5"


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps({"auths": {"ghcr.io": AUTH}}).encode())
    assert credential(Files(file), "ghcr.io/acme/api") == BOT


def test_helpers_that_make_no_sense_harm_no_login_beside_them(tmp_path: Path) -> None:
    found = config(tmp_path, {"auths": {"ghcr.io": AUTH}, "credHelpers": ["a"]})
    assert credential(found, "ghcr.io/acme/api") == BOT
    with pytest.raises(BadInput, match="credHelpers is no object"):
        found.of(ImageName("r.test", "acme/api"))


@pytest.mark.parametrize("document", [{"credHelpers": {"ghcr.io": 5}}, {"credsStore": ["a"], "auths": {"ghcr.io": {}}}])
def test_a_program_that_is_no_text_is_named(tmp_path: Path, document: Any) -> None:
    with pytest.raises(BadInput, match=r"the program that keeps the credentials of ghcr\.io is no text"):
        config(tmp_path, document).of(ImageName("ghcr.io", "acme/api"))
    assert config(tmp_path, document).of(ImageName("r.test", "acme/api")) is None


def test_a_pipe_is_no_config(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.json")
    with pytest.raises(BadInput, match=r"cannot read .*config\.json: this is no regular file"):
        Files(tmp_path / "config.json").of(ImageName("ghcr.io", "acme/api"))


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_config(name: str) -> None:
    with pytest.raises(BadInput, match="this is no regular file"):
        Files(Path(name)).of(ImageName("ghcr.io", "acme/api"))


def test_a_key_that_moves_a_terminal_is_shown_without_doing_so(tmp_path: Path) -> None:
    found = config(tmp_path, {"auths": {"ghcr.io/\x1b]0;X\x07\u202e": {"auth": "%"}}})
    assert found.of(ImageName("ghcr.io", "acme/api")) is None


def test_a_thousand_logins_are_found_without_reading_the_file_for_each(tmp_path: Path) -> None:
    found = config(tmp_path, {"auths": {f"r{n}.test": {"auth": "%"} for n in range(20_000)}})
    assert effort.calls(lambda: found.of(ImageName("ghcr.io", "acme/api"))) < 1_000_000
    with pytest.raises(BadInput, match=r":60000: r19999\.test: "):
        found.of(ImageName("r19999.test", "acme/api"))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner),
        max_leaves=12,
    )
)
def test_whatever_it_holds_there_is_a_login_or_a_reason(document: Any) -> None:
    with TemporaryDirectory() as folder:
        found = config(Path(folder), {"auths": document, **(document if isinstance(document, dict) else {})})
        for host in ("ghcr.io", "docker.io"):
            try:
                login = found.of(ImageName(host, "acme/api"))
            except BadInput as error:
                str(error).encode()
                continue
            if login is not None and isinstance(login.credential, Basic | RegistryToken):
                login.credential.header().encode("latin-1")
