"""Bytes tell which files are worth parsing, and which unreadable ones matter."""

from __future__ import annotations

import pytest

from imagebot.fields.find import find
from imagebot.fields.screen import Screen, mentions, screen
from imagebot.images.reference import ImageName
from tests.support.shared import corpus

API = ImageName("ghcr.io", "acme/api")
NGINX = ImageName("docker.io", "library/nginx")


def test_no_field_of_the_corpus_is_screened_out() -> None:
    for path in corpus():
        data = path.read_bytes()
        assert all(screen(data, field.name) for field in find(str(path), data).fields)


def test_the_default_of_a_variable_is_not_screened_out() -> None:
    assert screen(b"image: ${IMAGE:-nginx:1}", NGINX)


def test_files_without_the_name_are_screened_out() -> None:
    assert Screen([API, NGINX]).held(b"apiVersion: v1\nimage: ghcr.io/acme/web:1") == ()


MANY = [ImageName("ghcr.io", f"team-{number}/app") for number in range(50)] + [API, NGINX]


@pytest.mark.parametrize(
    "text",
    [
        "image: ghcr.io/team-7/app:1.2\n",
        "registry: ghcr.io/team-7\nrepository: app\n",
        "repository: team-7/app\ntag: v1\n",
        'args: ["--image\\tteam-7/app:1"]\n',
        'args: ["run\\x0ateam-7/app:1"]\n',
        "url: oci://ghcr.io/team-7/app\n",
        "image: ${IMAGE:-team-7/app:1}",
    ],
)
def test_one_of_many_names_is_found_without_seeking_each(text: str) -> None:
    assert Screen(MANY).held(text.encode()) == (ImageName("ghcr.io", "team-7/app"),)


def test_many_names_are_held_where_each_alone_is() -> None:
    held = Screen(MANY).held
    for path in corpus():
        data = path.read_bytes()
        assert held(data) == tuple(name for name in sorted(MANY) if screen(data, name))


def test_every_field_of_the_corpus_is_found_among_thousands_of_names() -> None:
    files = [(str(path), path.read_bytes()) for path in corpus()]
    fields = [(data, field.name) for file, data in files for field in find(file, data).fields]
    held = Screen([*{name for _, name in fields}, *MANY]).held
    assert all(name in held(data) for data, name in fields)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param(API, "image: ghcr.io/acme/api:1", True, id="whole"),
        pytest.param(API, "image: ghcr.io/acme/api", True, id="at the end"),
        pytest.param(API, "repository: acme/api\n", True, id="without registry"),
        pytest.param(API, "image: quay.io/acme/api:1", False, id="another registry"),
        pytest.param(API, "image: ghcr.io/acme/api-gateway:1", False, id="longer"),
        pytest.param(API, "image: ghcr.io/acme/api/gateway:1", False, id="deeper"),
        pytest.param(API, "image: ghcr.io/other-acme/api:1", False, id="another owner"),
        pytest.param(API, "see https://ghcr.io/acme/api.", True, id="in a sentence"),
        pytest.param(NGINX, "image: nginx:1", True, id="short"),
        pytest.param(NGINX, "image: docker.io/library/nginx:1", True, id="long"),
        pytest.param(NGINX, "image: index.docker.io/nginx:1", True, id="index"),
        pytest.param(NGINX, "image: bitnami/nginx:1", False, id="another owner of a short name"),
        pytest.param(NGINX, "image: ${IMAGE:-nginx:1}", True, id="default of a variable"),
        pytest.param(NGINX, "app: nginx-ingress", False, id="longer word"),
        pytest.param(API, "image: ${IMAGE:-ghcr.io/acme/api:1}", True, id="registry in the default of a variable"),
        pytest.param(API, "url: oci://ghcr.io/acme/api/", True, id="slash at the end"),
        pytest.param(API, "x/" * 200 + "ghcr.io/acme/api", False, id="deep in a path"),
        pytest.param(ImageName("localhost:5000", "api"), "image: localhost:5000/api:1", True, id="port"),
    ],
)
def test_a_name_is_mentioned_whole_or_not_at_all(name: ImageName, text: str, expected: bool) -> None:
    assert mentions(text.encode(), name) is expected
