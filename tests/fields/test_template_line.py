"""What stands in a template as a bare word is no mention of an image; what names one stays a mention."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.fields.assign import assign
from imagebot.fields.field import Value
from imagebot.fields.find import find
from imagebot.fields.template_line import first_named
from imagebot.fields.unclear import unclear
from imagebot.images.reference import ImageName

WORDS = [
    "- name: redis",
    "name: redis",
    '"name": "redis"',
    "{ name: redis, port: 1 }",
    "app.kubernetes.io/component: redis",
    "component: redis # the image's name, too",
    '"redis://%s"',
    "url: redis://redis:6379/0",
    "host: redis:6379",
    "REDIS_HOST=redis",
    "# redis keeps the sessions",
    "  # an image of redis is what this needs",
    "{{- /* redis, the image, comes from the subchart */}}",
    "{{- if .Values.redis.image }}",
    "- {{ .Values.redis.enabled }}",
    "kind: Redis # redis",
    "redis:",
    "  redis: {{ .Values.x }}",
    'include "redis" .',
    "imagePullSecrets: redis",
    "imagePullPolicy: redis",
    "kubectl rollout status deployment/redis",
    "depends_on: [redis]",
    "command: redis-server redis",
    "{{- $redis := .Values.image }}",
    "argocd-image-updater.argoproj.io/write-back-method: redis",
    "method: redis:secret:argocd/creds",
]
MENTIONS = [
    "image: redis",
    '"image": "redis"',
    "- image: 'redis'",
    "image = redis",
    "cacheImage: redis",
    "repository: redis",
    "newName: redis",
    "image: redis:7",
    "image: redis:{{ .Values.tag }}",
    "redis:{{ .Values.tag }}",
    "redis@{{ .Values.digest }}",
    "- redis:7.2-alpine",
    "- redis:alpine",
    "redis@sha256:0000000000000000000000000000000000000000000000000000000000000000",
    'printf "redis:%s" .tag',
    "docker run redis:${TAG}",
    "docker run redis:$TAG",
    "value: redis:{% if x %}7{% endif %}",
    "# image: redis:7",
    '{{ .Values.image | default "redis" }}',
    'set $image "redis"',
    "docker.io/library/redis",
    "library/redis",
    "- name: docker.io/redis",
    "name: redis\n  newTag: {{ .tag }}",
    "newTag: {{ .tag }}\n  name: redis",
]
REDIS = ImageName.parse("redis")


def doubt(text: str, name: ImageName = REDIS, file: str = "templates/a.yaml") -> str | None:
    data = f"{{{{- if .Values.x }}}}\n{text}\n".encode()
    found = unclear(data, find(file, data), name)
    return found.message if found else None


@pytest.mark.parametrize("line", WORDS)
def test_regret_a_word_in_a_template_does_not_leave_an_image_unknown(line: str) -> None:
    assert doubt(line) is None
    assert doubt(line, file="a.tpl") is None


@pytest.mark.parametrize("line", MENTIONS)
def test_what_names_an_image_in_a_template_still_does(line: str) -> None:
    assert doubt(line) is not None
    assert doubt(line, file="a.tpl") is not None


def test_regret_the_name_of_a_role_is_no_image_with_a_tag() -> None:
    assert doubt("  name: etcd-shield:view", ImageName.parse("etcd-shield")) is None
    assert doubt("  image: etcd-shield:view", ImageName.parse("etcd-shield")) is not None


@pytest.mark.parametrize("line", ["name: ghcr.io/acme/api", "# ghcr.io/acme/api", "app: acme/api", "'acme/api://x'"])
def test_a_name_with_an_owner_is_no_word(line: str) -> None:
    assert doubt(line, ImageName.parse("ghcr.io/acme/api")) is not None


def test_a_broken_file_that_is_no_template_is_trusted_in_nothing() -> None:
    data = b"images:\n- name: redis\n<<<<<<< ours\n  newTag: '7'\n"
    assert unclear(data, find("kustomization.yaml", data), REDIS) is not None


@given(st.lists(st.sampled_from(WORDS + MENTIONS), max_size=6))
def test_a_file_names_an_image_where_one_of_its_lines_does(lines: list[str]) -> None:
    apart = "\n---\n---\n---\n".join(lines)
    assert (doubt(apart) is not None) == any(line in MENTIONS for line in lines)


def test_lines_that_are_known_are_passed_over() -> None:
    assert first_named([b"image: redis", b"x", b"image: redis"], REDIS, frozenset({1})) == 3


@pytest.mark.parametrize(
    ("file", "text"),
    [
        pytest.param("a.tpl", "- name: redis # imagebot: redis\n", id="template"),
        pytest.param("a.tpl", "# imagebot: redis\nname: 'redis'\n", id="line above"),
        pytest.param(
            "templates/a.yaml", "{{ if x }}\n- name: redis # imagebot: redis\n", id="YAML that does not parse"
        ),
        pytest.param("a.yaml", "- name: redis # imagebot: redis\n", id="YAML"),
        pytest.param(
            "a.yaml", "containers:\n- name: redis # imagebot: redis\n  image: redis:7\n", id="beside its image"
        ),
        pytest.param("a.yaml", "- redis # imagebot: redis\n", id="item"),
        pytest.param("a.env", "HOST=redis # imagebot: redis\n", id="variable"),
        pytest.param("a.yaml", "name: docker.io/library/redis # imagebot: redis\n", id="name in full"),
        pytest.param("a.tpl", "- name: docker.io/redis # imagebot: redis\n", id="name in full in a template"),
    ],
)
def test_regret_a_marker_beside_a_bare_name_does_not_make_a_reference_of_it(file: str, text: str) -> None:
    assigned = assign(file, text.encode(), REDIS, Value("7.2.5"))
    assert assigned.data == text.encode()
    (problem,) = assigned.problems
    assert problem.message.startswith("beside this marker stands a name alone, as of a container or a service")


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("a.tpl", "image: redis # imagebot: redis\n", "image: redis:7.2.5 # imagebot: redis\n"),
        ("a.tpl", "REDIS_IMAGE=redis # imagebot: redis\n", "REDIS_IMAGE=redis:7.2.5 # imagebot: redis\n"),
        ("a.yaml", "cacheImage: redis # imagebot: redis\n", "cacheImage: redis:7.2.5 # imagebot: redis\n"),
        ("a.tpl", "name: redis:7 # imagebot: redis\n", "name: redis:7.2.5 # imagebot: redis\n"),
    ],
)
def test_a_marker_beside_a_reference_is_followed(file: str, before: str, after: str) -> None:
    assigned = assign(file, before.encode(), REDIS, Value("7.2.5"))
    assert (assigned.data.decode(), assigned.problems) == (after, ())
