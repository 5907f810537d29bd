"""Images in pull-through caches are told by their names, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from imagebot.images.reference import ImageName
from imagebot.suggest.copies import copied

COPIES = {
    "harbor.corp/hub/library/redis": "docker.io/library/redis",
    "harbor.corp/proxies/hub/library/redis": "docker.io/library/redis",
    "harbor.corp/docker.io/grafana/grafana": "docker.io/grafana/grafana",
    "harbor.corp/docker.io/redis": "docker.io/library/redis",
    "nexus.corp:8082/ghcr.io/acme/api": "ghcr.io/acme/api",
    "artifactory.corp/remote/registry.k8s.io/kube-proxy": "registry.k8s.io/kube-proxy",
    "mirror.gcr.io/library/redis": "docker.io/library/redis",
    "mirror.gcr.io/grafana/grafana": "docker.io/grafana/grafana",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub/library/redis": "docker.io/library/redis",
    "123456789012.dkr-ecr.eu-west-1.on.aws/quay/acme/api": "quay.io/acme/api",
    "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/ecr-public/eks/pause": "public.ecr.aws/eks/pause",
    "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/kubernetes/pause": "registry.k8s.io/pause",
    "gitlab.com/acme/dependency_proxy/containers/redis": "docker.io/library/redis",
    "gitlab.corp/a/b/dependency_proxy/containers/acme/api": "docker.io/acme/api",
}
NONE = [
    "redis",
    "docker.io/library/redis",
    "ghcr.io/acme/api",
    "harbor.corp/library/redis",
    "harbor.corp/acme/api",
    "harbor.corp/hub/library",
    "harbor.corp/acme/ghcr.io",
    "quay.io/acme/library/redis",
    "public.ecr.aws/docker/library/redis",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/api",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com/docker-hub",
    "harbor.corp/docker-hub/redis",
]


@pytest.mark.parametrize(("name", "upstream"), COPIES.items(), ids=COPIES)
def test_a_copy_is_told_by_its_name(name: str, upstream: str) -> None:
    assert copied(ImageName.parse(name)) == ImageName.parse(upstream)


@pytest.mark.parametrize("name", NONE)
def test_what_reads_like_any_other_image_is_no_copy(name: str) -> None:
    assert copied(ImageName.parse(name)) is None
