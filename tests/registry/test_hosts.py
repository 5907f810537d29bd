"""Which hosts may be asked for the sake of one registry, which may be private, and which see who we are."""

from __future__ import annotations

import pytest

from imagebot.errors import Refused
from imagebot.proxies import Proxy
from imagebot.registry.endpoint import Endpoint
from imagebot.registry.hosts import Hosts
from imagebot.registry.urls import Url
from imagebot.registry.waits import Waits
from imagebot.registry.wire import Count
from imagebot.settings.resolve import RegistrySettings

PROXY = Proxy.parse("http://proxy.test:3128")
LISTED = RegistrySettings(
    auth_hosts=("auth.internal:8443",), blob_hosts=("minio.internal", "s3.internal:9000", "*.blobs.internal")
)


def hosts(registry: str, settings: RegistrySettings | None) -> Hosts:
    return Endpoint.of(registry, settings, Count(), Waits()).hosts


@pytest.mark.parametrize(
    ("url", "private", "trusted"),
    [
        ("https://r.internal/v2/", True, True),
        ("https://r.internal:8443/token", True, True),
        ("https://auth.internal:8443/token", True, True),
        ("https://auth.internal/token", True, False),
        ("https://minio.internal/blob", True, False),
        ("https://minio.internal:9000/blob", True, False),
        ("https://s3.internal:9000/blob", True, False),
        ("https://s3.internal/blob", False, False),
        ("https://a.blobs.internal/blob", True, False),
        ("https://blobs.internal/blob", False, False),
        ("https://evilblobs.internal/blob", False, False),
        ("https://elsewhere.internal/", False, False),
    ],
)
def test_only_hosts_that_settings_name_may_be_private_and_those_of_blobs_see_nothing(
    url: str, private: bool, trusted: bool
) -> None:
    known = hosts("r.internal", LISTED)
    assert (known.may_be_private(Url.parse(url)), known.is_trusted(Url.parse(url))) == (private, trusted)
    assert not hosts("r.internal", None).may_be_private(Url.parse(url))


@pytest.mark.parametrize(
    ("registry", "settings", "url", "asked"),
    [
        ("r.internal", LISTED, "https://r.internal/v2/", True),
        ("r.internal", LISTED, "https://minio.internal/blob", True),
        ("r.internal", LISTED, "https://elsewhere.internal/", False),
        ("r.internal", None, "https://r.internal/v2/", False),
        ("10.0.0.1:5000", None, "https://10.0.0.1:5000/v2/", False),
        ("docker.io", None, "https://registry-1.docker.io/v2/", True),
        ("docker.io", None, "https://auth.docker.io/token", True),
        ("docker.io", None, "https://production.cloudflare.docker.com/blob", True),
        ("docker.io", None, "https://metadata.google.internal/", False),
        ("docker.io", None, "https://docker.com.internal/", False),
        ("docker.io", None, "http://production.cloudflare.docker.com/blob", False),
        ("docker.io", None, "https://production.cloudflare.docker.com:8443/blob", False),
        ("ghcr.io", None, "https://pkg-containers.githubusercontent.com/blob", True),
        ("ghcr.io", None, "https://169.254.169.254/", False),
        ("europe-docker.pkg.dev", None, "https://storage.googleapis.com/blob", True),
        ("lscr.io", None, "https://ghcr.io/token", True),
        ("example.com", None, "https://example.com/v2/", False),
    ],
)
def test_behind_a_proxy_a_host_that_nobody_named_is_not_asked(
    registry: str, settings: RegistrySettings | None, url: str, asked: bool
) -> None:
    known = hosts(registry, settings)
    known.check(Url.parse(url), None)
    if asked:
        known.check(Url.parse(url), PROXY)
    else:
        with pytest.raises(Refused, match=r"behind which nobody sees .* under registries$"):
            known.check(Url.parse(url), PROXY)


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("https://r.internal/v2/", "list r.internal under registries"),
        ("https://auth.internal:8443/", "list auth.internal:8443 in the authHosts of r.internal under registries"),
        ("https://s3.internal/blob", "list s3.internal in the blobHosts of r.internal under registries"),
    ],
)
def test_a_host_is_told_by_the_key_that_it_would_stand_under(url: str, advice: str) -> None:
    assert hosts("r.internal", LISTED).how_to_name(Url.parse(url)) == advice
