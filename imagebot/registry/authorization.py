"""Which `Authorization` a request to one registry carries, and to whom the credential behind it may be shown.

A password goes to the registry itself, over the registry's own scheme, or to its token server. A token server is
believed only on the registry's own host, on the host that a public registry is known to use, or where the settings list
it; over https, unless the registry is set to plain http and it is the same server, or the same loopback host.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from imagebot.clock import boottime
from imagebot.errors import BadResponse, Refused
from imagebot.images.reference import ImageName
from imagebot.registry.body import Response
from imagebot.registry.challenge import Challenge, parse_challenges
from imagebot.registry.hosts import Hosts
from imagebot.registry.limits import Deadline
from imagebot.registry.logins import Basic, Login, RegistryToken
from imagebot.registry.renewal import Clock
from imagebot.registry.tokens import TokenFor, Tokens
from imagebot.registry.urls import Url
from imagebot.registry.wire import Exchanges
from imagebot.secret import Secret

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_SERVICE_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class Bearer:
    """A challenge that was checked: whom to ask for a token, and in which service's name."""

    realm: Url
    service: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was sent along: the header's value, and the token in it if a token server gave it."""

    header: str | None = field(default=None, repr=False)
    token: Secret | None = None


class Authorization:
    """One registry's; remembers the last challenge, so that only the first image of a registry has to be refused."""

    def __init__(self, hosts: Hosts, wire: Exchanges, clock: Clock = boottime) -> None:
        self._hosts = hosts
        self._registry = hosts.registry
        self._tokens = Tokens(wire, clock)
        self._known: Bearer | Literal["basic"] | None = None

    def new_pass(self) -> None:
        """From now on a token server that refused a credential may be asked twice again."""
        self._tokens.new_pass()

    def first(self, name: ImageName, login: Login, deadline: Deadline) -> Attempt:
        """What to send before the registry has said anything."""
        if isinstance(login.credential, RegistryToken):
            return Attempt(login.credential.header())
        if isinstance(self._known, Bearer):
            return self._bearer(self._known, name, login, deadline)
        if isinstance(login.credential, Basic) and self._known == "basic":
            return Attempt(login.credential.header())
        return Attempt()

    def again(
        self, answer: Response, name: ImageName, login: Login, deadline: Deadline, before: Attempt
    ) -> Attempt | None:
        """What to send after a 401, or None if there is nothing better than before."""
        if isinstance(login.credential, RegistryToken):
            return None
        challenges = parse_challenges(answer.headers.get("WWW-Authenticate", ""))
        basic = any(challenge.scheme == "basic" for challenge in challenges)
        usable = basic and isinstance(login.credential, Basic)
        for challenge in challenges:
            if challenge.scheme == "bearer":
                try:
                    self._known = self.checked(challenge)
                except Refused:
                    if usable:
                        continue
                    raise
                return self._bearer(self._known, name, login, deadline, before.token)
        return self._basic(login, before) if usable else None

    def _basic(self, login: Login, before: Attempt) -> Attempt | None:
        assert isinstance(login.credential, Basic)
        self._known = "basic"
        attempt = Attempt(login.credential.header())
        return None if attempt == before else attempt

    def _bearer(
        self, bearer: Bearer, name: ImageName, login: Login, deadline: Deadline, refused: Secret | None = None
    ) -> Attempt:
        wanted = TokenFor(bearer.realm, bearer.service, f"repository:{name.repository}:pull", login)
        token = self._tokens.get(wanted, deadline, instead_of=refused)
        return Attempt(f"Bearer {token.reveal()}", token)

    def checked(self, challenge: Challenge) -> Bearer:
        """A bearer challenge whose token server may be asked. Raises `Refused`, and `BadResponse` if it is absurd."""
        service = challenge.parameters.get("service", "")
        if len(service) > _SERVICE_CHARACTERS:
            raise BadResponse(f"{self._registry} sent a challenge that is too long")
        try:
            realm = Url.parse(challenge.parameters.get("realm", ""))
        except ValueError as error:
            raise Refused(f"{self._registry} names a token server that cannot be asked: {error}") from None
        if not self._believed(realm):
            raise Refused(
                f"{self._registry} names {realm.origin} as its token server, which is not asked: "
                f"if that is right, list it as authHosts of {self._registry} under registries (https only)"
            )
        return Bearer(realm, service)

    def _believed(self, realm: Url) -> bool:
        base = self._hosts.base
        if realm.scheme == "http":
            same = realm.origin == base.origin
            return same or (base.scheme == "http" and realm.host == base.host and realm.host in _LOOPBACK)
        return self._hosts.is_trusted(realm)
