"""A registry in this process, read-only, of three small images that have the same digests each time.

As much of the distribution specification as a pass asks for: https://github.com/opencontainers/distribution-spec
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from imagebot.errors import Unavailable

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_PATH = re.compile(r"/v2/(?P<repository>[a-z0-9./-]+)/(?P<kind>tags|manifests|blobs)/(?P<reference>[\w.:-]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Served:
    """What a registry answers with."""

    body: bytes
    media_type: str = "application/json"
    digest: str = ""


@dataclass
class DemoRegistry:
    """Its images: by repository, what each tag stands for, and all manifests and configs by digest."""

    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    blobs: dict[tuple[str, str], Served] = field(default_factory=dict)

    def publish(self, repository: str, tag: str, labels: Mapping[str, str]) -> None:
        """Make an image for linux/amd64, built a day after the one before, and let `tag` stand for it."""
        there = self.tags.setdefault(repository, {})
        layer = {"mediaType": _LAYER, "digest": _digest(f"{repository}:{tag}".encode()), "size": 9_000_000 + len(there)}
        config = {
            "created": f"2026-01-{len(there) + 1:02}T12:00:00Z",
            "architecture": "amd64",
            "os": "linux",
            "config": {"User": "1000", "Labels": {"org.opencontainers.image.version": tag, **labels}},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": self._keep(repository, config, _CONFIG),
            "layers": [layer],
        }
        there[tag] = self._keep(repository, manifest, _MANIFEST)["digest"]

    def _keep(self, repository: str, content: Mapping[str, Any], media_type: str) -> dict[str, Any]:
        """Keep a document; its descriptor."""
        body = json.dumps(content, separators=(",", ":")).encode()
        served = Served(body, media_type, _digest(body))
        self.blobs[repository, served.digest] = served
        return {"mediaType": media_type, "digest": served.digest, "size": len(body)}

    def answer(self, path: str) -> Served | None:
        """What is to be read at a path; None where there is nothing."""
        if path.rstrip("/") == "/v2":
            return Served(b"{}")
        asked = _PATH.fullmatch(path)
        if asked is None or asked["repository"] not in self.tags:
            return None
        repository, kind, reference = asked.group("repository", "kind", "reference")
        if kind == "tags":
            return Served(_listed(repository, [*self.tags[repository]])) if reference == "list" else None
        return self.blobs.get((repository, self.tags[repository].get(reference, reference)))

    @contextmanager
    def serving(self, port: int) -> Iterator[None]:
        """Answer at this port of the machine's own, and to nobody else. Raises `Unavailable` when it is taken."""

        class Handler(_Handler):
            registry = self

        try:
            bound = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except OSError as error:
            taken = f"the demo's registry cannot listen on port {port}: {error.strerror}; name another one with --port"
            raise Unavailable(taken) from None
        with bound as server:
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            try:
                yield
            finally:
                server.shutdown()
                thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    registry: DemoRegistry

    def do_GET(self) -> None:
        served = self.registry.answer(self.path.partition("?")[0])
        answer = served or Served(b'{"errors":[{"code":"NAME_UNKNOWN"}]}')
        self.send_response(200 if served else 404)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.digest:
            self.send_header("Docker-Content-Digest", answer.digest)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(answer.body)

    do_HEAD = do_GET  # noqa: N815  `http.server` looks these names up

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _listed(repository: str, tags: Sequence[str]) -> bytes:
    return json.dumps({"name": repository, "tags": sorted(tags)}).encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
