"""A token is asked for once, used while it is good, and shared only where everything about it is the same."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs

import pytest

from imagebot.errors import BadResponse, Refused, Unavailable, WorldError
from imagebot.proxies import DIRECT
from imagebot.registry.hosts import Hosts
from imagebot.registry.limits import PATIENCE, Deadline, Timeouts
from imagebot.registry.logins import Basic, Credential, Login, RefreshToken
from imagebot.registry.tokens import TokenFor, Tokens
from imagebot.registry.urls import Url
from imagebot.registry.waits import Waits
from imagebot.registry.wire import Count, Exchanges
from imagebot.secret import Secret
from tests.support.canary import PASSWORD, USERNAME, carriers
from tests.support.fake_registry import JSON, oci_error
from tests.support.web_function import Answer, Asked, Function, HangUp, Raw, Served

CANARY = Basic(USERNAME, Secret(PASSWORD))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def counting(**more: Any) -> Served:
    """A token server whose every token is another one."""
    numbers = iter(range(1000))

    def function(_: Asked) -> Answer:
        return Answer(200, (JSON,), json.dumps({"token": f"token-{next(numbers)}", **more}).encode())

    return Served(function)


def tokens() -> Tokens:
    return Tokens(Exchanges(Hosts("r.test", Url.parse("https://127.0.0.1"), listed=True), DIRECT, Count(), Waits()))


def wanted(server: Served, credential: Credential | None = None, repository: str = "acme/api") -> TokenFor:
    realm = Url.parse(f"{server.url}/token")
    return TokenFor(realm, "r.test", f"repository:{repository}:pull", Login(credential, "do something"))


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        pytest.param({}, True, id="not said"),
        pytest.param({"expires_in": 300}, True, id="five minutes"),
        pytest.param({"expires_in": 1e-9}, False, id="over at once"),
        pytest.param({"expires_in": 0}, True, id="zero is not said"),
        pytest.param({"expires_in": -5}, True, id="negative is not said"),
        pytest.param({"expires_in": "300"}, True, id="text is not said"),
        pytest.param({"expires_in": True}, True, id="true is not said"),
        pytest.param({"expires_in": None}, True, id="null is not said"),
        pytest.param({"expires_in": 10**15}, True, id="for ever"),
    ],
)
def test_a_token_is_kept_while_it_is_good(stack: ExitStack, more: dict[str, Any], kept: bool) -> None:
    server = stack.enter_context(counting(**more))
    some = tokens()
    got = [some.get(wanted(server), Deadline(PATIENCE)).reveal() for _ in range(2)]
    assert got == (["token-0", "token-0"] if kept else ["token-0", "token-1"])


def test_a_token_that_was_refused_is_renewed_once_for_all(stack: ExitStack) -> None:
    server = stack.enter_context(counting())
    some = tokens()
    first = some.get(wanted(server), Deadline(PATIENCE))
    again = [some.get(wanted(server), Deadline(PATIENCE), instead_of=first).reveal() for _ in range(2)]
    assert again == ["token-1", "token-1"]


def test_tokens_are_not_shared_between_credentials_images_and_services(stack: ExitStack) -> None:
    server = stack.enter_context(counting())
    some = tokens()
    asked = [
        wanted(server),
        wanted(server, CANARY),
        wanted(server, Basic(USERNAME, Secret("an0ther"))),
        wanted(server, repository="acme/web"),
        TokenFor(Url.parse(f"{server.url}/other"), "r.test", "repository:acme/api:pull", Login(None, "")),
        TokenFor(Url.parse(f"{server.url}/token"), "other.test", "repository:acme/api:pull", Login(None, "")),
    ]
    got = [some.get(each, Deadline(PATIENCE)).reveal() for each in asked]
    assert len(set(got)) == len(asked)
    assert [str(request.headers["Authorization"])[:6] for request in server.asked[:3]] == ["None", "Basic ", "Basic "]
    assert len(carriers(server.asked)) == 1


def test_a_refresh_token_is_posted_and_in_no_url(stack: ExitStack) -> None:
    server = stack.enter_context(counting())
    tokens().get(wanted(server, RefreshToken(Secret(PASSWORD))), Deadline(PATIENCE))
    [request] = server.asked
    assert str(request) == "POST /token"
    assert parse_qs(request.body.decode()) == {
        "grant_type": ["refresh_token"],
        "client_id": ["imagebot"],
        "refresh_token": [PASSWORD],
        "service": ["r.test"],
        "scope": ["repository:acme/api:pull"],
    }


def test_a_refresh_token_is_not_posted_twice(stack: ExitStack) -> None:
    """Some servers give a new one for each use: the first post may have counted."""

    def cut(_: Asked) -> Answer:
        raise HangUp

    server = stack.enter_context(Served(cut))
    with pytest.raises(Unavailable, match="cut the connection"):
        tokens().get(wanted(server, RefreshToken(Secret(PASSWORD))), Deadline(PATIENCE))
    assert len(server.asked) == 1


@pytest.mark.parametrize("key", ["token", "access_token"])
def test_a_token_has_one_of_two_names(stack: ExitStack, key: str) -> None:
    server = stack.enter_context(Served(lambda _: Answer(200, (JSON,), json.dumps({key: "a-token"}).encode())))
    assert tokens().get(wanted(server), Deadline(PATIENCE)).reveal() == "a-token"


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        pytest.param(oci_error(401, "UNAUTHORIZED"), Refused, r"\(401 UNAUTHORIZED\), twice: do something", id="401"),
        pytest.param(oci_error(403, "DENIED"), Refused, r"refuses repository:acme/api:pull \(403 DENIED\)", id="403"),
        pytest.param(Answer(400), Refused, r"\(400\)", id="400"),
        pytest.param(oci_error(429, "TOOMANYREQUESTS"), Unavailable, r"alone \(429 TOOMANYREQUESTS\)", id="429"),
        pytest.param(Answer(502, (), b"<html>"), Unavailable, r"failed \(502\), twice", id="502"),
        pytest.param(Answer(404), BadResponse, "404", id="404"),
        pytest.param(Answer(200, (), b"{}"), BadResponse, "no token", id="none"),
        pytest.param(Answer(200, (), b'{"token": 5}'), BadResponse, "no token", id="number"),
        pytest.param(Answer(200, (), b'{"token": ""}'), BadResponse, "no token", id="empty"),
        pytest.param(Answer(200, (), b'{"token": "a\\r\\nHost: x"}'), BadResponse, "no token", id="header in it"),
        pytest.param(Answer(200, (), b'{"token": "\\u00e9"}'), BadResponse, "no token", id="no ASCII"),
        pytest.param(Answer(200, (), b"[]"), BadResponse, "no object", id="list"),
        pytest.param(Answer(200, (), b"token"), BadResponse, "no JSON", id="no JSON"),
        pytest.param(Answer(200, (), b'{"token": "' + b"a" * 65536 + b'"}'), BadResponse, "64 KiB", id="too large"),
    ],
)
def test_a_token_server_that_gives_none_says_why(
    stack: ExitStack, answer: Answer, error: type[WorldError], message: str
) -> None:
    server = stack.enter_context(Served(lambda _: answer))
    with pytest.raises(error, match=message):
        tokens().get(wanted(server, CANARY), Deadline(PATIENCE))


def failing(times: int, how: Answer | None) -> Function:
    """A token server that fails so many times, by this answer or by a cut, before it gives a token."""
    left = iter(range(times))

    def function(_: Asked) -> Answer:
        if next(left, None) is None:
            return Answer(200, (JSON,), b'{"token": "a-token"}')
        if how is None:
            raise HangUp
        return how

    return function


FAILURES = [
    pytest.param(oci_error(401, "UNAUTHORIZED"), Refused, r"refuses .* \(401 UNAUTHORIZED\), twice: do some", id="401"),
    pytest.param(Answer(500), Unavailable, r"the token server .* failed \(500\), twice$", id="500"),
    pytest.param(Answer(502), Unavailable, r"failed \(502\), twice$", id="502"),
    pytest.param(Answer(503), Unavailable, r"failed \(503\), twice$", id="503"),
    pytest.param(None, Unavailable, "cut the connection, twice$", id="cut"),
]


@pytest.mark.parametrize(("how", "error", "message"), FAILURES)
def test_one_failure_of_a_token_server_costs_nobody_the_pass(
    stack: ExitStack, how: Answer | None, error: type[WorldError], message: str
) -> None:
    once = stack.enter_context(Served(failing(1, how)))
    assert tokens().get(wanted(once, CANARY), Deadline(PATIENCE)).reveal() == "a-token"
    twice = stack.enter_context(Served(failing(2, how)))
    with pytest.raises(error, match=message):
        tokens().get(wanted(twice, CANARY), Deadline(PATIENCE))
    assert len(twice.asked) == 2


def test_a_token_server_that_says_nothing_is_asked_once_more(stack: ExitStack) -> None:
    over = threading.Event()
    numbers = iter(range(10))

    def function(_: Asked) -> Answer | Raw:
        if next(numbers) == 0:
            over.wait(20)
        return Answer(200, (JSON,), b'{"token": "a-token"}')

    server = stack.enter_context(Served(function))
    impatient = Deadline(Timeouts(read=0.1))
    assert tokens().get(wanted(server), impatient).reveal() == "a-token"
    over.set()
    assert len(server.asked) == 2


@pytest.mark.parametrize("answer", [Answer(400), oci_error(403, "DENIED"), Answer(404), Answer(200, (), b"{}")])
def test_what_asking_again_cannot_change_is_not_asked_again(stack: ExitStack, answer: Answer) -> None:
    server = stack.enter_context(Served(lambda _: answer))
    with pytest.raises(WorldError):
        tokens().get(wanted(server, CANARY), Deadline(PATIENCE))
    assert len(server.asked) == 1


def test_a_wrong_password_is_shown_twice_a_pass_and_once_for_each_image(stack: ExitStack) -> None:
    """A hundred images with two tries each would look like somebody who guesses."""
    server = stack.enter_context(Served(lambda _: oci_error(401, "UNAUTHORIZED")))
    some = tokens()
    for _ in range(2):
        before = len(server.asked)
        for number in range(5):
            with pytest.raises(Refused):
                some.get(wanted(server, CANARY, f"acme/{number}"), Deadline(PATIENCE))
        assert len(server.asked) - before == 6
        some.new_pass()
