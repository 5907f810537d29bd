"""Which hosts the questions to one registry may go to, and what each of them may see.

Policies name registries, and registries name token servers and places of blobs; settings alone are the operator's. A
host that they name may lie in a private network; any other must be at a public address, which is looked at when the
connection is made. Behind a proxy nobody can look: then only hosts that settings name are asked, and those that
everybody knows, which are public whoever looks them up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from imagebot.errors import BadInput, Refused
from imagebot.images.reference import DOCKER_HUB
from imagebot.proxies import Proxy
from imagebot.registry.urls import Url
from imagebot.settings.resolve import RegistrySettings

_DOCKER_HUB_API = "registry-1.docker.io"

TOKEN_SERVERS: Mapping[str, str] = {
    "docker.io": "auth.docker.io",
    "docker.elastic.co": "docker-auth.elastic.co",
    "lscr.io": "ghcr.io",
    "registry.gitlab.com": "gitlab.com",
}
"""Of public registries, where it is another host than theirs. They may see the credential."""

_EVERYBODYS: Mapping[str, tuple[str, ...]] = {
    "docker.io": ("*.docker.io", "*.docker.com", "*.r2.cloudflarestorage.com"),
    "ghcr.io": ("*.githubusercontent.com",),
    "quay.io": ("*.quay.io", "quay-registry.s3.amazonaws.com"),
    "registry.k8s.io": ("*.pkg.dev", "prod-registry-k8s-io-*.amazonaws.com"),
    "gcr.io": ("*.pkg.dev", "storage.googleapis.com"),
    "*.gcr.io": ("*.pkg.dev", "storage.googleapis.com"),
    "*-docker.pkg.dev": ("*.pkg.dev", "storage.googleapis.com"),
    "mcr.microsoft.com": ("*.mcr.microsoft.com",),
    "public.ecr.aws": ("*.cloudfront.net",),
    "registry.gitlab.com": ("*.gitlab-static.net", "storage.googleapis.com"),
    "cgr.dev": ("*.r2.cloudflarestorage.com",),
    "registry.access.redhat.com": ("*.quay.io",),
    "registry.redhat.io": ("*.redhat.com", "*.quay.io"),
    "lscr.io": ("*.githubusercontent.com",),
    "docker.elastic.co": ("*.elastic.co", "storage.googleapis.com"),
    "nvcr.io": ("*.nvcr.io", "*.nvidia.com"),
    "codeberg.org": (),
}
"""Public registries, and where their token servers and blobs lie, as their owners tell those who keep firewalls."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """Those of one registry. `auth_hosts` are in lower case, `blob_hosts` as settings spell them; `listed`: they do."""

    registry: str
    base: Url
    auth_hosts: frozenset[str] = frozenset()
    blob_hosts: tuple[str, ...] = ()
    listed: bool = False

    @classmethod
    def of(cls, registry: str, listed: RegistrySettings | None) -> Hosts:
        """Those of a canonical registry host, of which settings say `listed`. Raises `BadInput` for what is no host."""
        settings = listed or RegistrySettings()
        scheme = "http" if settings.plain_http else "https"
        try:
            base = Url.parse(f"{scheme}://{_DOCKER_HUB_API if registry == DOCKER_HUB else registry}")
            for netloc in settings.auth_hosts:
                Url.parse(f"https://{netloc}")
        except ValueError as error:
            raise BadInput(f"{registry}, or one of its authHosts, is no host: {error}") from None
        auth_hosts = frozenset(host.lower() for host in settings.auth_hosts)
        return cls(registry, base, auth_hosts, settings.blob_hosts, listed is not None)

    def is_trusted(self, url: Url) -> bool:
        """Whether this is the registry or its token server, which may see who we are."""
        if url.host == self.base.host:
            return True
        return url.netloc in self.auth_hosts or url.netloc == TOKEN_SERVERS.get(self.registry)

    def may_be_private(self, url: Url) -> bool:
        """Whether settings name this host, so that it may lie in a private network."""
        named = url.host == self.base.host or any(_host(each) == url.host for each in self.auth_hosts)
        return (self.listed and named) or any(_is_at(url, each) for each in self.blob_hosts)

    def check(self, url: Url, proxy: Proxy | None) -> None:
        """Whether this may be asked by `proxy`, where nobody sees its address. Raises `Refused`."""
        if proxy is not None and not self.may_be_private(url) and not self._is_everybodys(url):
            raise Refused(
                f"{url.netloc} was not asked by the proxy {proxy}, behind which nobody sees whether it is a private "
                f"host: if it is meant, {self.how_to_name(url)}"
            )

    def how_to_name(self, url: Url) -> str:
        """How settings name this host: a registry as images do, port and all: `localhost` is not `localhost:5000`."""
        if url.host == self.base.host:
            return f"list {self.registry} under registries"
        if self.is_trusted(url):
            return f"list {url.netloc} in the authHosts of {self.registry} under registries"
        return f"list {url.netloc} in the blobHosts of {self.registry} under registries"

    def _is_everybodys(self, url: Url) -> bool:
        known = [others for name, others in _EVERYBODYS.items() if fnmatchcase(self.registry, name)]
        if not known or url.scheme != "https" or ":" in url.netloc:
            return False
        return self.is_trusted(url) or any(fnmatchcase(url.host, each) for each in known[0])


def _host(netloc: str) -> str:
    return Url.parse(f"https://{netloc}").host


def _is_at(url: Url, named: str) -> bool:
    """By `HOST`, `HOST:PORT`, or `*.SUFFIX` for all that is below it."""
    if named.startswith("*."):
        return url.host.endswith(named[1:])
    return named in (url.netloc, url.host)
