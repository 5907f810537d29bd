"""What the fake forges share: HTTP, faults on the way, the count of what came, a description to hold all of it against.

Set `pulls` and `faults` before, look at `pulls`, `calls` and `violations` after. What breaks the forge's description,
or its documented limits, is a violation: the test fails.
"""

from __future__ import annotations

import copy
import json
import re
import select
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

import pytest

from imagebot.knownforges import ForgeKind
from tests.support.api_descriptions import Source
from tests.support.graphql_schema import Schema
from tests.support.openapi import Call, Description

GRAPHQL = "/api/graphql"
Answer = tuple[int, Any]
_Read = TypeVar("_Read")
Kind = Literal["reset", "hang", "truncated"]


@dataclass
class Pull:
    """A pull request as the server keeps it. `head` is a branch of the repository `head_repo` (None: deleted)."""

    number: int
    head: str
    title: str = ""
    body: str | None = None
    base: str = "main"
    state: Literal["open", "closed"] = "open"
    head_repo: str | None = "acme/environments"
    merged_at: str | None = None
    closed_at: str | None = None
    closed_by: str | None = None
    labels: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    updated: int = 0
    changed_at: str = "2026-01-01T10:00:00Z"
    branch_gone: bool = False
    draft: bool = False
    auto_merge: bool = False
    merge_message: tuple[str | None, str | None] = (None, None)
    merges_head: str = ""
    head_sha: str = "1" * 40
    approvers: list[str] = field(default_factory=list)
    objectors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Fault:
    """What happens to the `nth` request with this verb (and path ending, and text in its body): before it takes
    effect, or after.
    """

    verb: str
    answer: int | Kind
    nth: int = 1
    ending: str = ""
    text: str = ""
    after: bool = False
    body: bytes = b'{"message": "Server Error"}'
    headers: tuple[tuple[str, str], ...] = ()

    def fits(self, call: Call) -> bool:
        there = call.path.endswith(self.ending) and self.text.encode() in call.body
        return call.verb == self.verb and there


class ForgeServer(ABC):
    """One repository, the people who may be asked for something, and the credentials that are accepted."""

    prefix: str
    """The path of the API on its host."""
    kind: ClassVar[ForgeKind]
    """What `forge:` says of it."""
    asks_by_comment: ClassVar[bool] = False
    """Whether nothing ticks there, and people ask for something by a comment. Who wrote one stands before a colon."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.repository = "acme/environments"
        self.url = ""
        self.token = "ghp_canary^%/+="
        self.author = "imagebot"
        self.collaborators = {"alice", "bob"}
        self.page = 100
        self.pulls: dict[int, Pull] = {}
        self.faults: list[Fault] = []
        self.next_writes: dict[int, Fault] = {}
        self.slips: dict[int, Callable[[int, bytes, Mapping[str, str]], bytes]] = {}
        """What goes out as the nth answer, all of it, made of what should: status, body and headers."""
        self.calls: list[Call] = []
        self.authorizations: list[str] = []
        self.violations: list[str] = []
        self.may_not: set[str] = set()
        """What the token may not write: `comments`, `labels`, `pulls`."""
        self.seconds_between_writes = 0.0
        self._last_write = 0.0
        self._now = 0
        self.lock = threading.Lock()
        self.heads: Callable[[], Mapping[str, str]] | None = None
        """The branches of the repository and their commits, where there is a real one."""

    def state(self) -> dict[str, Any]:
        """A copy of all that is kept here, but for what is published of its API."""
        return self._copy(vars(self))

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Be as it was when that was its state."""
        vars(self).clear()
        vars(self).update(self._copy(state))

    def _copy(self, state: Mapping[str, Any]) -> dict[str, Any]:
        shared = (self, *(state[name] for name in ("description", "lock", "heads")))
        return copy.deepcopy(dict(state), {id(one): one for one in shared})

    @property
    def writes(self) -> list[Call]:
        return [call for call in self.calls if self.is_write(call)]

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def git_path(self) -> str:
        """Where on its host git finds the repository."""
        return f"{self.repository}.git"

    def whole(self, pull: Pull) -> str:
        """What is said of a pull request, with what programs keep with it."""
        return pull.body or ""

    def add(self, head: str, **facts: Any) -> Pull:
        """Put a pull request there, as if somebody had opened it."""
        number = max(self.pulls, default=0) + 1
        self.pulls[number] = Pull(number, head, **facts)
        return self.touched(self.pulls[number])

    def touched(self, pull: Pull) -> Pull:
        """Something about it changed; a second passes."""
        self._now += 1
        pull.updated = self._now
        return pull

    def still_merges(self, pull: Pull) -> bool:
        """Whether it merges by itself, where a push ends that."""
        pull.auto_merge = pull.auto_merge and pull.merges_head in ("", pull.head_sha)
        return pull.auto_merge

    def fault(self, call: Call) -> Fault | None:
        """The fault that strikes this request: it was the nth of its kind, or the nth write of all."""
        if self.is_write(call) and len(self.writes) in self.next_writes:
            return self.next_writes[len(self.writes)]
        for fault in self.faults:
            if fault.fits(call) and sum(map(fault.fits, self.calls)) == fault.nth:
                return fault
        return None

    def answer(self, call: Call, authorization: str) -> Answer:
        """What the forge says; the description is held against both sides."""
        if self.heads is not None:
            there = self.heads()
            for pull in self.pulls.values():
                pull.head_sha = there.get(pull.head, pull.head_sha)
        if call.path == GRAPHQL:
            return self.graph(call, authorization)
        if wrong := self.description.wrong_with_request(call):
            self.violations.append(wrong)
            return 400, {"message": wrong}
        status, data = self.forbidden(call) or self.decide(call, authorization)
        described = self.as_described(data)
        wrong = self.description.wrong_with_answer(call, status, json.dumps(described).encode())
        if wrong and described is not None:
            self.violations.append(wrong)
        return status, data

    scopes: ClassVar[Mapping[str, str]] = {}
    """Which writes need which right: patterns of verb and path."""
    forbids: Answer = (403, {"message": "Forbidden"})

    def forbidden(self, call: Call) -> Answer | None:
        """What a token without the right is answered."""
        asked = f"{call.verb} {call.path}"
        return next((self.forbids for right in self.may_not if re.fullmatch(self.scopes[right], asked)), None)

    def is_write(self, call: Call) -> bool:
        """Whether the request is to change something: a question in GraphQL is sent with POST too."""
        return call.verb != "GET" and not (call.path == GRAPHQL and call.data["query"].lstrip().startswith("query"))

    def graph(self, call: Call, authorization: str) -> Answer:
        """What GraphQL answers; the schema is held against both sides."""
        if refused := self.refused(authorization):
            return refused
        answered = self.schema().answer(call.data, self.roots())
        if answered.wrong:
            self.violations.append(answered.wrong)
        return 200, answered.data

    def schema(self) -> Schema:
        """What the forge publishes of its GraphQL API."""
        raise AssertionError("this forge has no GraphQL")

    def roots(self) -> dict[str, Any]:
        """What GraphQL finds at the top."""
        return {}

    @abstractmethod
    def refused(self, authorization: str) -> Answer | None:
        """The answer to credentials that are wrong; None to good ones."""

    @abstractmethod
    def decide(self, call: Call, authorization: str) -> Answer:
        """The status and the body of the answer to a request that fits the description."""

    def as_described(self, data: Any) -> Any:
        """What of an answer can be held against the description; None for nothing."""
        return data

    def headers(self, call: Call) -> dict[str, str]:
        """What stands above the answer."""
        return {}

    def paced(self, call: Call, done: bool) -> None:
        """A write shall not begin until some time after the end of the last."""
        if not self.is_write(call):
            return
        if not done and time.monotonic() - self._last_write < self.seconds_between_writes * 0.9:
            self.violations.append(f"{call.verb} {call.path} came too soon after the last write")
        if done:
            self._last_write = time.monotonic()


class Handler(BaseHTTPRequestHandler):
    """HTTP for a `ForgeServer`, and the faults on the way."""

    protocol_version = "HTTP/1.1"
    # Else each answer waits 40 ms for an acknowledgement that is in no hurry.
    disable_nagle_algorithm = True
    forge: ForgeServer

    def serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Content-Type", "application/json")
        call = Call(self.command, parts.path.removeprefix(self.forge.prefix), parts.query, body, kind)
        with self.forge.lock:
            self.forge.paced(call, done=False)
            self.forge.calls.append(call)
            authorization = self.headers.get("Authorization", "")
            self.forge.authorizations.append(authorization)
            fault = self.forge.fault(call)
            status, data, headers = 500, None, {}
            if fault is None or fault.after:
                status, data = self.forge.answer(call, authorization)
                headers = self.forge.headers(call)
            self.forge.paced(call, done=True)
        if slip := self.forge.slips.get(len(self.forge.calls)):
            self.close_connection = True
            self.wfile.write(slip(status, b"" if data is None else json.dumps(data).encode(), headers))
        elif fault is None:
            self.reply(status, b"" if data is None else json.dumps(data).encode(), headers)
        elif isinstance(fault.answer, int):
            self.reply(fault.answer, fault.body, dict(fault.headers))
        else:
            self.misbehave(fault.answer)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve  # http.server looks for these

    def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        # Not `send_response`: it adds a Date of its own.
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def misbehave(self, kind: Kind) -> None:
        self.close_connection = True
        if kind == "hang":
            select.select([self.connection], [], [], 60)
        if kind == "truncated":
            self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"number": 1')

    def handle(self) -> None:
        # The client hung up, which is its good right. A traceback of it would be made with `ast`, which in Python 3.11
        # two threads must not use at once: pytest's is the other.
        with suppress(OSError):
            super().handle()

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()

    def log_message(self, *_: object) -> None:
        pass


def without_nulls(data: Any) -> Any:
    """What is not there is null in some answers, for which their descriptions have no word."""
    if isinstance(data, dict):
        return {key: without_nulls(value) for key, value in data.items() if value is not None}
    return [without_nulls(one) for one in data] if isinstance(data, list) else data


def or_skip(read: Callable[[Source], _Read], source: Source) -> _Read:
    """What is published of an API; skips the test that asks if nobody fetched it."""
    try:
        return read(source)
    except FileNotFoundError:
        fetch = "run `python -m tests.support.api_descriptions`"
        pytest.skip(f"the description of the API of {source.forge} is missing: {fetch}")


Server = TypeVar("Server", bound=ForgeServer)


@contextmanager
def served(forge: Server) -> Iterator[Server]:
    """The forge on a free port; leaving raises if it saw a violation."""
    handler = type("Bound", (Handler,), {"forge": forge})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        forge.url = f"http://127.0.0.1:{server.server_port}{forge.prefix}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield forge
        finally:
            server.shutdown()
            thread.join()
    assert not forge.violations, "\n".join(forge.violations)
