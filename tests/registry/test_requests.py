"""Redirects are followed as far as they are honest, and never with the credential."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from imagebot.errors import BadResponse, Refused, WorldError
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.secret import Secret
from imagebot.settings.resolve import BasicCredentials, RegistrySettings
from tests.support import tls
from tests.support.canary import PASSWORD, USERNAME, carriers
from tests.support.fake_registry import DIGEST, challenge, manifest, tag_list
from tests.support.web_function import Answer, Asked, Function, Raw, Served

SETTINGS = RegistrySettings(plain_http=True, credentials=BasicCredentials(USERNAME, Secret(PASSWORD)))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def redirecting(location: str, status: int = 307) -> Function:
    """A registry that wants a password and then sends whoever has it to another place."""

    def function(asked: Asked) -> Answer:
        if asked.headers["Authorization"] is None:
            return challenge("Basic")
        return Answer(status, (("Location", location),))

    return function


def verify(registry: Served, settings: RegistrySettings = SETTINGS) -> None:
    registries = Registries({registry.host: settings})
    try:
        registries.verify(ImageName(registry.host, "acme/api"), DIGEST)
    finally:
        registries.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_port_is_followed_without_the_credential(stack: ExitStack, status: int) -> None:
    other = stack.enter_context(Served(manifest))
    registry = stack.enter_context(Served(redirecting(f"{other.url}/elsewhere", status)))
    verify(registry)
    assert [str(request) for request in other.asked] == ["GET /elsewhere"]
    assert other.asked[0].headers["Authorization"] is None
    assert carriers(other.asked) == []


def test_a_tag_list_may_live_elsewhere(stack: ExitStack) -> None:
    """registry.k8s.io sends everything to Google's registries."""
    other = stack.enter_context(Served(lambda _: tag_list("1.0.0")))
    registry = stack.enter_context(Served(lambda asked: Answer(307, (("Location", other.url + asked.target),))))
    registries = Registries({registry.host: RegistrySettings(plain_http=True)})
    assert registries.tags(ImageName(registry.host, "acme/api")).tags == ("1.0.0",)


def test_within_the_registry_the_credential_stays(stack: ExitStack) -> None:
    def function(asked: Asked) -> Answer | Raw:
        return manifest(asked) if asked.path == "/moved" else wants_password(asked)

    wants_password = redirecting("/moved")

    registry = stack.enter_context(Served(function))
    verify(registry)
    assert len(carriers(registry.asked)) == 2


def test_a_foreign_login_page_does_not_get_the_credential_either(stack: ExitStack) -> None:
    other = stack.enter_context(Served(lambda _: challenge("Basic")))
    registry = stack.enter_context(Served(redirecting(other.url)))
    with pytest.raises(Refused):
        verify(registry)
    assert len(other.asked) == 1
    assert carriers(other.asked) == []


def test_a_redirect_into_the_private_network_is_not_followed(stack: ExitStack) -> None:
    inside = stack.enter_context(Served(manifest, "127.0.0.2"))
    registry = stack.enter_context(Served(redirecting(inside.url)))
    advice = f"if that is meant, list {inside.host} in the blobHosts of {registry.host} under registries"
    with pytest.raises(Refused, match=f"a private address: {advice}$"):
        verify(registry)
    assert inside.asked == []


def test_a_private_host_that_settings_name_for_blobs_is_asked_and_sees_no_credential(stack: ExitStack) -> None:
    inside = stack.enter_context(Served(manifest, "127.0.0.2"))
    registry = stack.enter_context(Served(redirecting(inside.url)))
    settings = RegistrySettings(plain_http=True, credentials=SETTINGS.credentials, blob_hosts=(inside.host,))
    verify(registry, settings)
    assert len(inside.asked) == 1
    assert carriers(inside.asked) == []


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:a9fe:a9fe]"])
def test_an_address_that_no_registry_has_is_not_asked_whatever_settings_say(stack: ExitStack, host: str) -> None:
    registry = stack.enter_context(Served(redirecting(f"http://{host}/latest/meta-data")))
    settings = RegistrySettings(plain_http=True, credentials=SETTINGS.credentials, blob_hosts=(host,))
    with pytest.raises(Refused, match="an address that no registry has"):
        verify(registry, settings)


def test_a_redirect_from_https_to_http_is_not_followed(tmp_path: Path, stack: ExitStack) -> None:
    context, authority = tls.loopback(tmp_path)
    plain = stack.enter_context(Served(manifest))
    registry = stack.enter_context(Served(redirecting(plain.url), tls=context))
    with pytest.raises(Refused, match="from https to"):
        verify(registry, RegistrySettings(credentials=SETTINGS.credentials, ca_file=authority))
    assert plain.asked == []


@pytest.mark.parametrize(
    ("location", "error"),
    [
        pytest.param("/again", BadResponse, id="circle"),
        pytest.param("http://user:word@127.0.0.1/", BadResponse, id="user and password"),
        pytest.param("file:///etc/passwd", BadResponse, id="file"),
        pytest.param("http://[", BadResponse, id="broken"),
        pytest.param("http://169.254.169.254/latest/meta-data", WorldError, id="metadata"),
    ],
)
def test_a_redirect_that_makes_no_sense_is_an_error(stack: ExitStack, location: str, error: type[WorldError]) -> None:
    registry = stack.enter_context(Served(lambda _: Answer(307, (("Location", location),))))
    with pytest.raises(error):
        verify(registry)
    assert len(registry.asked) <= 4
