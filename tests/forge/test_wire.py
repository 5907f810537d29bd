"""What holds for every forge that is asked through `wire.py`: each failure as its line, no secret shown, no detour."""

from __future__ import annotations

import base64
import gzip
import json
import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from imagebot.bans import ToldToWait
from imagebot.errors import BadInput, BadResponse, NotFound, Refused, Unavailable, WorldError
from imagebot.forge.ensure import ensure
from imagebot.forge.manners import Manners
from imagebot.forge.transport import MOST_BYTES
from imagebot.secret import Secret, SecretFile
from imagebot.settings.resolve import GitHubApp, SshKey, TokenCredentials
from tests.forge.conftest import change, listed, rest_client, rest_settings
from tests.support.forge_server import Fault, ForgeServer
from tests.support.gitea_server import GiteaServer
from tests.support.proposals import FULL, proposal
from tests.support.tls import loopback
from tests.support.web_function import Answer, Asked, Served, serving

RESET = (("RateLimit-Reset", "4102444830"), ("Date", "Fri, 01 Jan 2100 00:00:00 GMT"))
PEOPLE = replace(FULL, reviewers=("alice",))


def opened_and_rewritten(server: ForgeServer) -> None:
    forge = rest_client(server)
    wanted = replace(proposal(), labels=("minor",))
    done = ensure(forge, wanted, next(iter(forge.open_pulls("imagebot/")), None))
    forge.rewrite(done.pull, proposal("f2"))


@pytest.mark.parametrize(
    ("fault", "error", "message", "wait"),
    [
        pytest.param(Fault("GET", 500), Unavailable, "answered 500 when asked to list the", None, id="500"),
        pytest.param(Fault("GET", 503, headers=(("Retry-After", "9"),)), ToldToWait, r"slow down \(503", 9, id="503"),
        pytest.param(Fault("GET", 429), ToldToWait, "asks us to slow down", 60, id="429"),
        pytest.param(Fault("GET", 429, headers=(("Retry-After", "30"),)), ToldToWait, "slow", 30, id="429, a time"),
        pytest.param(Fault("GET", 429, headers=RESET), ToldToWait, "slow", 30, id="429, a moment"),
        pytest.param(Fault("GET", 429, headers=(("Retry-After", "soon"),)), ToldToWait, "slow", 60, id="429, nonsense"),
        pytest.param(Fault("GET", 401), Refused, "does not accept our credentials", None, id="401"),
        pytest.param(Fault("GET", 403), Refused, "would not list .*: Server Error. The token needs", None, id="403"),
        pytest.param(Fault("GET", 404), NotFound, "Server Error. It says the same .* check both", None, id="404"),
        pytest.param(Fault("GET", 423), Refused, "archived", None, id="423"),
        pytest.param(Fault("GET", 418), BadResponse, r"would not list .*\(418\)", None, id="418"),
        pytest.param(Fault("GET", 304), BadResponse, r"\(304\)", None, id="304"),
        pytest.param(Fault("GET", 200, body=b"<html>"), BadResponse, "is no JSON", None, id="HTML"),
        pytest.param(Fault("GET", 200, body=b"[" * 100_000), BadResponse, "is no JSON", None, id="deep"),
        pytest.param(Fault("GET", 200, body=b"\xff\xfe["), BadResponse, "is no JSON", None, id="not UTF-8"),
        pytest.param(Fault("GET", 200, body=b"{}"), BadResponse, "is no list", None, id="no list"),
        pytest.param(
            Fault("GET", 200, body=gzip.compress(b"[]"), headers=(("Content-Encoding", "gzip"),)),
            BadResponse,
            "compressed",
            None,
            id="compressed",
        ),
        pytest.param(Fault("GET", "reset"), Unavailable, "the connection failed when asked to list", None, id="reset"),
        pytest.param(Fault("GET", "hang"), Unavailable, "no answer in time", None, id="hang"),
        pytest.param(Fault("GET", "truncated"), BadResponse, "broke off", None, id="truncated"),
    ],
)
def test_each_failure_has_its_line(
    rest_server: ForgeServer, fault: Fault, error: type[WorldError], message: str, wait: float | None
) -> None:
    rest_server.faults = [fault]
    with pytest.raises(error, match=message) as caught:
        rest_client(rest_server).open_pulls("")

    assert type(caught.value) is error
    assert getattr(caught.value, "retry_after", None) == wait
    assert len(rest_server.calls) == 1, "nothing is tried again within a pass"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        pytest.param({"message": "no"}, ": no", id="text"),
        pytest.param({"message": ["no", "never"]}, ": no; never", id="list"),
        pytest.param(
            {"message": {"base": ["is bad"], "title": "too long"}}, ": base is bad; title too long", id="fields"
        ),
        pytest.param({"error": "insufficient_scope", "error_description": "needs api"}, "scope; needs api", id="OAuth"),
        pytest.param({"message": "a\x1b[31mb"}, r": a\\x1b\[31mb", id="a terminal's orders"),
        pytest.param({"message": "x" * 1000}, ": x{299}…$", id="long, and one word"),
        pytest.param({"message": "no " * 200}, ": (no ){98}no …$", id="long"),
        pytest.param(["no"], "environments$", id="no object"),
    ],
)
def test_the_forges_own_words_are_told(rest_server: ForgeServer, said: object, shown: str) -> None:
    rest_server.faults = [Fault("GET", 422, body=json.dumps(said).encode())]

    with pytest.raises(BadResponse, match=f"would not list the .*{shown}"):
        rest_client(rest_server).open_pulls("")


def test_nobody_there_is_unavailable(rest_server: ForgeServer) -> None:
    prefix = rest_server.prefix
    nobody = rest_settings(rest_server).model_copy(update={"api_url": f"http://127.0.0.1:1{prefix}"})

    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1: the connection failed"):
        rest_client(rest_server, changed=nobody).open_pulls("")


def test_answers_without_end_are_given_up(rest_server: ForgeServer) -> None:
    """However few pull requests are asked for."""
    endless = b" " * (MOST_BYTES + 1)
    rest_server.faults = [Fault("GET", 200, nth=nth, body=endless) for nth in range(1, 9)]

    with pytest.raises(BadResponse, match="more than the 3 MiB"):
        rest_client(rest_server, Manners(timeout_s=10, between_writes_s=0.0)).open_pulls("")
    assert len(rest_server.calls) < 5


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("verb", ["GET", "POST", "change"])
def test_no_redirect_is_followed(rest_server: ForgeServer, verb: str, status: int) -> None:
    """python-gitlab would, and a token of GitLab's in a header of its own goes to any host."""
    with serving(lambda _: Answer(body=b"[]")) as elsewhere:
        location = (("Location", f"{elsewhere.url}/elsewhere"),)
        rest_server.faults = [Fault(verb.replace("change", change(rest_server)), status, headers=location)]
        with pytest.raises(Refused, match=r"sends us elsewhere .* renamed or moved, change its url"):
            opened_and_rewritten(rest_server)

        assert elsewhere.asked == []


def test_neither_netrc_nor_proxy_nor_cookie_is_heeded(
    rest_server: ForgeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    rest_server.faults = [Fault("GET", 200, body=listed(rest_server), headers=(("Set-Cookie", "a=b; Path=/"),))]
    forge = rest_client(rest_server)
    forge.open_pulls("")
    forge.open_pulls("")

    scheme = "token" if isinstance(rest_server, GiteaServer) else "Bearer"
    told = base64.b64encode(f":{rest_server.token}".encode()).decode()
    assert set(rest_server.authorizations) <= {f"{scheme} {rest_server.token}", f"Basic {told}"}


def test_a_request_says_who_asks_and_brings_no_cookie(rest_server: ForgeServer) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer(
            headers=(("Content-Type", "application/json"), ("Set-Cookie", "a=b; Path=/")), body=listed(rest_server)
        )

    with serving(answer) as served:
        changed = rest_settings(rest_server).model_copy(update={"api_url": served.url + rest_server.prefix})
        forge = rest_client(rest_server, changed=changed)
        forge.open_pulls("")
        forge.open_pulls("")

        headers = served.asked[1].headers
        assert headers["User-Agent"].startswith("imagebot/")
        assert (headers["Cookie"], headers["Accept-Encoding"]) == (None, "identity")


def test_a_token_file_is_read_again_for_each_request(rest_server: ForgeServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("expired\n")
    changed = rest_settings(rest_server).model_copy(update={"credentials": TokenCredentials(SecretFile(file))})
    forge = rest_client(rest_server, changed=changed)
    with pytest.raises(Refused, match="does not accept our credentials"):
        forge.open_pulls("")
    file.write_text(rest_server.token + "\n")

    assert forge.open_pulls("") == ()
    file.unlink()
    with pytest.raises(Refused, match="cannot read the secret file"):
        forge.open_pulls("")


@pytest.mark.parametrize("token", ["two\nlines", "ünïcödé", "€uro", "in between"])
def test_a_token_that_cannot_be_sent_is_not_shown(rest_server: ForgeServer, token: str) -> None:
    broken = rest_settings(rest_server).model_copy(update={"credentials": TokenCredentials(Secret(token))})
    with pytest.raises(Refused, match="characters that no token has") as caught:
        rest_client(rest_server, changed=broken).open_pulls("")

    assert token not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("kind", [401, 403, 404, 422, 500, 302, "reset", "truncated", "hang"])
def test_no_error_and_no_log_shows_the_token(
    rest_server: ForgeServer, kind: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    rest_server.faults = [Fault("POST", kind)]
    forge = rest_client(rest_server)
    with pytest.raises(WorldError) as caught:
        ensure(forge, PEOPLE, None)

    shown = "".join(traceback.format_exception(caught.value)) + repr(forge) + repr(vars(forge)) + caplog.text
    assert rest_server.token not in shown


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        pytest.param({"credentials": None}, "needs a token", id="no credentials"),
        pytest.param({"credentials": SshKey(Path("/k"), Path("/h"))}, "needs a token", id="ssh key alone"),
        pytest.param(
            {"credentials": GitHubApp(id="1", installation=2, key_file=Path("/k"))}, "needs a token", id="GitHub's App"
        ),
        pytest.param({"api_url": ""}, "needs the URL of its API", id="no API"),
        pytest.param({"url": "/srv/acme/environments.git"}, "needs a repository's URL", id="a path"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    rest_server: ForgeServer, settings: dict[str, object], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        rest_client(rest_server, changed=rest_settings(rest_server).model_copy(update=settings))


def test_connecting_asks_nothing(rest_server: ForgeServer) -> None:
    rest_client(rest_server)

    assert rest_server.calls == []


def test_writes_are_apart(rest_server: ForgeServer) -> None:
    rest_server.seconds_between_writes = 0.1
    forge = rest_client(rest_server, Manners(timeout_s=5, between_writes_s=0.1))
    forge.rewrite(ensure(forge, PEOPLE, None).pull, proposal("f2"))

    assert len(rest_server.writes) > 1


def test_own_authority_is_trusted_and_no_other(rest_server: ForgeServer, tmp_path: Path) -> None:
    context, file = loopback(tmp_path)
    with Served(lambda _: Answer(body=listed(rest_server)), tls=context) as served:
        changed = rest_settings(rest_server).model_copy(update={"api_url": served.url + rest_server.prefix})
        with pytest.raises(Unavailable, match="its certificate cannot be trusted"):
            rest_client(rest_server, changed=changed).open_pulls("")

        assert rest_client(rest_server, changed=changed.model_copy(update={"ca_file": file})).open_pulls("") == ()
        missing = changed.model_copy(update={"ca_file": tmp_path / "missing.pem"})
        with pytest.raises(Refused, match="check caFile"):
            rest_client(rest_server, changed=missing).open_pulls("")
