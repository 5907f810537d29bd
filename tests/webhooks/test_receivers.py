"""Who may call, how often, and what is made of a call."""

from __future__ import annotations

import hmac
import json
import tracemalloc
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from imagebot.http_server import WebPage, WebRequest
from imagebot.observe.events import Event
from imagebot.observe.webhooks import WebhookCalled, WebhookRefused
from imagebot.secret import SecretFile
from imagebot.settings.webhooks import NAMELESS, Receiver, SourceType
from imagebot.webhooks.receivers import BURST, Receivers, path_of
from imagebot.webhooks.sources import SOURCES
from imagebot.webhooks.subject import PushedImage, Subject

SECRET = "hünter2-hunter2"
BODY = json.dumps({"repository": "reg.test/app"}).encode()


def mac(body: bytes, digest: str = "sha256") -> str:
    return hmac.new(SECRET.encode(), body, digest).hexdigest()


@dataclass
class Called:
    """Receivers of all types, each named as its type, with what they heard and told."""

    folder: Path
    now: float = 1000.0
    room: bool = True
    heard: list[Subject] = field(default_factory=list)
    told: list[Event] = field(default_factory=list)
    receivers: Receivers = field(init=False)

    def __post_init__(self) -> None:
        self.secret.write_text(f"{SECRET}\n", encoding="utf-8")
        every = {source: self.receiver(source) for source in SOURCES}
        self.receivers = Receivers(
            {str(name): one for name, one in every.items()}, self.hear, self.told.append, self.clock
        )

    @property
    def secret(self) -> Path:
        return self.folder / "secret"

    def receiver(self, source: SourceType) -> Receiver:
        registry = "reg.test" if source in NAMELESS else None
        return Receiver(type=source, secret_file=SecretFile(self.secret), registry=registry)

    def hear(self, receiver: str, subjects: Sequence[Subject]) -> bool:
        assert receiver in SOURCES
        self.heard += subjects if self.room else []
        return self.room

    def clock(self) -> float:
        return self.now

    def call(self, path: str, headers: dict[str, str] | None = None, body: bytes = BODY) -> WebPage:
        return self.receivers.answer(WebRequest("POST", path, headers or {}, body))

    @property
    def answers(self) -> list[str]:
        return [event.answer for event in self.told if isinstance(event, WebhookCalled)]


@pytest.fixture
def called(tmp_path: Path) -> Called:
    return Called(tmp_path)


def latin(text: str) -> str:
    """How http hands on what was sent as UTF-8."""
    return text.encode().decode("latin-1")


BASIC = b64encode(f"anybody:{SECRET}".encode()).decode()
GOOD: list[tuple[SourceType, dict[str, str]]] = [
    ("generic", {"x-signature": f"sha256={mac(BODY)}"}),
    ("github", {"x-hub-signature-256": f"sha256={mac(BODY)}"}),
    ("gitea", {"x-hub-signature-256": f"sha256={mac(BODY)}"}),
    ("gitea", {"x-gitea-signature": mac(BODY)}),
    ("bitbucket", {"x-hub-signature": f"sha256={mac(BODY)}"}),
    ("nexus", {"x-nexus-webhook-signature": mac(BODY, "sha1")}),
    ("jfrog", {"x-jfrog-event-auth": mac(BODY)}),
    ("jfrog", {"x-jfrog-event-auth": latin(SECRET)}),
    ("gitlab", {"x-gitlab-token": latin(SECRET)}),
    ("harbor", {"authorization": latin(SECRET)}),
    ("harbor", {"authorization": latin(f"Bearer {SECRET}")}),
    ("azure", {"authorization": f"Basic {BASIC}"}),
    ("ecr", {"x-webhook-secret": latin(SECRET)}),
    ("acr", {"authorization": latin(SECRET)}),
    ("distribution", {"authorization": latin(f"Bearer {SECRET}")}),
]


@pytest.mark.parametrize(("source", "headers"), GOOD)
def test_who_proves_that_it_knows_the_secret_is_heard(
    called: Called, source: SourceType, headers: dict[str, str]
) -> None:
    assert called.call(f"/hook/{source}", headers).status in (200, 202)


@pytest.mark.parametrize(("source", "headers"), GOOD)
@pytest.mark.parametrize("how", ["nothing", "changed", "cut", "empty", "foreign", "body"])
def test_who_does_not_is_not(called: Called, source: SourceType, headers: dict[str, str], how: str) -> None:
    forged = {
        "nothing": {},
        "changed": {name: f"{value[:-1]}{'0' if value[-1] != '0' else '1'}" for name, value in headers.items()},
        "cut": {name: value[:-1] for name, value in headers.items()},
        "empty": dict.fromkeys(headers, ""),
        "foreign": dict.fromkeys(headers, "\xff\u20ac"),
        "body": headers,
    }[how]
    signed = any(mac(BODY) in value or mac(BODY, "sha1") in value for value in headers.values())
    body = BODY + b" " if how == "body" and signed else BODY
    if how == "body" and not signed:
        forged = dict.fromkeys(headers, "")
    assert called.call(f"/hook/{source}", forged, body).status == 403
    assert called.heard == []
    assert called.answers == ["forged"]


UNSIGNED: list[SourceType] = [source for source, row in SOURCES.items() if row.authenticates is None]


@pytest.mark.parametrize("source", UNSIGNED)
def test_who_sends_no_secret_is_known_by_its_path(called: Called, source: SourceType) -> None:
    path = path_of(source, called.receiver(source))
    assert SECRET not in path
    assert called.call(path, {"authorization": latin(SECRET)}).status in (200, 202)
    for other in (f"/hook/{source}", f"/hook/{source}/", path[:-1], f"{path}0", path.replace("hook", "hooks")):
        assert called.call(other, {"authorization": latin(SECRET)}).status in (403, 404)


def test_each_name_has_a_path_of_its_own(called: Called) -> None:
    quay = called.receiver("quay")
    assert path_of("a", quay).rpartition("/")[2] != path_of("b", quay).rpartition("/")[2]


@pytest.mark.parametrize(
    "path", ["/", "/hook", "/hook/", "/hook/nobody", "/x/hook/generic", "//hook/generic", "/hook/generic/x"]
)
def test_no_other_path_is_served(called: Called, path: str) -> None:
    assert called.call(path, {"x-signature": f"sha256={mac(BODY)}"}).status in (403, 404)
    assert called.heard == []


def signed(body: bytes) -> dict[str, str]:
    return {"x-signature": f"sha256={mac(body)}"}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[" * 100_000, b"1" * 10_000, b'{"repository": "reg.test/app"'],
    ids=["nothing", "half", "no UTF-8", "deep", "a long number", "cut"],
)
def test_what_is_no_json_is_refused(called: Called, body: bytes) -> None:
    assert called.call("/hook/generic", signed(body), body).status == 400


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"7", b'{"repository": {}}'])
def test_json_without_a_name_is_thanked_for(called: Called, body: bytes) -> None:
    assert called.call("/hook/generic", signed(body), body).status == 200
    assert called.answers == ["nothing"]


def test_a_call_is_heard_and_says_no_more_than_that(called: Called) -> None:
    page = called.call("/hook/generic", signed(BODY))
    assert (page.status, page.body) == (202, b"it is looked at soon\n")
    assert called.heard == [PushedImage("reg.test", "app")]
    assert called.told == [WebhookCalled("generic", "heeded")]


def github(delivery: str) -> dict[str, str]:
    return {"x-hub-signature-256": f"sha256={mac(BODY)}", "x-github-delivery": delivery, "x-github-event": "ping"}


def test_a_delivery_that_comes_again_is_heard_once(called: Called) -> None:
    for delivery in ("one", "one", "two"):
        assert called.call("/hook/github", github(delivery)).status == 200
    assert called.answers == ["nothing", "again", "nothing"]
    called.now += 24 * 3600 + 1
    called.call("/hook/github", github("one"))
    assert called.answers[-1] == "nothing"


def test_a_call_that_was_refused_may_come_again(called: Called) -> None:
    body = b'{"ref": "refs/heads/main", "repository": {"clone_url": "https://github.com/acme/environments.git"}}'
    headers = {**github("one"), "x-github-event": "push", "x-hub-signature-256": f"sha256={mac(body)}"}
    called.room = False
    assert called.call("/hook/github", headers, body).status == 429
    called.room = True
    assert called.call("/hook/github", headers, body).status == 202
    assert called.call("/hook/github", headers, body).status == 200
    assert called.answers == ["too_many", "heeded", "again"]


def test_a_delivery_with_an_endless_name_is_remembered_in_short(called: Called) -> None:
    tracemalloc.start()
    for letter in "ab":
        body = json.dumps({"id": letter * 900_000, "action": "ping"}).encode()
        for _ in range(2):
            called.call("/hook/acr", {"authorization": latin(SECRET)}, body)
    del body
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert called.answers == ["nothing", "again"] * 2
    assert kept < 100_000


def test_names_without_end_are_none(called: Called) -> None:
    for key in ("repository", "url"):
        body = json.dumps({key: f"https://reg.test/{'a' * 900_000}"}).encode()
        assert called.call("/hook/generic", signed(body), body).status == 200
    assert called.heard == []


def test_a_form_is_read_as_github_sends_one(called: Called) -> None:
    said = json.dumps({"ref": "refs/heads/main", "repository": {"clone_url": "https://github.com/acme/env"}})
    body = urlencode({"payload": said}).encode()
    headers = {**github("x"), "x-github-event": "push", "x-hub-signature-256": f"sha256={mac(body)}"}
    headers["content-type"] = "application/x-www-form-urlencoded"
    assert called.call("/hook/github", headers, body).status == 202
    many = urlencode([("a", "b")] * 30).encode()
    headers |= {"x-hub-signature-256": f"sha256={mac(many)}", "x-github-delivery": "y"}
    assert called.call("/hook/github", headers, many).status == 400


def test_json_is_read_whatever_it_is_called(called: Called) -> None:
    """Curl calls whatever it posts a form."""
    headers = {**signed(BODY), "content-type": "application/x-www-form-urlencoded"}
    assert called.call("/hook/generic", headers).status == 202


def test_who_calls_nobody_is_not_even_read(called: Called) -> None:
    for path, known in (("/hook/nobody", False), ("/", False), ("/hook/generic", True)):
        assert (called.receivers.refuses(WebRequest("POST", path, {})) is None) == known
    assert called.answers == ["no_receiver"] * 2


def test_a_forged_call_uses_up_no_delivery(called: Called) -> None:
    called.call("/hook/github", {**github("one"), "x-hub-signature-256": "sha256=00"})
    called.call("/hook/github", github("one"))
    assert called.answers == ["forged", "nothing"]


def test_a_flood_of_one_keeps_no_other_waiting(called: Called) -> None:
    for _ in range(int(BURST)):
        assert called.call("/hook/generic", signed(BODY)).status == 202
    assert called.call("/hook/generic", signed(BODY)).status == 429
    assert called.call("/hook/gitlab", {"x-gitlab-token": latin(SECRET)}).status == 200
    called.now += 1.0
    assert called.call("/hook/generic", signed(BODY)).status == 202


def test_a_flood_of_forgeries_keeps_its_receiver_from_nothing(called: Called) -> None:
    for _ in range(int(BURST) + 10):
        called.call("/hook/generic")
    assert called.call("/hook/generic", signed(BODY)).status == 202


def test_what_is_refused_is_told_once_a_minute_with_how_often(called: Called) -> None:
    for _ in range(5):
        called.call("/hook/generic")
    called.now += 61.0
    called.call("/hook/generic")
    refused = [event for event in called.told if isinstance(event, WebhookRefused)]
    assert [(event.receiver, event.times) for event in refused] == [("generic", 1), ("generic", 5)]


def test_where_there_is_no_room_the_caller_is_told_to_come_again(called: Called) -> None:
    called.room = False
    assert called.call("/hook/generic", signed(BODY)).status == 429


def test_a_secret_is_read_anew_and_its_absence_is_nobodys_business(called: Called) -> None:
    called.secret.write_text("another one of that kind")
    assert called.call("/hook/generic", signed(BODY)).status == 403
    called.secret.unlink()
    page = called.call("/hook/generic", signed(BODY))
    assert page.status == 503
    assert str(called.folder) not in page.body.decode()
    assert called.answers[-1] == "no_secret"


def test_no_page_repeats_what_was_sent(called: Called) -> None:
    body: Any = json.dumps({"repository": "reg.test/<script>"}).encode()
    for page in (called.call("/hook/<script>"), called.call("/hook/generic", signed(body), body)):
        assert b"<" not in page.body
        assert page.content_type.startswith("text/plain")
