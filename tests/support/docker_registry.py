"""Debian's `docker-registry`, started on a random port over a folder: plain, with htpasswd, or with a token server.

A real registry, of a release that clusters still run. It does not page: `fake_registry.py` does.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import requests

from tests.support.token_server import TokenServer

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_PATIENCE = 20.0  # seconds until it listens; it takes 0.1


@dataclass(frozen=True, slots=True)
class Running:
    """A registry that listens: `host` is what its images are named after, `folder` where it keeps them."""

    host: str
    folder: Path


@contextlib.contextmanager
def docker_registry(
    folder: Path,
    auth: Mapping[str, Any] | None = None,
    proxy: Mapping[str, Any] | None = None,
    notifications: Mapping[str, Any] | None = None,
    program: str | None = None,
) -> Iterator[Running]:
    """Run one for as long as the block lasts; with `proxy` it is a pull-through cache of another one, and it calls
    whom `notifications` name when something is pushed.

    Another `program` than Debian's may be given. Skips the test where it is not installed.
    """
    program = program or shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry is not installed (apt-get install docker-registry)")
    port = _free_port()
    config = folder / "registry.json"  # JSON is YAML
    config.write_text(json.dumps(_config(folder, port, {"auth": auth, "proxy": proxy, "notifications": notifications})))
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "serve", config], stdout=log, stderr=log, env={"OTEL_TRACES_EXPORTER": "none"}
        )
        try:
            _wait_until_it_listens(process, port, folder / "registry.log")
            yield Running(f"127.0.0.1:{port}", folder)
        finally:
            process.terminate()
            process.wait()


def htpasswd(folder: Path, username: str, password: str) -> Mapping[str, Any]:
    """The `auth` that lets one user in by password."""
    file = folder / "htpasswd"
    file.write_bytes(username.encode() + b":" + bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)) + b"\n")
    return {"htpasswd": {"realm": "a realm that is no URL", "path": str(file)}}


def token(folder: Path, server: TokenServer, realm: str) -> Mapping[str, Any]:
    """The `auth` that believes the tokens of `server`, which is to be asked at `realm`."""
    bundle = folder / "tokens.pem"
    bundle.write_bytes(server.certificate)
    return {
        "token": {"realm": realm, "service": server.service, "issuer": server.issuer, "rootcertbundle": str(bundle)}
    }


def seed(folder: Path, repository: str, tags: Iterable[str]) -> str:
    """Write tags straight into a registry's folder, all for one small manifest; returns its digest.

    Only what the registry reads: https://distribution.github.io/distribution/about/architecture/ names no contract, so
    this is what release 2.8 was seen to need.
    """
    root = folder / "docker" / "registry" / "v2"
    config = _blob(root, b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}')
    descriptor = {"mediaType": "application/vnd.oci.image.config.v1+json", **config}
    manifest = _blob(
        root,
        json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor, "layers": []}).encode(),
    )
    digest = str(manifest["digest"])
    held = str(config["digest"]).removeprefix("sha256:")
    _link(root / "repositories" / repository / "_layers" / "sha256" / held, str(config["digest"]))
    manifests = root / "repositories" / repository / "_manifests"
    _link(manifests / "revisions" / "sha256" / digest.removeprefix("sha256:"), digest)
    for tag in tags:
        _link(manifests / "tags" / tag / "current", digest)
    return digest


def lay(folder: Path, repository: str, reference: str, manifest: bytes, blobs: Iterable[bytes]) -> str:
    """Write one manifest and its blobs into a registry's folder, for a tag or without one; returns its digest."""
    root = folder / "docker" / "registry" / "v2"
    for blob in blobs:
        digest = str(_blob(root, blob)["digest"])
        _link(root / "repositories" / repository / "_layers" / "sha256" / digest.removeprefix("sha256:"), digest)
    digest = str(_blob(root, manifest)["digest"])
    manifests = root / "repositories" / repository / "_manifests"
    _link(manifests / "revisions" / "sha256" / digest.removeprefix("sha256:"), digest)
    if ":" not in reference:
        _link(manifests / "tags" / reference / "current", digest)
    return digest


def push(running: Running, repository: str, tag: str, manifest: bytes, blobs: Iterable[bytes]) -> None:
    """What `docker push` does: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push."""
    root = f"http://{running.host}/v2/{repository}"
    for blob in blobs:
        begun = requests.post(f"{root}/blobs/uploads/", timeout=60)
        begun.raise_for_status()
        digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
        done = requests.put(begun.headers["Location"], params={"digest": digest}, data=blob, timeout=60)
        done.raise_for_status()
    done = requests.put(f"{root}/manifests/{tag}", data=manifest, headers={"Content-Type": MANIFEST}, timeout=60)
    done.raise_for_status()


def cache_of(running: Running, username: str = "", password: str = "") -> Mapping[str, Any]:
    """The `proxy` of one that fetches what it lacks from another one."""
    return {"remoteurl": f"http://{running.host}", "username": username, "password": password}


def _config(folder: Path, port: int, more: Mapping[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = {
        "version": "0.1",
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder)}},
        "http": {"addr": f"127.0.0.1:{port}", "secret": "of no use to anybody"},
    }
    return config | {key: value for key, value in more.items() if value}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    ends = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < ends:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        threading.Event().wait(0.01)
    raise RuntimeError(f"docker-registry does not listen: {log.read_text()}")


def _blob(root: Path, content: bytes) -> dict[str, Any]:
    encoded = hashlib.sha256(content).hexdigest()
    folder = root / "blobs" / "sha256" / encoded[:2] / encoded
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data").write_bytes(content)
    return {"digest": f"sha256:{encoded}", "size": len(content)}


def _link(folder: Path, digest: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "link").write_text(digest)
