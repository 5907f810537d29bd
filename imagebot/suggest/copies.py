"""Images that look like copies in a pull-through cache, and what they are then copies of.

The names are those of the field: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html for the
prefixes that ECR proposes, https://docs.gitlab.com/user/packages/dependency_proxy/ for GitLab's path. Harbor calls its
own first project `library`, so that word alone says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from imagebot.images.name_prefix import NamePrefix
from imagebot.images.reference import DOCKER_HUB, ImageName

_PUBLIC = frozenset(
    {
        DOCKER_HUB,
        "cgr.dev",
        "docker.elastic.co",
        "gcr.io",
        "ghcr.io",
        "lscr.io",
        "mcr.microsoft.com",
        "nvcr.io",
        "public.ecr.aws",
        "quay.io",
        "registry.gitlab.com",
        "registry.k8s.io",
    }
)
_ECR = re.compile(r"[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)", re.ASCII)
_OF_ECR = {
    "docker-hub": DOCKER_HUB,
    "ecr-public": "public.ecr.aws",
    "kubernetes": "registry.k8s.io",
    "quay": "quay.io",
}
_WHOLE = {"mirror.gcr.io": DOCKER_HUB}
_DEPENDENCY_PROXY = "/dependency_proxy/containers/"


def copied(name: ImageName) -> ImageName | None:
    """The image that `name` is a copy of, by how it reads; None if it reads like any other."""
    return next((found for found in _readings(name) if found != name), None)


def _readings(name: ImageName) -> Iterator[ImageName]:
    if name.registry in _WHOLE:
        yield NamePrefix(_WHOLE[name.registry]).name(name.repository)
    if name.registry in _PUBLIC:
        return
    first, _, rest = name.repository.partition("/")
    if _ECR.fullmatch(name.registry) and first in _OF_ECR and rest:
        yield NamePrefix(_OF_ECR[first]).name(rest)
    _, proxy, rest = name.repository.partition(_DEPENDENCY_PROXY)
    if proxy:
        yield NamePrefix(DOCKER_HUB).name(rest)
    words = name.repository.split("/")
    for index, word in enumerate(words[:-1]):
        if word in _PUBLIC:
            yield NamePrefix(word).name("/".join(words[index + 1 :]))
    if len(words) > 2 and words[-2] == "library":
        yield ImageName(DOCKER_HUB, f"library/{words[-1]}")
