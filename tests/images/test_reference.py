"""References and names of images, as Docker and the distribution specification read them."""

from __future__ import annotations

import re

import pytest

from imagebot.errors import HoldsSecret
from imagebot.images.platform import platform
from imagebot.images.reference import ImageName, Reference, is_digest, is_tag

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("text", "canonical", "familiar"),
    [
        ("nginx", "docker.io/library/nginx", "nginx"),
        ("grafana/grafana", "docker.io/grafana/grafana", "grafana/grafana"),
        ("index.docker.io/nginx", "docker.io/library/nginx", "nginx"),
        ("registry-1.docker.io/acme/api", "docker.io/acme/api", "acme/api"),
        ("registry.hub.docker.com/library/nginx", "docker.io/library/nginx", "nginx"),
        ("ghcr.io/acme/api", "ghcr.io/acme/api", "ghcr.io/acme/api"),
        ("GHCR.io/acme/api", "ghcr.io/acme/api", "ghcr.io/acme/api"),
        ("localhost/api", "localhost/api", "localhost/api"),
        ("host:5000/api", "host:5000/api", "host:5000/api"),
        ("[::1]:5000/api", "[::1]:5000/api", "[::1]:5000/api"),
        ("[0:0:0:0:0:0:0:1]:05000/api", "[::1]:5000/api", "[::1]:5000/api"),
        ("registry.corp:0443/api", "registry.corp:443/api", "registry.corp:443/api"),
        ("a/b__c/d-e.f", "docker.io/a/b__c/d-e.f", "a/b__c/d-e.f"),
    ],
)
def test_an_image_has_one_name(text: str, canonical: str, familiar: str) -> None:
    name = ImageName.parse(text)
    assert (str(name), name.familiar) == (canonical, familiar)
    assert ImageName.parse(familiar) == name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("acme/Api", "'acme/Api' is no image name; image names are lower case"),
        ("a..b", "'a..b' is no image name"),
        ("nginx:1.25", "'nginx:1.25' is no image name"),
        ("ghcr.io/", "'ghcr.io/' is no image name"),
        ("-.io/api", "'-.io' is no registry host"),
        ("host:123456/api", "'host:123456' is no registry host"),
        ("host:65536/api", "'host:65536' is no registry host"),
        ("host:0/api", "'host:0' is no registry host"),
        ("[::1::2]:5000/api", "'[::1::2]:5000' is no registry host"),
        ("https://ghcr.io/acme/api", "write it without https://"),
        ("oci://ghcr.io/acme/api", "write it without oci://"),
        ("", "'' is no image name"),
        ("ghcr.io/acme/\u0430pp", "'ghcr.io/acme/\u0430pp' is no image name"),
        ("gh\u0441r.io/acme/app", "'gh\u0441r.io' is no registry host"),
        ("sha256", "'sha256' is a digest without the name of an image; write NAME@sha256:…"),
        ("sha256:abc", "'sha256:abc' is a digest without the name of an image; write NAME@sha256:…"),
        ("0" * 64, f"'{'0' * 64}' is a digest without the name of an image; write NAME@sha256:…"),
        ("a" * 1_001, "an image name may have 255 characters, this one has 1001"),
    ],
)
def test_what_is_no_name(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        ImageName.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "bot:a-password@ghcr.io/acme/api",
        "https://bot:a-password@ghcr.io/acme/api",
        "a-password@localhost/api",
        "bot:a-password@ghcr.io:99999/acme/api",
    ],
)
def test_a_password_in_a_name_is_not_repeated(text: str) -> None:
    with pytest.raises(HoldsSecret, match=r"^leave user and password out; write them under") as caught:
        ImageName.parse(text)
    assert "password@" not in str(caught.value)


def test_a_name_has_255_characters_with_its_registry_at_most() -> None:
    assert ImageName.parse("ghcr.io/" + "a" * 247).repository == "a" * 247
    with pytest.raises(ValueError, match="may have 255 characters, this one has 256"):
        ImageName.parse("ghcr.io/" + "a" * 248)
    with pytest.raises(ValueError, match="may have 255 characters, this one has 238"):
        ImageName.parse("a" * 238)


def test_names_stand_in_the_order_of_their_text() -> None:
    names = ["docker.io/library/nginx", "ghcr.io/acme/api", "ghcr.io/acme/web", "quay.io/acme/api"]
    assert sorted(map(ImageName.parse, reversed(names))) == list(map(ImageName.parse, names))


@pytest.mark.parametrize(
    ("text", "name", "tag", "digest"),
    [
        ("nginx", "docker.io/library/nginx", None, None),
        ("nginx:1.25", "docker.io/library/nginx", "1.25", None),
        (f"nginx@{DIGEST}", "docker.io/library/nginx", None, DIGEST),
        (f"host:5000/a/b:v1@{DIGEST}", "host:5000/a/b", "v1", DIGEST),
        ("host:5000/a/b", "host:5000/a/b", None, None),
    ],
)
def test_a_reference_keeps_its_spelling(text: str, name: str, tag: str | None, digest: str | None) -> None:
    reference = Reference.parse(text)
    assert (str(reference.name), reference.tag, reference.digest) == (name, tag, digest)
    assert str(reference) == text


@pytest.mark.parametrize("text", ["", "nginx@", "nginx@sha256:0", f"nginx@{DIGEST}@{DIGEST}", "a" * 1_001])
def test_what_is_no_reference(text: str) -> None:
    with pytest.raises(ValueError, match="is no image"):
        Reference.parse(text)


@pytest.mark.parametrize("text", [DIGEST, "sha256:abc", f"sha256@{DIGEST}", "sha512:0", "a" * 64, "f" * 64 + ":v1"])
def test_a_digest_alone_is_no_image_of_that_name(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{text!r} is a digest without the name of an image")):
        Reference.parse(text)


@pytest.mark.parametrize("text", ["acme/sha256:v1", "sha256.io/acme/api:v1", "sha2566:v1", "abcdef:v1"])
def test_a_name_may_look_like_a_digest(text: str) -> None:
    assert str(Reference.parse(text)) == text


def test_a_reference_of_the_longest_is_read() -> None:
    """A value of megabytes is not taken apart; one of a thousand characters is, and says what is wrong with it."""
    with pytest.raises(ValueError, match="may have 255 characters, this one has 998"):
        Reference.parse("a" * 998 + ":1")
    with pytest.raises(ValueError, match="is no image reference"):
        Reference.parse("a" * 999 + ":1")


@pytest.mark.parametrize(
    ("text", "tag", "digest"),
    [
        ("v1.0_a-b", True, False),
        ("_", True, False),
        ("a" * 128, True, False),
        ("a" * 129, False, False),
        ("-a", False, False),
        ("1+2", False, False),
        ("1\n", False, False),
        (DIGEST, False, True),
        (DIGEST.upper(), False, False),
        ("sha512:" + "0" * 128, False, True),
        ("sha512:" + "0" * 64, False, False),
    ],
)
def test_tags_and_digests(text: str, tag: bool, digest: bool) -> None:
    assert (is_tag(text), is_digest(text)) == (tag, digest)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/arm/v6", "linux/arm/v6"),
    ],
)
def test_a_platform_has_one_spelling(text: str, same: str) -> None:
    assert platform(text) == same


@pytest.mark.parametrize("text", ["linux", "Linux/amd64", "unknown/unknown", "linux/unknown", "linux/a/b/c", "linux/"])
def test_what_is_no_platform(text: str) -> None:
    with pytest.raises(ValueError, match="is no platform"):
        platform(text)
