"""Kubernetes' Pod Security Standards, profile `restricted`, as a reading of one pod: what a cluster would refuse.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def refusals(pod: Json) -> list[str]:
    """Why the profile `restricted` refuses this pod's `spec`; empty if it lets it in."""
    containers = [*pod.get("initContainers", []), *pod["containers"], *pod.get("ephemeralContainers", [])]
    found = [*of_host(pod), *of_volumes(pod)]
    for container in containers:
        found += of_container(pod.get("securityContext", {}), container)
    return found


def of_host(pod: Json) -> Iterator[str]:
    yield from (key for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key))
    if pod.get("securityContext", {}).get("sysctls"):
        yield "sysctls"


def of_volumes(pod: Json) -> Iterator[str]:
    for volume in pod.get("volumes", []):
        yield from (f"volume {kind}" for kind in volume.keys() - {"name"} - VOLUMES)


def of_container(pod_context: Json, container: Json) -> Iterator[str]:
    """A container's own security context goes before the pod's."""
    context = {**pod_context, **container.get("securityContext", {})}
    capabilities = context.get("capabilities", {})
    rules = {
        "privileged": not context.get("privileged", False),
        "allowPrivilegeEscalation": context.get("allowPrivilegeEscalation") is False,
        "runAsNonRoot": context.get("runAsNonRoot") is True,
        "runAsUser": context.get("runAsUser", 1) != 0,
        "seccompProfile": context.get("seccompProfile", {}).get("type") in {"RuntimeDefault", "Localhost"},
        "capabilities.drop": "ALL" in capabilities.get("drop", []),
        "capabilities.add": set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"},
        "procMount": context.get("procMount", "Default") == "Default",
        "hostPort": not any(port.get("hostPort") for port in container.get("ports", [])),
    }
    yield from (f"{container['name']}: {rule}" for rule, kept in rules.items() if not kept)
