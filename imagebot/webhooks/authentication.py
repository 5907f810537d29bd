"""Whether a call is by who knows the secret. Bytes are compared, in constant time; text that is not ASCII cannot be."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """What came of a call before anything of it is read: headers by their names in lower case, and the raw body."""

    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> bytes:
        """What a header has, as it came; empty if there is none."""
        return self.headers.get(name, "").encode("latin-1", "replace")


Authenticates = Callable[[bytes, Evidence], bool]
"""From the secret and what came to whether the one knew the other."""


def signed(*headers: str, digest: str = "sha256", prefix: bytes = b"sha256=") -> Authenticates:
    """An HMAC of the raw body in hexadecimal digits, in one of these headers; with the prefix or without."""

    def authenticates(secret: bytes, evidence: Evidence) -> bool:
        expected = hmac.new(secret, evidence.body, digest).hexdigest().encode()
        given = [evidence.header(name).removeprefix(prefix) for name in headers]
        return _any_equal(expected, given)

    return authenticates


def carried(*headers: str) -> Authenticates:
    """The secret itself in one of these headers: alone, behind a scheme such as `Bearer`, or as a user's password."""

    def authenticates(secret: bytes, evidence: Evidence) -> bool:
        return _any_equal(secret, [word for name in headers for word in _words(evidence.header(name))])

    return authenticates


def signed_or_carried(header: str) -> Authenticates:
    """The secret itself, or an HMAC by it, in one header: JFrog does as it is told."""

    def authenticates(secret: bytes, evidence: Evidence) -> bool:
        return carried(header)(secret, evidence) or signed(header)(secret, evidence)

    return authenticates


def path_token(secret: bytes, name: str) -> str:
    """What the path of a receiver ends with whose source sends no secret: nobody guesses it, and it tells no secret."""
    return hmac.new(secret, b"imagebot webhook " + name.encode(), hashlib.sha256).hexdigest()


def equal(one: str, other: str) -> bool:
    """Whether both are the same, in a time that tells nothing."""
    return _any_equal(one.encode("latin-1", "replace"), [other.encode("latin-1", "replace")])


def _words(value: bytes) -> Iterator[bytes]:
    yield value
    scheme, blank, rest = value.partition(b" ")
    if blank:
        yield rest
    if scheme.lower() == b"basic":
        try:
            yield b64decode(rest, validate=True).partition(b":")[2]
        except ValueError:
            return


def _any_equal(expected: bytes, given: list[bytes]) -> bool:
    """All are compared, as it is nobody's business which it was. An empty secret is none."""
    matches = [hmac.compare_digest(expected, each) for each in given]
    return bool(expected) and any(matches)
