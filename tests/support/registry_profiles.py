"""One registry whose rows are the registries of the field: how each lets in, pages, answers and redirects.

The facts are those of docs/registries.md. Each row passes the pull part of the distribution specification's conformance
rules (`test_profiles.py`, `make conformance`) but for the `deviations` that it is known for.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from imagebot.images.reference import ImageName
from tests.support.fake_registry import JSON, PROFILES, Paging, oci_error, paging
from tests.support.web_function import Answer, Asked, Served

OCI = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
USER, WORD = "robot$acme+bot", "pass+word/="
BASIC = "Basic " + base64.b64encode(f"{USER}:{WORD}".encode()).decode()
TOKEN = "Bearer of.the.profile"
BLOBS_AT = "127.0.0.2"
"""Another host: to Go ports are all one."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How one registry is.

    `lets_in` is `nobody` for one without a login, `password` for one that takes it itself, `token` for one with a token
    server at `realm`, on a host of its own if that is `elsewhere`; `both` offers both in one header. `token_key` names
    the token. `unknown` answers for an image that is not there. `redirects` blobs to another host. `headers` come with
    each manifest. `deviations` are rules that it breaks: `head` answers HEAD with 404, `digest` has no digest in a
    header, `last` heeds no `last`.
    """

    paging: Paging
    lets_in: Literal["nobody", "password", "token", "both"] = "token"
    realm: str = "/token"
    elsewhere: bool = False
    token_key: str = "token"
    realm_name: str = "registry"
    unknown: tuple[int, str] = (404, "NAME_UNKNOWN")
    redirects: bool = False
    docker: bool = False
    needs_accept: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    deviations: frozenset[str] = field(default_factory=frozenset)


PULLS = (
    ("ratelimit-limit", "100;w=21600"),
    ("ratelimit-remaining", "76;w=21600"),
    ("docker-ratelimit-source", "1.2.3.4"),
)
REGISTRIES: dict[str, Profile] = {
    "docker hub": Profile(
        PROFILES["docker hub"],
        elsewhere=True,
        unknown=(401, "UNAUTHORIZED"),
        redirects=True,
        docker=True,
        headers=PULLS,
    ),
    "ghcr": Profile(PROFILES["ghcr"], unknown=(403, "DENIED"), redirects=True),
    "ecr": Profile(PROFILES["ecr"], lets_in="password", realm_name="https://ecr.example/", redirects=True, docker=True),
    "gar": Profile(PROFILES["gar"], realm="/v2/token", redirects=True),
    "acr": Profile(PROFILES["acr"], realm="/oauth2/token", token_key="access_token", redirects=True),
    "quay": Profile(PROFILES["quay"], realm="/v2/auth", unknown=(401, "UNAUTHORIZED"), redirects=True),
    "harbor": Profile(PROFILES["harbor"], realm="/service/token", headers=(("Set-Cookie", "sid=1; Path=/; HttpOnly"),)),
    "gitlab": Profile(PROFILES["gitlab"], realm="/jwt/auth", elsewhere=True, redirects=True),
    "jfrog": Profile(
        PROFILES["jfrog"],
        lets_in="password",
        realm_name="Artifactory Realm",
        headers=(("X-Jfrog-Version", "Artifactory/7.90.1"),),
    ),
    "nexus": Profile(
        PROFILES["nexus"], lets_in="password", realm_name="Sonatype Nexus", deviations=frozenset({"head", "digest"})
    ),
    "chainguard": Profile(Paging(size=100, most=1000), unknown=(403, "DENIED"), redirects=True),
    "codeberg": Profile(Paging(size=50, most=50), lets_in="both", realm="/v2/token"),
    "distribution 2": Profile(
        PROFILES["distribution 2.8"],
        lets_in="password",
        realm_name="basic-realm",
        docker=True,
        needs_accept=True,
        deviations=frozenset({"last"}),
    ),
    "distribution 3": Profile(PROFILES["distribution 3"], lets_in="nobody"),
    "zot": Profile(Paging(), lets_in="nobody", headers=(("Docker-Distribution-Api-Version", "registry/2.0"),)),
}


class ProfiledRegistry:
    """A registry of one image, `acme/api`, whose tags all stand for one manifest.

    `tokens_at` and `blobs_at` are the URLs of its token server and its store of blobs, where those are others; `basic`
    is the login that it knows.
    """

    def __init__(
        self, profile: Profile, tags: Sequence[str], tokens_at: str = "", blobs_at: str = "", basic: str = BASIC
    ) -> None:
        self.profile = profile
        self.tags = tags
        self.basic = basic
        self.tokens_at = tokens_at
        self.blobs_at = blobs_at
        self.type = DOCKER if profile.docker else OCI
        self.config = json.dumps({"architecture": "amd64", "os": "linux", "created": "2026-01-01T12:00:00Z"}).encode()
        config_type = DOCKER_CONFIG if profile.docker else OCI_CONFIG
        config = {"mediaType": config_type, "digest": digest_of(self.config), "size": len(self.config)}
        document = {"schemaVersion": 2, "mediaType": self.type, "config": config, "layers": []}
        self.manifest = json.dumps(document).encode()
        self.pulls = 0
        self._list = paging("acme/api", tags, profile.paging)

    def tokens(self, asked: Asked) -> Answer:
        """The token server: one token for who shows the password and wants to pull this image."""
        if asked.headers.get("Authorization") not in (None, self.basic):
            return oci_error(401, "UNAUTHORIZED")
        granted = asked.query.get("scope") == "repository:acme/api:pull" and "Authorization" in asked.headers
        body = {self.profile.token_key: TOKEN.removeprefix("Bearer ") if granted else "of-nobody", "expires_in": 300}
        return Answer(200, (JSON,), json.dumps(body).encode())

    def blobs(self, asked: Asked) -> Answer:
        """The store of blobs, which refuses who shows a password: signed URLs take no second one."""
        if "Authorization" in asked.headers:
            return Answer(400, (), b"<Error>Only one auth mechanism allowed</Error>")
        return Answer(200, (("Content-Type", "application/octet-stream"),), self.config)

    def answer(self, asked: Asked) -> Answer:
        """The registry itself."""
        if (
            self.profile.lets_in in ("token", "both")
            and not self.profile.elsewhere
            and asked.path == self.profile.realm
        ):
            return self.tokens(asked)
        if (refusal := self._refusal(asked)) is not None:
            return refusal
        if asked.path in ("/v2/", "/v2"):
            return Answer(200, (JSON,), b"{}")
        name, _, rest = asked.path.removeprefix("/v2/").partition("acme/api/")
        if name or not rest:
            return oci_error(*self.profile.unknown)
        kind, _, reference = rest.partition("/")
        match kind:
            case "tags":
                return self._tags(asked)
            case "manifests":
                return self._manifest(asked, reference)
            case _:
                return self._blob(reference)

    def _refusal(self, asked: Asked) -> Answer | None:
        shown, way = asked.headers.get("Authorization"), self.profile.lets_in
        if (
            way == "nobody"
            or (shown == self.basic and way in ("password", "both"))
            or (shown == TOKEN and way != "password")
        ):
            return None
        host = self.tokens_at or f"http://{asked.headers['Host']}"
        bearer = f'Bearer realm="{host}{self.profile.realm}",service="registry",scope="repository:acme/api:pull"'
        basic = f'Basic realm="{self.profile.realm_name}"'
        header = {"password": basic, "token": bearer, "both": f"{bearer},{basic}"}[way]
        return oci_error(401, "UNAUTHORIZED", ("WWW-Authenticate", header))

    def _tags(self, asked: Asked) -> Answer:
        found = self._list(asked)
        assert isinstance(found, Answer)
        if self.profile.paging.in_body and found.status == 200:  # as Google's registries do
            assert isinstance(found.body, bytes)
            document: dict[str, Any] = json.loads(found.body)
            document["child"] = []
            document["manifest"] = {
                digest_of(self.manifest): {"tag": document["tags"], "timeUploadedMs": "1767268800000"}
            }
            return Answer(200, found.headers, json.dumps(document).encode())
        return found

    def _manifest(self, asked: Asked, reference: str) -> Answer:
        breaks = self.profile.deviations
        if reference not in self.tags and reference != digest_of(self.manifest):
            return oci_error(404, "MANIFEST_UNKNOWN")
        if asked.method == "HEAD" and "head" in breaks:
            return Answer(404)
        self.pulls += asked.method == "GET"
        if self.profile.needs_accept and self.type not in asked.headers.get("Accept", ""):
            return Answer(200, (("Content-Type", SCHEMA_1),), b'{"schemaVersion": 1}')
        digest = () if "digest" in breaks else (("Docker-Content-Digest", digest_of(self.manifest)),)
        return Answer(200, (("Content-Type", self.type), *digest, *self.profile.headers), self.manifest)

    def _blob(self, digest: str) -> Answer:
        if digest != digest_of(self.config):
            return oci_error(404, "BLOB_UNKNOWN")
        if self.profile.redirects:
            return Answer(307, (("Location", f"{self.blobs_at}/signed?sig=abc%2B&digest={digest}"),))
        headers = (("Content-Type", "application/octet-stream"), ("Docker-Content-Digest", digest))
        return Answer(200, headers, self.config)


@dataclass(frozen=True, slots=True)
class Row:
    """A running registry with its token server and, at another address, its store of blobs."""

    profile: Profile
    registry: ProfiledRegistry
    served: Served
    tokens: Served
    blobs: Served

    @property
    def name(self) -> ImageName:
        return ImageName(self.served.host, "acme/api")


@contextmanager
def running(profile: Profile, tags: Sequence[str]) -> Iterator[Row]:
    """One of them, for as long as the block lasts."""
    registry = ProfiledRegistry(profile, tags)
    with (
        Served(registry.answer) as served,
        Served(registry.tokens) as tokens,
        Served(registry.blobs, BLOBS_AT) as blobs,
    ):
        registry.tokens_at = tokens.url if profile.elsewhere else ""
        registry.blobs_at = blobs.url
        yield Row(profile, registry, served, tokens, blobs)


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
