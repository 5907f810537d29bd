"""The way to GitHub through the real PyGithub: every failure as its line, no secret shown, no detour, Apps."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from imagebot.bans import ToldToWait
from imagebot.errors import BadResponse, NotFound, Refused, Unavailable, WorldError
from imagebot.forge import github
from imagebot.forge.ensure import ensure
from imagebot.forge.manners import Manners
from imagebot.secret import Secret, SecretFile
from imagebot.settings.resolve import TokenCredentials
from tests.forge.conftest import FAST, client, settings
from tests.support.github_server import Fault, GitHubServer, running
from tests.support.proposals import BRANCH, FULL
from tests.support.tls import loopback
from tests.support.web_function import Answer, Served

LIMITED = b'{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}'
RESET = (("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "4102444830"), ("Date", "Fri, 01 Jan 2100 00:00:00 GMT"))


@pytest.mark.parametrize(
    ("fault", "error", "message", "wait"),
    [
        pytest.param(
            Fault("GET", 500), Unavailable, "answered 500 when asked to list the pull requests", None, id="500"
        ),
        pytest.param(
            Fault("GET", 503, headers=(("Retry-After", "9"),)),
            ToldToWait,
            r"slow down \(503",
            9,
            id="503",
        ),
        pytest.param(Fault("GET", 500, body=b'["x"]'), Unavailable, "answered 500", None, id="500 of a list"),
        pytest.param(Fault("GET", 403, body=LIMITED), ToldToWait, "slow down", 60, id="secondary limit"),
        pytest.param(
            Fault("GET", 403, headers=(("Retry-After", "30"),)),
            ToldToWait,
            "slow down",
            30,
            id="secondary with a time",
        ),
        pytest.param(Fault("GET", 403, headers=RESET), ToldToWait, "slow down", 30, id="primary limit"),
        pytest.param(Fault("GET", 429, headers=(("Retry-After", "soon"),)), ToldToWait, "slow down", 60, id="429"),
        pytest.param(Fault("GET", 401), Refused, "does not accept our credentials", None, id="401"),
        pytest.param(
            Fault("GET", 403, body=b'{"message": "Resource not accessible by integration"}'),
            Refused,
            "would not list .*: Resource not accessible by integration. The token needs `pull requests: write`",
            None,
            id="403",
        ),
        pytest.param(Fault("GET", 404), NotFound, "acme/environments: Server Error. .* check both", None, id="404"),
        pytest.param(Fault("GET", 418), BadResponse, r"would not list .*\(418\)", None, id="418"),
        pytest.param(Fault("GET", 200, body=b"<html>"), BadResponse, "is no JSON", None, id="HTML"),
        pytest.param(Fault("GET", 200, body=b"[{]"), BadResponse, "is no JSON", None, id="broken JSON"),
        pytest.param(Fault("GET", 200, body=b"\xff\xfe["), BadResponse, "is no JSON", None, id="not UTF-8"),
        pytest.param(Fault("GET", 200, body=b"{}"), BadResponse, "is no list", None, id="no list"),
        pytest.param(Fault("GET", 302), Refused, "sends us elsewhere .* does not say where to", None, id="302"),
        pytest.param(
            Fault("GET", 301, headers=(("Location", "http://x.test/api"),)),
            Refused,
            "was renamed or moved",
            None,
            id="301",
        ),
        pytest.param(Fault("GET", 202, body=b"{}"), Unavailable, "the answer is not ready", None, id="202"),
        pytest.param(Fault("GET", "reset"), Unavailable, "the connection failed when asked to list", None, id="reset"),
        pytest.param(Fault("GET", "hang"), Unavailable, "no answer in time", None, id="hang"),
        pytest.param(Fault("GET", "truncated"), BadResponse, "broke off", None, id="truncated"),
    ],
)
def test_each_failure_has_its_line(
    github_server: GitHubServer, fault: Fault, error: type[WorldError], message: str, wait: float | None
) -> None:
    github_server.faults = [fault]
    with pytest.raises(error, match=message) as caught:
        client(github_server).open_pulls("")

    assert type(caught.value) is error
    assert getattr(caught.value, "retry_after", None) == wait
    assert len(github_server.calls) == 1, "nothing is tried again within a pass"


def test_nobody_there_is_unavailable(github_server: GitHubServer) -> None:
    nobody = settings(github_server).model_copy(update={"api_url": "http://127.0.0.1:1/api/v3"})

    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1: the connection failed"):
        github.connect(nobody, FAST).open_pulls("")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("verb", ["GET", "POST", "PATCH"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_redirect_leads_to_another_server(
    github_server: GitHubServer, verb: str, status: int, host: str, caplog: pytest.LogCaptureFixture
) -> None:
    with running() as elsewhere:
        location = f"{elsewhere.url}/elsewhere".replace("127.0.0.1", host)
        github_server.faults = [Fault(verb, status, headers=(("Location", location),))]
        github_server.add(BRANCH)
        forge = client(github_server)
        caplog.set_level("DEBUG")
        with pytest.raises(WorldError):
            ensure(forge, replace(FULL, branch="imagebot/other"), next(iter(forge.open_pulls("none of them")), None))

        assert elsewhere.calls == []
        assert [record for record in caplog.records if record.name.startswith("github")] == []
        assert len(github_server.calls) == {"GET": 1, "POST": 2, "PATCH": 6}[verb]


def test_connections_are_kept(github_server: GitHubServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    ensure(client(github_server), FULL, None)

    assert sum("Starting new HTTP connection" in record.getMessage() for record in caplog.records) == 1


def test_a_netrc_file_is_not_read(github_server: GitHubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client(github_server).open_pulls("")

    assert github_server.authorizations == [f"token {github_server.token}"]


def test_a_token_file_is_read_again_for_each_request(github_server: GitHubServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("expired\n")
    forge = github.connect(
        settings(github_server).model_copy(update={"credentials": TokenCredentials(SecretFile(file))}), FAST
    )
    with pytest.raises(Refused, match="does not accept our credentials"):
        forge.open_pulls("")
    file.write_text(github_server.token + "\n")

    assert forge.open_pulls("") == ()
    file.unlink()
    with pytest.raises(Refused, match="cannot read the secret file"):
        forge.open_pulls("")


@pytest.mark.parametrize("token", ["two\nlines", "ünïcödé", "€uro", "in between"])
def test_a_token_that_cannot_be_sent_is_not_shown(github_server: GitHubServer, token: str) -> None:
    broken = settings(github_server).model_copy(update={"credentials": TokenCredentials(Secret(token))})
    with pytest.raises(Refused, match="characters that no token has") as caught:
        github.connect(broken, FAST).open_pulls("")

    assert token not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("kind", [401, 403, 404, 422, 500, "reset", "truncated", "hang"])
def test_no_error_shows_the_token(github_server: GitHubServer, kind: int) -> None:
    github_server.faults = [Fault("POST", kind)]
    forge = client(github_server)
    with pytest.raises(WorldError) as caught:
        ensure(forge, FULL, None)

    shown = "".join(traceback.format_exception(caught.value)) + repr(forge) + repr(vars(forge))
    assert github_server.token not in shown


def test_own_authority_is_trusted_and_no_other(github_server: GitHubServer, tmp_path: Path) -> None:
    context, file = loopback(tmp_path)
    with Served(lambda _: Answer(body=b"[]"), tls=context) as served:
        changed = settings(github_server).model_copy(update={"api_url": f"{served.url}/api/v3"})
        with pytest.raises(Unavailable, match="its certificate cannot be trusted"):
            github.connect(changed, FAST).open_pulls("")

        assert github.connect(changed.model_copy(update={"ca_file": file}), FAST).open_pulls("") == ()


def test_writes_are_apart(github_server: GitHubServer) -> None:
    github_server.seconds_between_writes = 0.1
    ensure(client(github_server, Manners(timeout_s=5, between_writes_s=0.1)), FULL, None)

    assert len(github_server.writes) == 5


def test_an_app_gets_a_token_once_and_uses_it(
    github_server: GitHubServer, with_app: Callable[[str], github.GitHub]
) -> None:
    forge = with_app("")
    ensure(forge, FULL, None)
    forge.open_pulls("")
    pushes_with = forge.git_credentials()

    assert [call.path for call in github_server.calls if call.path.startswith("/app/")] == [
        "/app/installations/678/access_tokens"
    ]
    assert pushes_with == TokenCredentials(Secret("ghs_canary1"), username="x-access-token")
    assert "ghs_canary1" not in repr(pushes_with)
    assert (len(github_server.pulls), forge.writes) == (1, 5)
    claims = jwt.decode(github_server.authorizations[0].split()[1], options={"verify_signature": False})
    assert claims["iss"] == "12345"


def test_a_token_of_an_app_is_renewed_before_it_expires(
    github_server: GitHubServer, with_app: Callable[[str], github.GitHub]
) -> None:
    github_server.token_lifetime = github_server.token_lifetime * 0
    forge = with_app("")
    forge.open_pulls("")
    forge.open_pulls("")

    assert github_server.token == "ghs_canary2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("no key", "app.pem holds no private key that can sign for the App 12345", id="no key"),
        pytest.param("another", "does not accept our credentials", id="another key"),
        pytest.param("\n", "app.pem is empty", id="empty"),
    ],
)
def test_an_app_without_its_key_is_refused(with_app: Callable[[str], github.GitHub], text: str, message: str) -> None:
    if text == "another":
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        text = other.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    with pytest.raises(Refused, match=message) as caught:
        with_app(text).open_pulls("")

    assert "PRIVATE KEY" not in "".join(traceback.format_exception(caught.value))


def test_a_broken_answer_to_an_app_is_not_laid_to_its_key(
    github_server: GitHubServer, with_app: Callable[[str], github.GitHub]
) -> None:
    github_server.faults = [Fault("POST", 201, body=b"{", ending="/access_tokens")]

    with pytest.raises(BadResponse, match="is no JSON when asked to give a token to installation 678"):
        with_app("").open_pulls("")


def test_an_unknown_installation_is_said(github_server: GitHubServer, with_app: Callable[[str], github.GitHub]) -> None:
    forge = with_app("")
    assert github_server.app is not None
    github_server.app = (github_server.app[0], 1, github_server.app[2])

    with pytest.raises(NotFound, match="would not give a token to installation 678 of the App 12345"):
        forge.open_pulls("")


def test_a_token_needs_no_other_for_git(github_server: GitHubServer) -> None:
    assert client(github_server).git_credentials() is None
