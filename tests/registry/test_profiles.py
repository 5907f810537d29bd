"""Every registry of docs/registries.md, as a row: the fake keeps to the specification, and our client is right with it.

The rules are those of the pull part of https://github.com/opencontainers/distribution-spec/tree/main/conformance, which
`make conformance` asks itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests

from imagebot.errors import NotFound, Refused
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.secret import Secret
from imagebot.settings.resolve import BasicCredentials, RegistrySettings
from tests.support.registry_profiles import (
    BASIC,
    REGISTRIES,
    TOKEN,
    USER,
    WORD,
    Row,
    digest_of,
    running,
)

TAGS = [f"1.0.{number}" for number in range(250)]
CODES = {"NAME_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN", "UNAUTHORIZED", "DENIED", "PAGINATION_NUMBER_INVALID"}


@pytest.fixture(params=list(REGISTRIES))
def row(request: pytest.FixtureRequest) -> Iterator[Row]:
    with running(REGISTRIES[request.param], TAGS) as row:
        yield row


def client_of(row: Row) -> Registries:
    listed = RegistrySettings(
        plain_http=True,
        auth_hosts=(row.tokens.host,),
        blob_hosts=(row.blobs.host,),
        credentials=BasicCredentials(USER, Secret(WORD)),
    )
    return Registries({row.served.host: listed})


def test_the_fake_keeps_to_the_pull_part_of_the_specification(row: Row) -> None:
    session, base = requests.Session(), f"{row.served.url}/v2/acme/api"
    session.trust_env = False
    session.headers["Authorization"] = BASIC if row.profile.lets_in == "password" else TOKEN
    session.headers["Accept"] = row.registry.type

    def status(method: str, path: str) -> int:
        answer = session.request(method, f"{base}/{path}", timeout=10)
        if answer.status_code >= 400 and answer.content:
            assert {error["code"] for error in json.loads(answer.content)["errors"]} <= CODES
        return answer.status_code

    def shown(method: str, path: str) -> requests.Response:
        answer = session.request(method, f"{base}/{path}", timeout=10)
        assert answer.status_code == 200, (method, path)
        return answer

    breaks, manifest = row.profile.deviations, digest_of(row.registry.manifest)
    nothing, config = f"sha256:{'0' * 64}", digest_of(row.registry.config)
    assert session.get(f"{row.served.url}/v2/", timeout=10).status_code == 200
    assert {status(method, f"blobs/{nothing}") for method in ("GET", "HEAD")} == {404}
    assert {status(method, f"manifests/{each}") for method in ("GET", "HEAD") for each in (nothing, "none")} == {404}
    assert shown("GET", f"blobs/{config}").content == row.registry.config
    for reference in (TAGS[0], manifest):
        whole = shown("GET", f"manifests/{reference}")
        assert digest_of(whole.content) == manifest
        assert whole.headers["Content-Type"] == whole.json()["mediaType"]
        assert ("digest" in breaks) == (whole.headers.get("Docker-Content-Digest") != manifest)
        if "head" not in breaks:
            head = shown("HEAD", f"manifests/{reference}")
            assert int(head.headers["Content-Length"]) == len(whole.content)
            assert ("digest" in breaks) == (head.headers.get("Docker-Content-Digest") != manifest)
    few = shown("GET", "tags/list?n=4").json()["tags"]
    if "last" not in breaks:
        assert few == TAGS[:4]
        assert shown("GET", f"tags/list?n=4&last={TAGS[3]}").json()["tags"] == TAGS[4:8]
    assert session.get(f"{row.served.url}/v2/", headers={"Authorization": "Basic eDp5"}, timeout=10).status_code == (
        200 if row.profile.lets_in == "nobody" else 401
    )


def test_our_client_is_right_with_each(row: Row) -> None:
    client, name = client_of(row), row.name
    listed = client.tags(name)
    assert (sorted(listed.tags), listed.complete) == (sorted(TAGS), True)
    assert row.registry.pulls == 0, "a list pulls nothing"
    digest = client.digest(name, "1.0.7")
    assert digest == digest_of(row.registry.manifest)
    assert row.registry.pulls == ("head" in row.profile.deviations or "digest" in row.profile.deviations)
    client.verify(name, digest)
    assert client.platforms(name, digest) == {"linux/amd64": digest}
    assert client.about(name, digest).created is not None
    assert client.exists(name, "1.0.7")
    assert not client.exists(name, "9.9.9")
    with pytest.raises(NotFound):
        client.digest(name, "9.9.9")
    with pytest.raises((NotFound, Refused)):
        client.tags(ImageName(name.registry, "acme/nothing"))
    seen = {asked.headers.get("Authorization") for asked in row.blobs.asked}
    assert seen <= {None}, "who has the blobs sees no credential"
    assert len(row.blobs.asked) == (1 if row.profile.redirects else 0)
    assert all("Cookie" not in asked.headers for asked in row.served.asked)


def test_a_registry_is_asked_once_for_a_token_and_once_for_each_page(row: Row) -> None:
    client, name = client_of(row), row.name
    client.tags(name)
    before = len(row.served.asked) + len(row.tokens.asked)
    client.new_pass()
    client.tags(name)
    pages = len(row.served.asked) + len(row.tokens.asked) - before
    first = {"nobody": 0, "password": 1, "token": 2, "both": 2}[row.profile.lets_in]
    assert before == pages + first, "one refusal, and one token where there are tokens"


def test_who_asks_for_a_wrong_name_without_a_login_is_told_that_it_may_be_wrong(row: Row) -> None:
    """Docker Hub, Quay, GHCR and Chainguard refuse what is not there as they refuse what is somebody else's."""
    client = Registries({row.served.host: RegistrySettings(plain_http=True, auth_hosts=(row.tokens.host,))})
    with pytest.raises((NotFound, Refused), match=r"if there is such an image, give credentials|it is not there, or"):
        client.tags(ImageName(row.served.host, "acme/nothing"))
