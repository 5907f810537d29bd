"""One registry host as this process knows it: where it is, how it is reached, how it is satisfied."""

from __future__ import annotations

from dataclasses import dataclass

from imagebot import tls
from imagebot.clock import boottime
from imagebot.proxies import DIRECT, PUBLIC, WayOut
from imagebot.registry.authorization import Authorization
from imagebot.registry.hosts import Hosts
from imagebot.registry.pace import RequestPace
from imagebot.registry.renewal import Clock
from imagebot.registry.urls import Url
from imagebot.registry.waits import Waits
from imagebot.registry.wire import Count, Exchanges
from imagebot.settings.resolve import RegistrySettings


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Shared by all questions to one registry."""

    hosts: Hosts
    way: WayOut
    wire: Exchanges
    authorization: Authorization

    @property
    def base(self) -> Url:
        """Where the registry itself is."""
        return self.hosts.base

    @classmethod
    def of(
        cls,
        registry: str,
        listed: RegistrySettings | None,
        count: Count,
        waits: Waits,
        way: WayOut = DIRECT,
        clock: Clock = boottime,
    ) -> Endpoint:
        """The endpoint of a canonical registry host; `listed` is what the settings say of it, else it is reached by
        `way`.

        Raises `BadInput` when there can be no such host, or its certificates do not serve.
        """
        way = way if listed is None else listed.way
        if way.certificates != PUBLIC:  # those need no look, and take a while to read
            tls.context_of(way.certificates, registry)
        hosts = Hosts.of(registry, listed)
        pace = RequestPace(None if listed is None else listed.requests_per_minute)
        wire = Exchanges(hosts, way, count, waits, pace)
        return cls(hosts, way, wire, Authorization(hosts, wire, clock))
