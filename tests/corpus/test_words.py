"""Templates of public repositories: which words in them count as images, and which do not; each line was looked at."""

from __future__ import annotations

from collections.abc import Iterator

from imagebot.fields.files import kind_of
from imagebot.fields.find import find
from imagebot.fields.screen import mentions
from imagebot.fields.unclear import unclear
from imagebot.images.reference import ImageName
from tests.support.shared import corpus

WRITTEN = """
alertmanager alpine api argocd busybox consul debian docker elasticsearch etcd git grafana haproxy kafka kubectl mariadb
memcached mongo mysql nats nginx node postgres prometheus proxy python quay.io/prometheus/prometheus rabbitmq redis
registry registry.k8s.io/kubectl test traefik ubuntu vault web worker
"""
NAMES = [ImageName.parse(name) for name in WRITTEN.split()]
# Lines that have the name of an image as a word, and say nothing of an image; and the variables of a chart.
WORDS = {
    '"helm.sh/hook": test',
    "- kubectl",
    "- name: busybox",
    "- name: kubectl",
    "- {key: app.kubernetes.io/name, operator: In, values: [alertmanager]}",
    '- {key: alertmanager, operator: In, values: [{{ template "kube-prometheus-stack.alertmanager.crname" . }}]}',
    "web:",
}
VARIABLE = "$registry"


def templates() -> Iterator[tuple[str, bytes, ImageName]]:
    for path in corpus():
        data = path.read_bytes() if kind_of(path.name) and not path.is_symlink() else b""
        found = find(path.name, data)
        if found.unreadable:
            yield from ((path.name, data, name) for name in NAMES if mentions(data, name))


def test_no_image_becomes_unknown_that_no_line_mentions() -> None:
    for file, data, name in templates():
        doubt = unclear(data, find(file, data), name)
        assert doubt is None or mentions(data.split(b"\n")[doubt.line - 1], name)


def test_regret_a_chart_that_calls_a_container_busybox_leaves_busybox_known() -> None:
    words: set[str] = set()
    images: set[str] = set()
    for file, data, name in templates():
        lines = {line.strip().decode() for line in data.split(b"\n") if mentions(line, name)}
        if unclear(data, find(file, data), name) is None:
            words |= lines
        else:
            images |= lines
    assert {line for line in words if VARIABLE not in line} == WORDS
    assert images == {"image: busybox"}
