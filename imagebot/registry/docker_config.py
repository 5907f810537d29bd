"""What a file of `docker login`'s, or a pull secret of Kubernetes', has for each registry.

What makes no sense concerns the registry that it stands for and no other. Kubernetes takes paths behind hosts, and `*`
for a part of a host, or some of it: https://kubernetes.io/docs/concepts/containers/images/#config-json
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from imagebot.errors import BadInput, Problem
from imagebot.images.reference import DOCKER_HUB, ImageName
from imagebot.registry.limits import MIB
from imagebot.registry.logins import Basic, Credential, RefreshToken, RegistryToken
from imagebot.regular import read_regular
from imagebot.secret import Secret

_HUB_KEY = "https://index.docker.io/v1/"
_WITH_STARS = re.compile(r"[A-Za-z0-9.*?-]+(?::[0-9]{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeptByProgram:
    """A program has it: `docker-credential-PROGRAM`, which knows the registry as `server`."""

    program: str
    server: str


@dataclass(frozen=True, slots=True)
class WrittenCredential:
    """What stands in a file, and where."""

    credential: Credential
    place: str


@dataclass(frozen=True, slots=True)
class DockerConfig:
    """One file: its text, and under which key of `auths` and `credHelpers` a `host` or `host/path` is found in it.

    `stars` are the keys of `auths` whose host is a pattern, by their path.
    """

    file: Path
    text: str = "{}"
    auths: Mapping[str, Any] = field(default_factory=dict)
    helpers: Mapping[str, Any] = field(default_factory=dict)
    store: object = None
    written: Mapping[str, str] = field(default_factory=dict)
    helped: Mapping[str, str] = field(default_factory=dict)
    stars: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    wrong: str = ""

    @classmethod
    def read(cls, file: Path) -> DockerConfig:
        """Raises `BadInput`, and `OSError` if it cannot be read."""
        document, text = _document(file)
        found = {key: document.get(key) or {} for key in ("auths", "credHelpers")}
        wrong = [key for key, value in found.items() if not isinstance(value, dict)]
        auths, helpers = ({} if key in wrong else found[key] for key in found)
        written = {_key(key): key for key in auths}
        return cls(
            file,
            text,
            auths,
            helpers,
            document.get("credsStore"),
            written,
            {_key(key): key for key in helpers},
            _with_stars(written),
            f"{wrong[0]} is no object" if wrong else "",
        )

    def at(self, scope: str) -> WrittenCredential | KeptByProgram | None:
        """What the file has for a `host` or `host/path`. Raises `BadInput` with file, line and key."""
        key = self._auth_key(scope)
        if key is not None:
            place = f"{self.file}:{_line(self.text, key)}"
            try:
                credential = _credential(self.auths[key])
            except ValueError as error:
                raise BadInput(f"{place}: {_shown(key)}: {error}") from None
            if credential is not None:
                return WrittenCredential(credential, place)
        if scope in self.helped:
            written = self.helped[scope]
            return self._kept(self.helpers[written], written, scope)
        return None if key is None else self._kept(self.store, key, scope)

    def in_store(self, registry: str) -> KeptByProgram | None:
        """What may know a registry that the file does not name: Docker asks its `credsStore` about all."""
        return self._kept(self.store, server_of(registry), registry) if isinstance(self.store, str) else None

    def _auth_key(self, scope: str) -> str | None:
        if scope in self.written:
            return self.written[scope]
        host, _, path = scope.partition("/")
        return next((key for pattern, key in self.stars.get(path, ()) if _fits(host, pattern)), None)

    def _kept(self, program: object, server: str, scope: str) -> KeptByProgram | None:
        if not program:
            return None
        if not isinstance(program, str):
            raise BadInput(f"{self.file}: the program that keeps the credentials of {scope} is no text")
        return KeptByProgram(_shown(program), server)


def server_of(registry: str) -> str:
    """What Docker calls a registry when it asks a program about it."""
    return _HUB_KEY if registry == DOCKER_HUB else registry


def scopes_of(name: ImageName) -> Iterator[str]:
    """`ghcr.io/acme/api`, `ghcr.io/acme`, `ghcr.io`."""
    key = str(name)
    while key:
        yield key
        key = key.rpartition("/")[0]


def _document(file: Path) -> tuple[dict[str, Any], str]:
    """Raises `BadInput`, and `OSError` if it cannot be read."""
    try:
        text = _data(file).decode("utf-8-sig")  # editors on Windows put a mark before it
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(Problem(str(file), error.lineno, error.colno, f"this is no JSON: {error.msg}")) from None
    except (ValueError, RecursionError):
        # Not UTF-8, nested too deep, or a number of thousands of digits.
        raise BadInput(f"{file}: this is no JSON text") from None
    if not isinstance(document, dict):
        raise BadInput(Problem(str(file), 1, 1, "Docker's config.json is an object"))
    return document, text


def _data(file: Path) -> bytes:
    """Raises `OSError`, and `BadInput` where it is too large."""
    data = read_regular(file, MIB)
    if len(data) > MIB:
        raise BadInput(f"{file}: too large for Docker's config.json")
    return data


def _line(text: str, key: str) -> int:
    """Where `key` stands, if it is written without escapes; else the first line."""
    return text.count("\n", 0, max(text.find(json.dumps(key, ensure_ascii=False)), 0)) + 1


def _shown(text: str) -> str:
    """On one line, whatever is in it."""
    return text[:200] if text.isascii() and text.isprintable() else ascii(text[:200])


def _key(written: str) -> str:
    """The canonical `host` or `host/path` of a key: Docker Hub's is `https://index.docker.io/v1/`."""
    rest = written.removeprefix("https://").removeprefix("http://").rstrip("/")
    host, _, path = rest.partition("/")
    try:
        host = ImageName.parse(f"{host}/x").registry
    except ValueError:
        if not _WITH_STARS.fullmatch(host):
            return rest
        host = host.lower()
    return f"{host}/{path}" if path and path not in ("v1", "v2") else host


def _with_stars(written: Mapping[str, str]) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Those whose host is a pattern, by path; the longest first, as it says most."""
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for scope in sorted((scope for scope in written if "*" in scope or "?" in scope), key=len, reverse=True):
        host, _, path = scope.partition("/")
        if _WITH_STARS.fullmatch(host):
            found[path].append((host, written[scope]))
    return found


def _fits(host: str, pattern: str) -> bool:
    """Part by part: `*.acme.test` is neither `acme.test` nor `a.b.acme.test`."""
    (name, _, port), (like, _, like_port) = host.partition(":"), pattern.partition(":")
    parts, likes = name.split("."), like.split(".")
    return port == like_port and len(parts) == len(likes) and all(map(fnmatchcase, parts, likes))


def _credential(entry: object) -> Credential | None:
    """What one entry holds, if anything. Raises `ValueError` that does not repeat it."""
    if not isinstance(entry, dict):
        raise ValueError("the entry is no object")
    values = {key: entry.get(key) or "" for key in ("auth", "username", "password", "identitytoken", "registrytoken")}
    if not all(isinstance(value, str) for value in values.values()):
        raise ValueError("the entry holds something that is no text")
    if values["registrytoken"]:
        return RegistryToken(Secret(values["registrytoken"]))
    if values["identitytoken"]:
        return RefreshToken(Secret(values["identitytoken"]))
    username, password = _decoded(values["auth"]) if values["auth"] else (values["username"], values["password"])
    return Basic(username, Secret(password)) if username or password else None


def _decoded(auth: str) -> tuple[str, str]:
    try:
        pair = b64decode(auth, validate=True).decode()
    except ValueError:
        raise ValueError("auth is not the base64 of user:password") from None
    username, colon, password = pair.partition(":")
    if not colon:
        raise ValueError("auth is not the base64 of user:password")
    return username, password.rstrip("\0")
