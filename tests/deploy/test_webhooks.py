"""What webhooks add to the manifests fits to them, to a cluster, and to what the page of webhooks says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.deploy.test_kubernetes import CONTAINER, MANIFESTS, NEWEST, OLDEST

FOLDER = Path(__file__).parents[2] / "deploy" / "webhooks"
FILES: dict[str, Any] = {path.name: yaml.safe_load(path.read_text()) for path in FOLDER.glob("*.yaml")}
KUSTOMIZATION = FILES["kustomization.yaml"]
PATCH = FILES["deployment.yaml"]
POD = PATCH["spec"]["template"]["spec"]
LABELS = MANIFESTS["deployment.yaml"]["spec"]["template"]["metadata"]["labels"].items()


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("name", KUSTOMIZATION["resources"])
def test_a_cluster_takes_it(name: str, version: str) -> None:
    kubernetes_validate.validate(FILES[name], version, strict=True)


def test_the_component_names_every_file_once() -> None:
    named = [*KUSTOMIZATION["resources"], *(patch["path"] for patch in KUSTOMIZATION["patches"]), "kustomization.yaml"]
    assert sorted(named) == sorted(FILES)


def test_the_patch_adds_to_the_container_that_is_there() -> None:
    [added] = POD["containers"]
    assert (PATCH["metadata"]["name"], added["name"]) == ("imagebot", CONTAINER["name"])
    taken = {port["name"] for port in CONTAINER["ports"]} | {port["containerPort"] for port in CONTAINER["ports"]}
    assert not taken & {added["ports"][0]["name"], added["ports"][0]["containerPort"]}
    assert [mount["name"] for mount in added["volumeMounts"]] == [volume["name"] for volume in POD["volumes"]]
    assert all(mount["readOnly"] for mount in added["volumeMounts"])


def test_service_and_policy_lead_to_the_port_and_to_no_other() -> None:
    [port] = POD["containers"][0]["ports"]
    [service] = FILES["service.yaml"]["spec"]["ports"]
    [rule] = FILES["networkpolicy.yaml"]["spec"]["ingress"]
    assert service["targetPort"] == port["name"]
    assert [allowed["port"] for allowed in rule["ports"]] == [port["name"]]
    assert FILES["service.yaml"]["spec"]["selector"].items() <= LABELS
    assert FILES["networkpolicy.yaml"]["spec"]["podSelector"]["matchLabels"].items() <= LABELS


def test_the_page_of_webhooks_has_the_port_and_the_folder_of_the_manifests() -> None:
    page = (FOLDER.parents[1] / "docs" / "webhooks.md").read_text()
    [port] = POD["containers"][0]["ports"]
    assert f'listen: ":{port["containerPort"]}"' in page
    [mount] = POD["containers"][0]["volumeMounts"]
    assert {str(Path(file).parent) for file in re.findall(r"secretFile: ([^,}]+)", page)} == {mount["mountPath"]}
