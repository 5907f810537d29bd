"""Docker's config.json, as `docker login` and Kubernetes' pull secrets write it; read again when the file changes.

Programs that it names (`credsStore`, `credHelpers`) are not run: their registries are asked without a credential, and
if one refuses that, the advice says why. What makes no sense concerns the registry that it stands for and no other.
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
from imagebot.regular import read_regular
from imagebot.secret import Secret

_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Content:
    """The file's text, and under which key of `auths` and `credHelpers` a `host` or `host/path` is found in it."""

    text: str = "{}"
    auths: Mapping[str, Any] = field(default_factory=dict)
    helpers: Mapping[str, Any] = field(default_factory=dict)
    store: object = None
    written: Mapping[str, str] = field(default_factory=dict)
    helped: Mapping[str, str] = field(default_factory=dict)
    wrong: str = ""


class DockerConfig:
    """One config.json. A file that is not there has no credentials."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._stamp: _Stamp | None = None
        self._content = _Content()

    def login(self, name: ImageName) -> Login | None:
        """The login for `name`: of the longest path that is configured, else of the host.

        Raises `BadInput` with file, line and key when the file, or the entry, cannot be read or sent.
        """
        content = self._current()
        if content is None:
            return Login(None, f"there is no {self._file}, and imagebot.yaml has no credentials under registries")
        for scope in _scopes(name):
            found = self._inline(content, scope) or self._of_a_program(content, scope)
            if found is not None:
                return found
        if content.wrong:
            raise BadInput(f"{self._file}: {content.wrong}")
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
            except ValueError:
                raise BadInput(f"cannot read {str(self._file)!r}: that is no file's name") from None
            return self._content

    def _inline(self, content: _Content, scope: str) -> Login | None:
        if scope not in content.written:
            return None
        key = content.written[scope]
        where = f"{self._file}:{_line(content.text, key)}"
        try:
            credential = _credential(content.auths[key])
        except ValueError as error:
            raise BadInput(f"{where}: {_shown(key)}: {error}") from None
        return Login(credential, f"the credentials at {where} are wrong or not enough") if credential else None

    def _of_a_program(self, content: _Content, scope: str) -> Login | None:
        if scope in content.helped:
            program = content.helpers[content.helped[scope]]
        elif scope in content.written:
            program = content.store
        else:
            return None
        if not program:
            return None
        if not isinstance(program, str):
            raise BadInput(f"{self._file}: the program that keeps the credentials of {scope} is no text")
        shown = f"docker-credential-{_shown(program)}"
        return Login(None, f"{self._file} keeps its credentials in {shown}, which imagebot does not run")


def _scopes(name: ImageName) -> Iterator[str]:
    """`ghcr.io/acme/api`, `ghcr.io/acme`, `ghcr.io`."""
    key = str(name)
    while key:
        yield key
        key = key.rpartition("/")[0]


def _parse(file: Path) -> _Content:
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
    found = {key: document.get(key) or {} for key in ("auths", "credHelpers")}
    wrong = [key for key, value in found.items() if not isinstance(value, dict)]
    auths, helpers = ({} if key in wrong else found[key] for key in found)
    return _Content(
        text,
        auths,
        helpers,
        document.get("credsStore"),
        {_key(key): key for key in auths},
        {_key(key): key for key in helpers},
        f"{wrong[0]} is no object" if wrong else "",
    )


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
        return rest
    return f"{host}/{path}" if path and path not in ("v1", "v2") else host


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
