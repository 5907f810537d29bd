"""The registry's door: what registries and token servers say to each question that is asked of them.

The answers are those of Debian's docker-registry, recorded anew for each run, and of the fakes that page as the large
ones do. Manifests and configs are found by what they hash to, so their slips come first and the digests after: else
none would get past the hash.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from random import Random
from typing import Any

import requests

from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.registry.limits import Timeouts
from imagebot.secret import Secret
from imagebot.settings.resolve import BasicCredentials, RegistrySettings
from tests.fuzz.answers.door import Question
from tests.fuzz.answers.http_slips import Http
from tests.fuzz.answers.json_slips import slipped
from tests.support.docker_registry import docker_registry, seed
from tests.support.fake_registry import PROFILES, paging
from tests.support.raw_server import Request
from tests.support.web_function import Answer, Asked

IMAGE = "acme/api"
TAGS = tuple(f"1.{number}.0" for number in range(40))
_IMPATIENT = Timeouts(connect=2.0, read=5.0, total=20.0)
_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"

Honest = Callable[[Request], Http]
Recorded = Mapping[tuple[str, str], Http]


def recorded(folder: Path) -> Recorded:
    """What docker-registry says to all that we ask, by verb and path. Skips where it is not installed."""
    with docker_registry(folder) as running:
        digest = seed(folder, IMAGE, TAGS[:3])
        root = f"http://{running.host}/v2/{IMAGE}"
        manifest = requests.get(f"{root}/manifests/{digest}", headers={"Accept": _MANIFEST}, timeout=20).json()
        asked = [
            ("GET", f"/v2/{IMAGE}/tags/list"),
            ("HEAD", f"/v2/{IMAGE}/manifests/1.0.0"),
            ("GET", f"/v2/{IMAGE}/manifests/1.0.0"),
            ("GET", f"/v2/{IMAGE}/manifests/{digest}"),
            ("GET", f"/v2/{IMAGE}/blobs/{manifest['config']['digest']}"),
            ("GET", f"/v2/{IMAGE}/manifests/9.9.9"),
        ]
        return {(verb, path): _recording(verb, f"http://{running.host}{path}") for verb, path in asked}


def _recording(verb: str, url: str) -> Http:
    response = requests.request(verb, url, headers={"Accept": _MANIFEST}, timeout=20)
    headers = tuple(
        (name.encode(), value.encode("latin-1"))
        for name, value in response.headers.items()
        if name.lower() not in ("date", "content-length")
    )
    if verb == "HEAD":
        return Http(200, (*headers, (b"Content-Length", response.headers["Content-Length"].encode())), b"", framing=())
    return Http(response.status_code, headers, response.content)


@dataclass(frozen=True)
class Documents:
    """An index, the manifest in it and its config, each found by its hash."""

    index: bytes
    manifest: bytes
    config: bytes

    @property
    def digests(self) -> Mapping[str, tuple[bytes, str]]:
        """What is there under each digest, and its type."""
        types = {self.index: _INDEX, self.manifest: _MANIFEST, self.config: _CONFIG}
        return {_digest(data): (data, kind) for data, kind in types.items()}


def documents(dice: Random) -> Documents:
    """One of the three has slipped; who points to it knows the digest of what it became."""
    which = dice.randrange(4)
    config = json.dumps(_A_CONFIG).encode()
    config = slipped(config, dice) if which == 0 else config
    manifest = json.dumps({**_A_MANIFEST, "config": _descriptor(_CONFIG, config)}).encode()
    manifest = slipped(manifest, dice) if which == 1 else manifest
    children = [
        {**_descriptor(_MANIFEST, manifest), "platform": {"os": "linux", "architecture": "amd64"}},
        _ATTESTATION,
    ]
    index = json.dumps({"schemaVersion": 2, "mediaType": _INDEX, "manifests": children}).encode()
    return Documents(slipped(index, dice) if which == 2 else index, manifest, config)


_A_CONFIG: Mapping[str, Any] = {
    "created": "2026-01-01T12:00:00.123456789Z",
    "architecture": "amd64",
    "os": "linux",
    "config": {
        "User": "1000",
        "ExposedPorts": {"8080/tcp": {}},
        "Env": ["PATH=/bin", "MODE=1"],
        "Entrypoint": ["/api"],
        "Cmd": ["serve"],
        "Volumes": {"/data": {}},
        "WorkingDir": "/",
        "StopSignal": "SIGTERM",
        "Healthcheck": {"Test": ["CMD", "true"]},
        "Labels": {"org.opencontainers.image.source": "https://github.com/acme/api"},
    },
    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "1" * 64]},
}
_A_MANIFEST: Mapping[str, Any] = {
    "schemaVersion": 2,
    "mediaType": _MANIFEST,
    "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "sha256:" + "2" * 64, "size": 5}],
    "annotations": {"org.opencontainers.image.version": "1.0.0"},
}
_ATTESTATION: Mapping[str, Any] = {
    "mediaType": _MANIFEST,
    "digest": "sha256:" + "3" * 64,
    "size": 5,
    "platform": {"os": "unknown", "architecture": "unknown"},
    "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
}


def _descriptor(kind: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": kind, "digest": _digest(data), "size": len(data)}


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def question(dice: Random, docker: Recorded) -> Question:
    """Something that is asked of a registry, and one that answers it."""
    kind = dice.random()
    if kind < 0.35:
        name, way = dice.choice(sorted(PROFILES.items()))
        return _asked(f"tags, as {name}", _as_http(paging(IMAGE, TAGS, way)), dice, lambda it, at: it.tags(at))
    if kind < 0.6:
        papers = documents(dice)
        task, ask = dice.choice(_OF_A_DIGEST)
        root = _digest(dice.choice((papers.index, papers.index, papers.manifest)))
        return _asked(f"{task} of documents", _holding(papers), dice, lambda it, at: ask(it, at, root))
    there = next(path for verb, path in docker if "/manifests/sha256:" in path).rpartition("/")[2] if docker else ""
    task, ask = dice.choice((("digest", _shown), ("tags", _tags), *_OF_A_DIGEST))
    if not docker or kind < 0.65:
        return _asked("digest, nothing there", lambda _: _missing(), dice, lambda it, at: it.digest(at, "1.0.0"))
    return _asked(f"{task}, as docker-registry", _playing(docker), dice, lambda it, at: ask(it, at, there))


Ask = Callable[[Registries, ImageName, str], object]


def _shown(registries: Registries, name: ImageName, _: str) -> object:
    return registries.digest(name, "1.0.0")


def _tags(registries: Registries, name: ImageName, _: str) -> object:
    return registries.tags(name)


_OF_A_DIGEST: tuple[tuple[str, Ask], ...] = (
    ("verify", lambda it, at, digest: it.verify(at, digest)),
    ("platforms", lambda it, at, digest: it.platforms(at, digest)),
    ("about", lambda it, at, digest: it.about(at, digest)),
    ("created", lambda it, at, digest: it.created(at, digest)),
)


def _asked(name: str, honest: Honest, dice: Random, ask: Callable[[Registries, ImageName], object]) -> Question:
    """By whom: by nobody in particular, with a password, or with a token that another server gives."""
    manner = dice.choice(("anonymous", "anonymous", "basic", "token", "token"))
    login = None if manner == "anonymous" else BasicCredentials("bot", Secret("c0rrect"))
    doors = {"anonymous": honest, "basic": _with_basic(honest), "token": _with_token(honest)}

    def put(host: str) -> object:
        registries = Registries({host: RegistrySettings(plain_http=True, credentials=login)}, timeouts=_IMPATIENT)
        try:
            return ask(registries, ImageName(host, IMAGE))
        finally:
            registries.close()

    return Question(f"registry: {name}, {manner}", doors[manner], put)


def _with_basic(honest: Honest) -> Honest:
    expected = b"basic " + b64encode(b"bot:c0rrect").lower()

    def answer(request: Request) -> Http:
        return honest(request) if expected in request.head.lower() else _unauthorized(b'Basic realm="registry"')

    return answer


def _with_token(honest: Honest) -> Honest:
    def answer(request: Request) -> Http:
        if request.path == "/token":
            body = {
                "token": "abc.def",
                "access_token": "abc.def",
                "expires_in": 300,
                "issued_at": "2026-01-01T00:00:00Z",
            }
            return Http(200, ((b"Content-Type", b"application/json"),), json.dumps(body).encode())
        if b"bearer abc.def" in request.head.lower():
            return honest(request)
        scope = f"repository:{IMAGE}:pull".encode()
        return _unauthorized(b'Bearer realm="http://HOST/token",service="registry.test",scope="%s"' % scope)

    return answer


def _unauthorized(challenge: bytes) -> Http:
    body = b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":null}]}'
    return Http(401, ((b"Content-Type", b"application/json"), (b"WWW-Authenticate", challenge)), body)


def _missing() -> Http:
    body = b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"1.0.0"}}]}'
    return Http(404, ((b"Content-Type", b"application/json"),), body)


def _holding(papers: Documents) -> Honest:
    def answer(request: Request) -> Http:
        digest = request.path.rpartition("/")[2]
        if digest not in papers.digests:
            return _missing()
        data, kind = papers.digests[digest]
        return Http(200, ((b"Content-Type", kind.encode()), (b"Docker-Content-Digest", digest.encode())), data)

    return answer


def _playing(docker: Recorded) -> Honest:
    return lambda request: docker.get((request.method, request.path)) or _missing()


def _as_http(function: Callable[[Asked], Any]) -> Honest:
    def answer(request: Request) -> Http:
        given = function(Asked(request.method, request.target, Message()))
        assert isinstance(given, Answer)
        assert isinstance(given.body, bytes)
        headers = tuple((name.encode(), value.encode()) for name, value in given.headers)
        return Http(given.status, headers, given.body)

    return answer
