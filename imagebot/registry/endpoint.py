"""One registry host as this process knows it: where it is, how it is reached, how it is satisfied."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from imagebot.errors import BadInput
from imagebot.images.reference import DOCKER_HUB
from imagebot.registry.authorization import Authorization
from imagebot.registry.urls import Url
from imagebot.registry.waits import Waits
from imagebot.registry.wire import Count, Exchanges
from imagebot.regular import hand_on
from imagebot.settings.resolve import RegistrySettings

_DOCKER_HUB_API = "registry-1.docker.io"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Shared by all questions to one registry; `private_hosts` are listed, so they may lie in a private network."""

    base: Url
    private_hosts: frozenset[str]
    wire: Exchanges
    authorization: Authorization

    @classmethod
    def of(cls, registry: str, listed: RegistrySettings | None, count: Count, waits: Waits) -> Endpoint:
        """The endpoint of a canonical registry host; `listed` is what the settings say of it.

        Raises `BadInput` when there can be no such host, or its `caFile` is no list of certificates.
        """
        settings = listed or RegistrySettings()
        _check_authority(registry, settings)
        scheme = "http" if settings.plain_http else "https"
        try:
            base = Url.parse(f"{scheme}://{_DOCKER_HUB_API if registry == DOCKER_HUB else registry}")
            private = frozenset(map(_bare_host, (base.netloc, *settings.auth_hosts)) if listed else ())
        except ValueError as error:
            raise BadInput(f"{registry}, or one of its authHosts, is no host: {error}") from None
        wire = Exchanges(registry, private, settings.ca_file, count, waits)
        return cls(base, private, wire, Authorization(registry, base, settings.auth_hosts, wire))


def _bare_host(netloc: str) -> str:
    """The host as connections name it: without port and brackets."""
    return Url.parse(f"https://{netloc}").host.strip("[]")


def _check_authority(registry: str, settings: RegistrySettings) -> None:
    if settings.ca_file is not None:
        try:
            ssl.create_default_context(cafile=hand_on(settings.ca_file, f"caFile of {registry}"))
        except OSError as error:
            reason = error.strerror or "it holds no certificate"
            raise BadInput(f"cannot read {settings.ca_file}, caFile of {registry}: {reason}") from None
