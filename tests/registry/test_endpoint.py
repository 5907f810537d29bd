"""Where a registry is, and who may lie in a private network for its sake."""

from __future__ import annotations

import pytest

from imagebot.errors import BadInput
from imagebot.registry.endpoint import Endpoint
from imagebot.registry.waits import Waits
from imagebot.registry.wire import Count
from imagebot.settings.resolve import RegistrySettings


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
    assert Endpoint.of(registry, settings, Count(), Waits()).base.origin == base


@pytest.mark.parametrize(
    ("registry", "auth_hosts"),
    [pytest.param("r.test:99999", (), id="port"), pytest.param("r.test", ("https://auth.test",), id="url for a host")],
)
def test_what_can_be_no_host_is_bad_input(registry: str, auth_hosts: tuple[str, ...]) -> None:
    """Image names allow five digits for a port, whatever they say."""
    with pytest.raises(BadInput, match="is no host"):
        Endpoint.of(registry, RegistrySettings.model_construct(auth_hosts=auth_hosts), Count(), Waits())
