"""Whatever comes out of the socket of a forge: only our own errors leave the room, and what it costs is bounded."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, repeat
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagebot.errors import BadResponse, Unavailable, WorldError
from imagebot.forge.protocol import Blob, Forge, PullRequest, Signs
from imagebot.forge.refusals import failures
from imagebot.forge.transport import Transport
from imagebot.proxies import DIRECT
from imagebot.secret import Secret
from tests.forge.conftest import any_client
from tests.fuzz.answers.http_slips import Http, with_slips
from tests.support.canary import PASSWORD, spellings
from tests.support.effort import memory
from tests.support.forge_server import Fault, ForgeServer
from tests.support.github_server import GitHubServer
from tests.support.proposals import BRANCH, FULL, proposal, wish
from tests.support.raw_server import RawServer, Reply
from tests.support.sound import proved
from tests.support.web_function import Answer, Raw, serving

SINCE = datetime(2025, 1, 1, tzinfo=UTC)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def floods() -> Iterator[bytes]:
    return repeat(b"x" * 65_536)


NONSENSE = [
    pytest.param(CHUNKED + b"-5\r\nabc\r\n0\r\n\r\n", id="a chunk of less than nothing"),
    pytest.param(CHUNKED + b"zz\r\n", id="a chunk of no number"),
    pytest.param(CHUNKED + b"f" * 5000 + b"\r\n", id="a chunk of all there is"),
    pytest.param(chain([CHUNKED, b"5;"], floods()), id="a chunk whose line has no end"),
    pytest.param(chain([CHUNKED, b"0\r\n"], repeat(b"X: y\r\n" * 1000)), id="trailers without end"),
    pytest.param(OK + b"Content-Length: -5\r\n\r\n[]", id="a length below nothing"),
    pytest.param(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n[]", id="a length of thousands of digits"),
    pytest.param(OK + (b"WWW-Authenticate: " + b"a," * 30_000 + b"\r\n") * 90 + b"\r\n[]", id="a flood of headers"),
    pytest.param(chain([OK], repeat(b"X: y\r\n")), id="headers without end"),
    pytest.param(repeat(b"HTTP/1.1 100 Continue\r\n\r\n"), id="continue without end"),
    pytest.param(chain([OK, b"\r\n"], floods()), id="a body without end"),
    pytest.param(OK + b"\r\n" + b"[" * 200_000, id="deep"),
    pytest.param(OK + b"\r\n[" + b"[]," * 1_300_000 + b"[]]", id="millions of nothing"),
    pytest.param(OK + b'\r\n{"message": "' + b"a" * 100, id="half a text"),
    pytest.param(b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=nothing\r\n\r\n\xff\xfe", id="no such charset"),
    pytest.param(b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n", id="a place that is none"),
    pytest.param(b"HTTP/1.1 301 Moved\r\nLocation: \xff\x00\r\n\r\n", id="a place of bytes"),
    pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="another protocol"),
    pytest.param(b"HTTP/1.1 abc\r\n\r\n", id="a status that is no number"),
    pytest.param(b"", id="nothing"),
]


def against(server: ForgeServer, raw: RawServer) -> Forge:
    """The client of this kind of forge, sent to the server of bytes."""
    server.url = f"http://{raw.host}{server.prefix}"
    return any_client(server)


@pytest.mark.parametrize("answer", NONSENSE)
def test_an_answer_that_is_no_http_or_has_no_end_is_one_line(some_server: ForgeServer, answer: Reply) -> None:
    with RawServer({"*": answer if isinstance(answer, bytes) else list_once(answer)}) as raw:
        forge = against(some_server, raw)
        with pytest.raises(WorldError) as caught:
            forge.open_pulls("imagebot/")
        with pytest.raises(WorldError):
            forge.create(proposal())

    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000


def list_once(pieces: Iterator[bytes] | Reply) -> Callable[[object], Reply]:
    """Each request gets some tens of MiB of it: more is read by nobody."""

    def some(_: object) -> Reply:
        assert not isinstance(pieces, bytes)
        return (piece for piece, _ in zip(pieces, range(400_000), strict=False))

    return some


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(OK + b"\r\n[" + b"[]," * 1_300_000 + b"[]]", id="millions of nothing"),
        pytest.param(OK + b"\r\n[" + b'{"a":1},' * 500_000 + b"{}]", id="millions of little"),
        pytest.param(OK + b'\r\n["' + "\U0001f680".encode() + b"x" * 3_000_000 + b'"]', id="a long text with a rocket"),
        pytest.param(OK + (b"Link: " + b",<" * 30_000 + b"\r\n") * 90 + b"\r\n[]", id="a flood of headers"),
    ],
)
def test_an_answer_costs_no_more_memory_than_it_may(some_server: ForgeServer, answer: bytes) -> None:
    with RawServer({"*": answer}) as raw:
        forge = against(some_server, raw)

        def ask() -> None:
            with suppress(BadResponse):
                forge.open_pulls("imagebot/")

        ask()
        assert memory(ask) < 32 * 1024 * 1024


def dripping(piece: bytes) -> Iterator[bytes]:
    """The same bytes every few milliseconds, for ever."""
    clock = threading.Event()
    while not clock.wait(0.005):
        yield piece


@pytest.mark.parametrize("beginning", [b"", b"HTTP/1.1 200 OK\r\n", OK + b"\r\n", CHUNKED])
def test_a_forge_that_drips_is_left(beginning: bytes) -> None:
    """A time for each read is none for the whole."""
    with (
        serving(lambda _: Raw(chain([beginning], dripping(b"1")))) as served,
        pytest.raises(Unavailable, match="no answer in time"),
        failures("forge.test", "list"),
    ):
        Transport(DIRECT, 0.05).send("GET", served.url, {})


def test_regret_a_forge_that_always_has_one_byte_more_is_left() -> None:
    with (
        serving(lambda _: Raw(chain([OK + b"\r\n"], repeat(b"1")))) as served,
        pytest.raises(Unavailable, match="no answer in time"),
        failures("forge.test", "list"),
    ):
        Transport(DIRECT, 0.05).send("GET", served.url, {})


def life(forge: Forge) -> Iterator[Callable[[], object]]:
    """Everything that is ever asked of a forge."""
    there = PullRequest(1, "", BRANCH, "main", "t", "b", "open", labels=("minor",))
    full = replace(FULL, message="m\n\nImage-Update: a 1 -> 2")
    yield lambda: forge.open_pulls("imagebot/")
    yield lambda: forge.create(full)
    yield lambda: forge.rewrite(there, full)
    yield lambda: forge.rewrite(there, replace(wish("f2", auto_merge=True), message=full.message))
    yield lambda: forge.rewrite(there, wish("f3", draft=True))
    yield lambda: forge.add(replace(there, labels=()), full)
    yield lambda: forge.say(there, "words", "body")
    yield lambda: forge.remove_labels(there, ("minor",))
    yield lambda: forge.stop_auto_merge(there)
    yield lambda: forge.close(there, "over", "body")
    yield lambda: forge.closed_pulls(BRANCH)
    yield lambda: forge.closed_since("imagebot/", SINCE)
    yield lambda: forge.merged_pulls("imagebot/", None)
    if isinstance(forge, Signs):
        yield forge.identity
        yield lambda: forge.sign("1" * 40, {"a": Blob("100644", proved(b"x\xff"))}, "m")


@given(seed=st.integers(0, 2**32), nth=st.integers(1, 30))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_slips_in_any_answer_only_our_errors_come_out(some_server: ForgeServer, seed: int, nth: int) -> None:
    """Seeds are those of `tests.fuzz.answers`, which tries many more."""
    dice = Random(seed)

    def slip(status: int, body: bytes, headers: Mapping[str, str]) -> bytes:
        told = tuple((name.encode(), value.encode()) for name, value in headers.items())
        return with_slips(Http(status, told, body), dice)

    some_server.pulls.clear()
    some_server.calls.clear()
    some_server.add(BRANCH, labels=["minor"], approvers=["alice"])
    some_server.add("imagebot/old", state="closed", closed_at="2026-01-01T12:00:00Z", closed_by="alice")
    some_server.add("imagebot/done", state="closed", merged_at="2026-01-01T12:00:00Z", closed_by="alice")
    some_server.slips = {nth: slip}
    for ask in life(any_client(some_server)):
        with suppress(WorldError):
            ask()
    # Whatever it then asks for may be about pull requests that there are none of.
    some_server.violations.clear()


LOUD = sorted(spellings())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 422, 429, 500])
@pytest.mark.parametrize("before", [0, 270])
def test_what_a_forge_or_a_proxy_repeats_of_our_request_is_not_shown(
    some_server: ForgeServer, status: int, before: int
) -> None:
    """Nor half of it, where its words are cut."""
    some_server.token = PASSWORD
    Secret(f"canary:{PASSWORD}")
    words = [f"{'w' * before} you sent {loud}" for loud in LOUD]
    refused = json.dumps({"message": words, "errors": [{"message": word} for word in words]}).encode()
    some_server.faults = [Fault(verb, status, body=refused) for verb in ("GET", "POST")]
    forge = any_client(some_server)
    for ask in (lambda: forge.open_pulls("imagebot/"), lambda: forge.create(proposal())):
        with pytest.raises(WorldError) as caught:
            ask()
        shown = str(caught.value)
        assert [loud for loud in LOUD if loud in shown] == []
        assert "tweet" not in shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        pytest.param("GL-HOOK-ERR: sign your commits", "GL-HOOK-ERR: sign your commits", id="a hook's"),
        pytest.param("a\x1b]0;X\x07b\u202ec", r"a\x1b]0;X\x07b\u202ec", id="a terminal's orders"),
        pytest.param("two\nlines", "two lines", id="lines"),
    ],
)
def test_a_refusal_is_told_in_the_forges_own_words(some_server: ForgeServer, said: str, shown: str) -> None:
    some_server.faults = [Fault("POST", 403, body=json.dumps({"message": said}).encode())]
    with pytest.raises(WorldError) as caught:
        any_client(some_server).create(proposal())

    assert f": {shown}. The token needs" in str(caught.value)


def test_a_forge_that_is_down_says_so(some_server: ForgeServer) -> None:
    page = b"<html>" + b"x" * 100_000
    some_server.faults = [Fault("GET", 502, body=page)]
    with pytest.raises(Unavailable, match="answered 502 when asked to list") as caught:
        any_client(some_server).open_pulls("imagebot/")

    assert len(str(caught.value)) < 200


def test_an_app_is_asked_nothing_twice(github_server: GitHubServer) -> None:
    with serving(lambda _: Answer(body=b"[]")) as served:
        github_server.url = served.url + github_server.prefix
        assert any_client(github_server).open_pulls("imagebot/") == ()
        assert len(served.asked) == 1
