"""One registry host as this process knows it: where it is, how it is reached, how it is satisfied."""

from __future__ import annotations

from dataclasses import dataclass

from imagebot import tls
from imagebot.errors import BadInput
from imagebot.images.reference import DOCKER_HUB
from imagebot.proxies import DIRECT, PUBLIC, WayOut
from imagebot.registry.authorization import Authorization
from imagebot.registry.hosts import Hosts
from imagebot.registry.pace import RequestPace
from imagebot.registry.urls import Url
from imagebot.registry.waits import Waits
from imagebot.registry.wire import Count, Exchanges
from imagebot.settings.resolve import RegistrySettings

_DOCKER_HUB_API = "registry-1.docker.io"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Shared by all questions to one registry."""

    hosts: Hosts
    wire: Exchanges
    authorization: Authorization

    @property
    def base(self) -> Url:
        """Where the registry itself is."""
        return self.hosts.base

    @classmethod
    def of(
        cls, registry: str, listed: RegistrySettings | None, count: Count, waits: Waits, way: WayOut = DIRECT
    ) -> Endpoint:
        """The endpoint of a canonical registry host; `listed` is what the settings say of it, else it is reached by
        `way`.

        Raises `BadInput` when there can be no such host, or its certificates do not serve.
        """
        way = way if listed is None else listed.way
        if way.certificates != PUBLIC:  # those need no look, and take a while to read
            tls.context_of(way.certificates, registry)
        hosts = _hosts(registry, listed)
        pace = RequestPace(None if listed is None else listed.requests_per_minute)
        wire = Exchanges(hosts, way, count, waits, pace)
        return cls(hosts, wire, Authorization(registry, hosts.base, tuple(hosts.auth_hosts), wire))


def _hosts(registry: str, listed: RegistrySettings | None) -> Hosts:
    settings = listed or RegistrySettings()
    scheme = "http" if settings.plain_http else "https"
    try:
        base = Url.parse(f"{scheme}://{_DOCKER_HUB_API if registry == DOCKER_HUB else registry}")
        for netloc in settings.auth_hosts:
            Url.parse(f"https://{netloc}")
    except ValueError as error:
        raise BadInput(f"{registry}, or one of its authHosts, is no host: {error}") from None
    auth_hosts = frozenset(host.lower() for host in settings.auth_hosts)
    return Hosts(registry, base, auth_hosts, settings.blob_hosts, listed is not None)
