"""A token server as Docker's registries know it: signs RS256 tokens that carry their certificate (`x5c`)."""

from __future__ import annotations

import base64
import datetime as dt
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.support.web_function import Answer, Asked, Function

_LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_FAR_AWAY = dt.datetime(2120, 1, 1, tzinfo=dt.UTC)


@dataclass(slots=True)
class TokenServer:
    """Gives tokens to `users` for exactly the scopes they ask for; without users, to anybody.

    `stale` many tokens come out expired although they are said to be fresh, as from a server whose clock is wrong.
    """

    users: Mapping[str, str] = field(default_factory=dict)
    service: str = "registry of the tests"
    issuer: str = "token server of the tests"
    stale: int = 0
    scopes: list[str] = field(default_factory=list)
    certificate: bytes = field(init=False)
    _key: rsa.RSAPrivateKey = field(init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.certificate = _certificate(self._key).public_bytes(serialization.Encoding.PEM)

    def function(self) -> Function:
        """The server as a function, for `Served`."""
        return self._answer

    def _answer(self, asked: Asked) -> Answer:
        if self.users and asked.headers.get("Authorization") not in [_basic(user) for user in self.users.items()]:
            return Answer(401, (), b'{"errors":[{"code":"UNAUTHORIZED"}]}')
        with self._lock:
            scope = asked.query.get("scope", "")
            self.scopes.append(scope)
            age = 3600 if self.stale > 0 else 0
            self.stale -= 1
        token = self._sign(scope, asked.query.get("service", ""), int(time.time()) - age)
        return Answer(
            200, (("Content-Type", "application/json"),), json.dumps({"token": token, "expires_in": 300}).encode()
        )

    def _sign(self, scope: str, service: str, at: int) -> str:
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        claims = {
            "iss": self.issuer,
            "aud": service,
            "sub": "",
            "iat": at,
            "nbf": at,
            "exp": at + 300,
            "jti": str(len(self.scopes)),
            "access": [{"type": kind, "name": name, "actions": actions.split(",")}] if name else [],
        }
        der = x509.load_pem_x509_certificate(self.certificate).public_bytes(serialization.Encoding.DER)
        return jwt.encode(claims, self._key, "RS256", headers={"x5c": [base64.b64encode(der).decode()]})


def _basic(user: tuple[str, str]) -> str:
    return "Basic " + base64.b64encode(":".join(user).encode()).decode()


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "token server of the tests")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_LONG_AGO)
        .not_valid_after(_FAR_AWAY)
        .sign(key, hashes.SHA256())
    )
