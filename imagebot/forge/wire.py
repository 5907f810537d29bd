"""Requests to a forge's API, one after another: its pace, its bans, its pages, and every failure as our errors.

What differs between forges is how one request is sent (`Ask`) and what their API calls a few things (`Dialect`).
Nothing is ever sent twice: a write that failed may have had its effect.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from imagebot.bans import Ban, Bans, Remembers, ToldToWait
from imagebot.errors import BadResponse, NotFound, Refused, Unavailable, WorldError
from imagebot.forge.documents import read_json
from imagebot.forge.manners import Manners
from imagebot.forge.moved import moved, netloc
from imagebot.forge.pages import ListPage, ListPages, Pager
from imagebot.forge.refusals import Unprocessable, failures, is_limit, is_used_up, refusal, said, wait, words_of
from imagebot.forge.transport import Reply, TooLarge

Parameters = Mapping[str, str | int]
Body = Mapping[str, object] | Sequence[object] | None
"""A list is a patch (RFC 6902)."""
Ask = Callable[[str, str, Parameters, Body], Reply]
"""Sends one request: verb, path below the API's URL, query, body. Raises what `failures` knows."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """`rights` is what credentials must be allowed.

    `graphql` is the path of that API, where there is one. Seconds keep writes, and questions, apart. `status` is
    that of HTTP for what an answer says, where the forge has another. `always` stands in every query.
    """

    host: str
    pager: Pager
    rights: str
    between_writes_s: float
    between_reads_s: float = 0.0
    graphql: str = ""
    status: Callable[[Reply], int] = lambda reply: reply.status
    always: Parameters = field(default_factory=dict)


class Wire:
    """One API with one credential. `writes` counts the requests sent to change something.

    `account` names host and credential and tells no secret: bans go by it. `find` is told where a redirect leads, and
    answers the URL that the repository has now, or nothing.
    """

    def __init__(self, ask: Ask, dialect: Dialect, manners: Manners, account: Callable[[], str]) -> None:
        self.host = dialect.host
        self.writes = 0
        self.find: Callable[[str], str] = lambda _: ""
        self._ask = ask
        self._dialect = dialect
        self._manners = manners
        self._account = account
        self._remembers: Remembers | None = None

    def begin(self, remembers: Remembers) -> None:
        """Heed what is remembered of bans, and have those to come remembered. Raises what a store raises."""
        self._remembers = remembers
        self._bans.recall_from(remembers, self._name())

    @property
    def ban(self) -> Ban | None:
        """The one in force."""
        return self._bans.current(self._name())

    def get(self, task: str, path: str, **parameters: str | int) -> Any:
        """One answer. `task` completes "the host would not …" in the words of an error."""
        return self._done(task, "GET", path, parameters)[1]

    def get_list(self, task: str, path: str, **parameters: str | int) -> list[Any]:
        """The items of a list that comes whole."""
        return self._list(task, self._done(task, "GET", path, parameters)[1])

    def get_all(self, task: str, path: str, **parameters: str | int) -> Iterator[Any]:
        """The items of every page, one request for each. ListPages are asked for by number: no link is followed.

        A list that may be short raises `BadResponse` at its end: what is not on it is not known to be absent.
        """
        size = self._dialect.pager.most
        pages = ListPages(self.host, task, size, until_empty=self._dialect.pager.until_empty)
        while (number := pages.next) is not None:
            found = self._page(task, path, parameters, size, (number, pages.seen))
            pages.add(found)
            yield from found.items

    def query(self, task: str, path: str, body: Mapping[str, object]) -> Any:
        """One answer to a question that takes a body."""
        return self._done(task, "POST", path, {}, body)[1]

    def send(self, task: str, verb: str, path: str, body: Body = None) -> Any:
        """Change something, and answer what the forge says of it; None if it says nothing."""
        return self._write(lambda: self._done(task, verb, path, {}, body)[1])

    def ask_graph(self, task: str, query: str, variables: Mapping[str, object]) -> Any:
        """What GraphQL answers to a query: its `data`."""
        body = {"query": query, "variables": dict(variables)}
        reply, answer = self._done(task, "POST", self._dialect.graphql, {}, body)
        if not isinstance(answer, dict):
            raise BadResponse(f"{self.host} answered something that makes no sense when asked to {task}")
        if answer.get("errors"):
            raise self._graph_refusal(answer, reply, task)
        return answer.get("data")

    def change_graph(self, task: str, mutation: str, variables: Mapping[str, object]) -> Any:
        """Change something through GraphQL."""
        return self._write(lambda: self.ask_graph(task, mutation, variables))

    def peek(self, task: str, path: str) -> Reply:
        """One answer as it comes, whatever its status."""
        return self._exchange(task, "GET", path, {}, None)

    @property
    def _bans(self) -> Bans:
        return self._manners.bans

    def _write(self, send: Callable[[], Any]) -> Any:
        self._bans.check(self._name())
        with self._manners.lanes.write(self.host, self._dialect.between_writes_s):
            # Whoever was before us may have been told to wait.
            self._bans.check(self._name())
            self.writes += 1
            return send()

    def _name(self) -> str:
        with failures(self.host, "read the credentials"):
            return self._account()

    def _page(self, task: str, path: str, parameters: Parameters, size: int, place: tuple[int, int]) -> ListPage:
        """A page of this size, by its number and the items before it; where it is too large, the smaller ones that make
        it up.
        """
        pager = self._dialect.pager
        (number, before) = place
        try:
            reply, answer = self._done(task, "GET", path, {**parameters, **pager.asks(size, number, before)})
            items = self._list(task, pager.items(answer))
            return ListPage(items, reply.headers, hashlib.sha256(reply.body).hexdigest(), pager.more(answer))
        except TooLarge:
            if size == 1:
                raise
        parts = 10 if size % 10 == 0 else size
        small = size // parts
        places = [((number - 1) * parts + part + 1, before + part * small) for part in range(parts)]
        return _in_parts(lambda at: self._page(task, path, parameters, small, at), small, places)

    def _list(self, task: str, answer: object) -> list[Any]:
        if not isinstance(answer, list):
            raise BadResponse(f"{self.host} answered something that is no list when asked to {task}")
        return answer

    def _done(self, task: str, verb: str, path: str, parameters: Parameters, body: Body = None) -> tuple[Reply, Any]:
        reply = self._exchange(task, verb, path, parameters, body)
        if 300 <= reply.status < 400 and (location := reply.headers.get("Location")):
            raise self._moved(task, location)
        if reply.status == 405 and any("moved project" in text for text in said(reply.body)):
            raise self._moved(task, "")
        if not 200 <= reply.status < 300 or (reply.status == 202 and verb == "GET"):
            raise refusal(reply, self.host, task, self._dialect.rights)
        if verb != "GET" and not reply.body:
            return reply, None
        return reply, read_json(reply.body, f"{self.host} answered something that is no JSON when asked to {task}")

    def _exchange(self, task: str, verb: str, path: str, parameters: Parameters, body: Body) -> Reply:
        """One request, unless we were told to wait; whether we are now is heeded."""
        self._bans.check(self._name())
        with failures(self.host, task):
            if verb == "GET":
                self._manners.lanes.read(self.host, self._dialect.between_reads_s)
            reply = self._ask(verb, path, {**self._dialect.always, **parameters}, body)
            reply = replace(reply, status=self._dialect.status(reply))
        if is_limit(reply, reasons := said(reply.body) if reply.status >= 400 else ()):
            raise self._told_to_wait(reply, reasons)
        if reply.status < 300 and is_used_up(reply.headers) and (left := wait(reply.headers)):
            self._begin_ban("has answered as often as it does in this hour", left)
        return reply

    def _told_to_wait(self, reply: Reply, reasons: tuple[str, ...]) -> WorldError:
        words = f" ({reply.status}" + (f": {'; '.join(reasons)})" if reasons else ")")
        ban = self._begin_ban(f"asks us to slow down{words}", wait(reply.headers))
        return ToldToWait(ban, ban.seconds)

    def _begin_ban(self, because: str, seconds: float | None) -> Ban:
        ban = self._bans.begin(self._name(), f"{self.host} {because}", seconds)
        if self._remembers is not None:
            self._remembers.is_banned(ban)
        return ban

    def _moved(self, task: str, location: str) -> Refused:
        """Whoever is sent to another host asks nothing more: a renamed repository stays with its forge."""
        try:
            url = self.find(location) if netloc(location) in ("", self.host) else ""
        except WorldError:
            url = ""
        return moved(self.host, task, location, url)

    def _graph_refusal(self, answer: dict[str, Any], reply: Reply, task: str) -> WorldError:
        """GraphQL says with a status of 200 what went wrong."""
        host, errors = self.host, answer["errors"] if isinstance(answer["errors"], list) else []
        kinds = {str(error.get("type")) for error in errors if isinstance(error, dict)}
        reasons = words_of({"errors": errors})
        words = f"{host} would not {task}" + (f": {'; '.join(reasons)}" if reasons else "")
        if "RATE_LIMITED" in kinds or any("rate limit" in text.lower() for text in reasons):
            return self._told_to_wait(reply, reasons)
        if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
            return Refused(f"{words}. The token needs {self._dialect.rights}")
        if "NOT_FOUND" in kinds:
            return NotFound(f"{words}. It says the same of what the token may not see: check both")
        if any("went wrong" in text for text in reasons):
            return Unavailable(words)
        return Unprocessable(words, reply.status, reasons)


def _in_parts(page: Callable[[tuple[int, int]], ListPage], size: int, places: Sequence[tuple[int, int]]) -> ListPage:
    """The pages of this size at these places, as one.

    One thing that is too large by itself cannot be read, and hides no other; two are more than bad luck.
    """
    whole = ListPage([], {}, "")
    for place in places:
        try:
            more = page(place)
        except TooLarge:
            if size > 1 or None in whole.items:
                raise
            more = ListPage([None], {}, f"{place[0]} is too large")
        whole = ListPage([*whole.items, *more.items], more.headers, f"{whole.mark} {more.mark}", more.more)
        if len(more.items) < size:
            break
    return whole
