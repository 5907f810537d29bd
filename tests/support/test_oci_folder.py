"""The registry of the demo answers as the distribution specification says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import requests

from tests.support import oci_folder
from tests.support.web_function import Served


def get(served: Served, path: str, method: str = "GET") -> requests.Response:
    return requests.request(method, served.url + path, timeout=10, allow_redirects=False)


def test_every_tag_is_listed_over_pages_in_order(tmp_path: Path) -> None:
    for tag in ("1.1.0", "1.0.0", "1.2.0"):
        oci_folder.publish(tmp_path, "acme/api", tag)
    with oci_folder.serve(tmp_path) as served:
        first = get(served, "/v2/acme/api/tags/list?n=2")
        second = requests.get(served.url + first.links["next"]["url"], timeout=10)
    assert first.json() == {"name": "acme/api", "tags": ["1.0.0", "1.1.0"]}
    assert second.json()["tags"] == ["1.2.0"]
    assert "next" not in second.links


def test_no_tags_are_asked_for_and_none_given(tmp_path: Path) -> None:
    oci_folder.publish(tmp_path, "api", "1.0.0")
    with oci_folder.serve(tmp_path) as served:
        response = get(served, "/v2/api/tags/list?n=0")
    assert response.json()["tags"] == []
    assert "Link" not in response.headers


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_manifest_is_the_same_by_tag_and_by_digest(tmp_path: Path, method: str) -> None:
    digest = oci_folder.publish(tmp_path, "acme/api", "1.0.0", labels={"a": "b"})
    with oci_folder.serve(tmp_path) as served:
        answers = [get(served, f"/v2/acme/api/manifests/{by}", method) for by in ("1.0.0", digest)]
    for response in answers:
        assert response.status_code == 200
        assert response.headers["Docker-Content-Digest"] == digest
        assert response.headers["Content-Type"] == oci_folder.MANIFEST
        assert int(response.headers["Content-Length"]) > 0
        if method == "GET":
            assert "sha256:" + hashlib.sha256(response.content).hexdigest() == digest


def test_config_and_layer_of_a_manifest_are_there(tmp_path: Path) -> None:
    oci_folder.publish(tmp_path, "api", "1.0.0", created="2026-02-03T04:05:06Z", labels={"a": "b"})
    with oci_folder.serve(tmp_path) as served:
        manifest = get(served, "/v2/api/manifests/1.0.0").json()
        config = get(served, f"/v2/api/blobs/{manifest['config']['digest']}")
        layer = get(served, f"/v2/api/blobs/{manifest['layers'][0]['digest']}", "HEAD")
    assert config.json()["created"] == "2026-02-03T04:05:06Z"
    assert config.json()["config"]["Labels"] == {"a": "b"}
    assert int(layer.headers["Content-Length"]) == manifest["layers"][0]["size"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        pytest.param("/v2/nothing/tags/list", "NAME_UNKNOWN", id="repository"),
        pytest.param("/v2/api/manifests/2.0.0", "MANIFEST_UNKNOWN", id="tag"),
        pytest.param(f"/v2/api/manifests/sha256:{'0' * 64}", "MANIFEST_UNKNOWN", id="digest"),
        pytest.param(f"/v2/api/blobs/sha256:{'0' * 64}", "BLOB_UNKNOWN", id="blob"),
        pytest.param("/v2/../api/tags/list", "NAME_INVALID", id="way out of the folder"),
    ],
)
def test_what_is_not_there_is_a_404_in_the_oci_form(tmp_path: Path, path: str, code: str) -> None:
    oci_folder.publish(tmp_path, "api", "1.0.0")
    with oci_folder.serve(tmp_path) as served:
        request = requests.Request("GET", served.url).prepare()
        request.url = served.url + path
        with requests.Session() as session:
            response = session.send(request, timeout=10)
    assert response.status_code == 404
    assert response.json()["errors"][0]["code"] == code


def test_a_tag_published_while_serving_shows_and_a_moved_one_has_a_new_digest(tmp_path: Path) -> None:
    before = oci_folder.publish(tmp_path, "api", "1.0.0")
    with oci_folder.serve(tmp_path) as served:
        oci_folder.publish(tmp_path, "api", "1.0.1")
        after = oci_folder.publish(tmp_path, "api", "1.0.0", labels={"rebuilt": "yes"})
        tags = get(served, "/v2/api/tags/list").json()["tags"]
        digest = get(served, "/v2/api/manifests/1.0.0", "HEAD").headers["Docker-Content-Digest"]
    assert tags == ["1.0.0", "1.0.1"]
    assert digest == after != before


def test_nothing_is_written_through_http(tmp_path: Path) -> None:
    oci_folder.publish(tmp_path, "api", "1.0.0")
    with oci_folder.serve(tmp_path) as served:
        assert get(served, "/v2/api/manifests/1.0.0", "DELETE").status_code == 405
