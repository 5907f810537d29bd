"""Docker's config.json, as `docker login` and Kubernetes' pull secrets write it; read again when the file changes.

Programs that it names (`credsStore`, `credHelpers`) are not run: their registries are asked without a credential, and
if one refuses that, the advice says why.
"""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imagebot.errors import BadInput, Problem
from imagebot.images.reference import ImageName
from imagebot.registry.limits import MIB
from imagebot.registry.logins import Basic, Credential, Login, RefreshToken, RegistryToken
from imagebot.secret import Secret

_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Content:
    """Logins by `host` or `host/path`; `programs` names the helper that keeps a host's credential."""

    logins: Mapping[str, Login | BadInput] = field(default_factory=dict)
    programs: Mapping[str, str] = field(default_factory=dict)


class DockerConfig:
    """One config.json. A file that is not there has no credentials."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._stamp: _Stamp | None = None
        self._content = _Content()

    def login(self, name: ImageName) -> Login | None:
        """The login for `name`: of the longest path that is configured, else of the host.

        Raises `BadInput` with file and line when the file, or the entry, cannot be read.
        """
        content = self._current()
        if content is None:
            return Login(None, f"there is no {self._file}, and imagebot.yaml has no credentials under registries")
        for key in _scopes(name):
            found = content.logins.get(key)
            if isinstance(found, BadInput):
                raise found
            if found is not None:
                return found
            if key in content.programs:
                program = f"docker-credential-{content.programs[key]}"
                return Login(None, f"{self._file} keeps its credentials in {program}, which imagebot does not run")
        return None

    def _current(self) -> _Content | None:
        with self._lock:
            try:
                state = self._file.stat()
                stamp = (state.st_mtime_ns, state.st_size, state.st_ino)
                if stamp != self._stamp:
                    self._content = _parse(self._file)
                    self._stamp = stamp
            except FileNotFoundError:
                return None
            except OSError as error:
                raise BadInput(f"cannot read {self._file}: {error.strerror}") from None
            return self._content


def _scopes(name: ImageName) -> Iterator[str]:
    """`ghcr.io/acme/api`, `ghcr.io/acme`, `ghcr.io`."""
    key = str(name)
    while key:
        yield key
        key = key.rpartition("/")[0]


def _parse(file: Path) -> _Content:
    with file.open("rb") as opened:
        data = opened.read(MIB + 1)
    if len(data) > MIB:
        raise BadInput(f"{file}: too large for Docker's config.json")
    try:
        text = data.decode()
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(Problem(str(file), error.lineno, error.colno, f"this is no JSON: {error.msg}")) from None
    except (ValueError, RecursionError):
        # Not UTF-8, nested too deep, or a number of thousands of digits.
        raise BadInput(f"{file}: this is no JSON text") from None
    if not isinstance(document, dict):
        raise BadInput(Problem(str(file), 1, 1, "Docker's config.json is an object"))
    return _content(file, text, document)


def _content(file: Path, text: str, document: Mapping[str, Any]) -> _Content:
    entries = _mapping(file, document, "auths")
    logins: dict[str, Login | BadInput] = {}
    programs = {_key(host): str(program) for host, program in _mapping(file, document, "credHelpers").items()}
    for key, entry in entries.items():
        where = f"{file}:{text[: max(text.find(json.dumps(key)), 0)].count(chr(10)) + 1}"
        try:
            credential = _credential(entry)
        except ValueError as error:
            logins[_key(key)] = BadInput(f"{where}: {key}: {error}")
            continue
        if credential is not None:
            logins[_key(key)] = Login(credential, f"the credentials at {where} are wrong or not enough")
        elif document.get("credsStore"):
            programs.setdefault(_key(key), str(document["credsStore"]))
    return _Content(logins, programs)


def _mapping(file: Path, document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = document.get(key) or {}
    if not isinstance(value, dict):
        raise BadInput(f"{file}: {key} is no object")
    return value


def _key(written: str) -> str:
    """The canonical `host` or `host/path` of a key: Docker Hub's is `https://index.docker.io/v1/`."""
    rest = written.removeprefix("https://").removeprefix("http://").rstrip("/")
    host, _, path = rest.partition("/")
    try:
        host = ImageName.parse(f"{host}/x").registry
    except ValueError:
        return rest
    return f"{host}/{path}" if path and path not in ("v1", "v2") else host


def _credential(entry: object) -> Credential | None:
    """What one entry holds. Raises `ValueError` that does not repeat it."""
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
