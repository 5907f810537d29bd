"""Words that people use for environments and for folders that are no app, and names made of other names."""

from __future__ import annotations

import re

SHARED = "base"
DEFAULT = "default"

# In the order in which a version travels: environments are written so.
_ENVIRONMENTS = (
    ("dev", "development", "develop"),
    ("sandbox", "preview"),
    ("test", "testing", "tst"),
    ("int", "integration"),
    ("qa", "uat", "acceptance"),
    ("staging", "stage", "stg"),
    ("preprod", "preproduction"),
    ("prod", "production", "prd", "live"),
)
_RANK = {word: rank for rank, group in enumerate(_ENVIRONMENTS) for word in group}
PARENTS_OF_ENVIRONMENTS = frozenset({"clusters", "environments", "envs", "env", "overlays", "stages"})
# What stands beside environments and belongs to all of them, or holds them.
APART = frozenset({SHARED, "overlays", "common", "shared", "_base", "bases"})
INSIDE_AN_APP = frozenset({"app", SHARED, "overlays"})
NO_APP = frozenset(
    {
        *PARENTS_OF_ENVIRONMENTS,
        *APART,
        *("app", "apps", "applications", "components", "infra", "infrastructure", "platform", "workloads"),
        *("controllers", "configs", "config", "core", "system", "addons"),
        *("services", "stacks", "namespaces", "tenants"),
        *("kubernetes", "k8s", "docker", "compose", "gitops", "deploy", "deployment", "deployments", "manifests"),
        *("statefulsets", "daemonsets", "jobs", "cronjobs", "pods", "templates", "resources", "releases"),
        *("helm", "chart", "charts", "kustomize", "helmreleases", "values", "patches", "ci", "tests"),
    }
)
GENERIC = frozenset(
    {
        *("app", "application", "all", "base", "main", "install", "manifest", "manifests", "deploy", "resources"),
        *("deployment", "deployments", "statefulset", "daemonset", "cronjob", "job", "pod", "workload", "replicaset"),
        *("release", "helmrelease", "hr", "ocirepository", "helm", "chart", "values", "config", "images", "image"),
        *("kustomization", "kustomize", "patch", "patches", "compose", "docker", "dockerfile", "version", "versions"),
    }
)
# Not the underscore: `deployment_test.yaml` is a test.
_IN_FILES = re.compile(r"[-.]+", re.ASCII)
_SEPARATOR = re.compile(r"[-_.]+", re.ASCII)
_NO_LABEL = re.compile(r"[^a-z0-9]+", re.ASCII)
_NUMBERED = re.compile(r"[0-9]+[-_.]+(?=[^0-9])", re.ASCII)
_LONGEST = 63


def environment_word(name: str) -> tuple[str, str] | None:
    """The known word in an environment's name, and what else is in it: `prod-eu` is `prod` and `eu`."""
    if name.lower() in ("pre-prod", "pre-production"):
        return "preprod", ""
    parts = [part for part in _SEPARATOR.split(name.lower()) if part]
    for index in (0, -1):
        if parts and (word := parts[index].rstrip("0123456789")) in _RANK:
            return word, "-".join(parts[1:] if index == 0 else parts[:-1])
    return None


def rank(environment: str) -> tuple[int, str]:
    """Where an environment stands among those of an app: what is shared first, then as versions travel."""
    found = environment_word(environment)
    if environment in (SHARED, DEFAULT):
        return -1, environment
    return _RANK.get(found[0], len(_ENVIRONMENTS)) if found else len(_ENVIRONMENTS), environment


def words(file_name: str) -> list[str]:
    """The words of a file's name without its ending."""
    stem = re.sub(r"\.(?:ya?ml|json)$", "", file_name, flags=re.ASCII | re.IGNORECASE)
    return [word for word in _IN_FILES.split(stem) if word] or [stem]


def label(text: str) -> str:
    """`text` as a DNS label, without a number in front that only sorts; empty if nothing is left of it."""
    plain = _NO_LABEL.sub("-", _NUMBERED.sub("", text.lower(), count=1) if _NUMBERED.match(text) else text.lower())
    return plain.strip("-")[:_LONGEST].strip("-")
