"""Where a registry is, and who may lie in a private network for its sake."""

from __future__ import annotations

import pytest

from imagebot.registry.endpoint import Endpoint
from imagebot.registry.wire import Count
from imagebot.settings import RegistrySettings


@pytest.mark.parametrize(
    ("registry", "settings", "base"),
    [
        pytest.param("ghcr.io", None, "https://ghcr.io", id="https"),
        pytest.param("docker.io", None, "https://registry-1.docker.io", id="docker hub, whose name is a web site"),
        pytest.param("r.test:5000", RegistrySettings(plain_http=True), "http://r.test:5000", id="plain http"),
        pytest.param("[::1]:5000", None, "https://[::1]:5000", id="ipv6"),
    ],
)
def test_a_registry_is_where_its_name_says(registry: str, settings: RegistrySettings | None, base: str) -> None:
    assert Endpoint.of(registry, settings, Count()).base.origin == base


def test_only_listed_hosts_may_be_private() -> None:
    listed = RegistrySettings(auth_hosts=("Auth.internal:8443",))
    assert Endpoint.of("r.internal", listed, Count()).private_hosts == {"r.internal", "auth.internal"}
    assert Endpoint.of("r.internal", None, Count()).private_hosts == frozenset()
