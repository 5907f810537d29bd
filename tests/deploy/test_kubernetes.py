"""The manifests are what a cluster takes, hang together, and ask for as little as they can."""

from __future__ import annotations

import copy
import ipaddress
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.support.pod_security import refusals

Json = dict[str, Any]
FOLDER = Path(__file__).parent.parent.parent / "deploy" / "kubernetes"
KUSTOMIZATION: Json = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
NOT_MANIFESTS = {"kustomization.yaml", "imagebot.yaml"}
MANIFESTS = {
    path.name: yaml.safe_load(path.read_text()) for path in FOLDER.glob("*.yaml") if path.name not in NOT_MANIFESTS
}
POD: Json = MANIFESTS["deployment.yaml"]["spec"]["template"]["spec"]
CONTAINER: Json = POD["containers"][0]
OLDEST, NEWEST = "1.25.0", kubernetes_validate.latest_version()


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("name", MANIFESTS)
def test_a_cluster_takes_it(name: str, version: str) -> None:
    kubernetes_validate.validate(MANIFESTS[name], version, strict=True)


def test_a_cluster_does_not_take_a_misspelt_key() -> None:
    """The check above is strict: without that a misspelt `securityContext` would pass and do nothing."""
    wrong = copy.deepcopy(MANIFESTS["deployment.yaml"])
    wrong["spec"]["template"]["spec"]["securityContxt"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


def test_kustomization_names_every_file_once() -> None:
    assert sorted(KUSTOMIZATION["resources"]) == sorted(MANIFESTS)


def test_config_maps_hold_every_file_that_people_write() -> None:
    listed = [file for generator in KUSTOMIZATION["configMapGenerator"] for file in generator["files"]]
    written = [path.relative_to(FOLDER).as_posix() for path in [FOLDER / "imagebot.yaml", *FOLDER.glob("policies/*")]]
    assert sorted(listed) == sorted(written)


def test_lint_finds_nothing_to_say_about_the_files_as_the_pod_sees_them(tmp_path: Path) -> None:
    """Laid out as the kubelet does: each file a link into a folder whose name begins with two dots."""
    for mount in CONTAINER["volumeMounts"]:
        lay_out(mount, tmp_path / mount["mountPath"].lstrip("/"))
    [settings] = [Path(entry["value"]) for entry in CONTAINER["env"] if entry["name"] == "IMAGEBOT_CONFIG"]
    config = tmp_path / settings.relative_to("/")
    content = config.read_text()
    config.unlink()
    config.write_text(content.replace("/etc/", f"{tmp_path}/etc/").replace("/run/", f"{tmp_path}/run/"))
    command = [sys.executable, "-m", "imagebot", "lint", "--config", str(config)]
    linted = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stderr) == (0, "")
    assert linted.stdout == "2 sound policies in 1 file\n"


def lay_out(mount: Json, folder: Path) -> None:
    """Mount what a ConfigMap of these manifests, or a Secret made as README.md says, would hold."""
    [volume] = [volume for volume in POD["volumes"] if volume["name"] == mount["name"]]
    files = {"token": "not-a-token"} if "secret" in volume else {}
    for generator in KUSTOMIZATION["configMapGenerator"]:
        if volume.get("configMap", {}).get("name") == generator["name"]:
            files |= {Path(file).name: (FOLDER / file).read_text() for file in generator["files"]}
    data = folder / "..data"
    data.mkdir(parents=True)
    for name, content in files.items():
        (data / name).write_text(content)
        (folder / name).symlink_to(Path("..data", name))


def test_volumes_are_what_other_manifests_make() -> None:
    volumes = {volume["name"]: volume for volume in POD["volumes"]}
    maps = {generator["name"] for generator in KUSTOMIZATION["configMapGenerator"]}
    assert {volume["configMap"]["name"] for volume in volumes.values() if "configMap" in volume} == maps
    claim = MANIFESTS["persistentvolumeclaim.yaml"]["metadata"]["name"]
    assert volumes["state"]["persistentVolumeClaim"]["claimName"] == claim
    assert {mount["name"] for mount in CONTAINER["volumeMounts"]} == volumes.keys()


def test_labels_and_accounts_meet() -> None:
    labels = MANIFESTS["deployment.yaml"]["spec"]["template"]["metadata"]["labels"]
    assert MANIFESTS["deployment.yaml"]["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert MANIFESTS["networkpolicy.yaml"]["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    assert POD["serviceAccountName"] == MANIFESTS["serviceaccount.yaml"]["metadata"]["name"]
    assert KUSTOMIZATION["namespace"] == MANIFESTS["namespace.yaml"]["metadata"]["name"]


def test_the_image_is_named_in_one_place() -> None:
    [image] = KUSTOMIZATION["images"]
    assert CONTAINER["image"] == image["name"]
    assert image["newTag"] != "latest"


def test_the_namespace_asks_for_the_restricted_profile_and_the_pod_meets_it() -> None:
    labels = MANIFESTS["namespace.yaml"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert refusals(POD) == []


@pytest.mark.parametrize(
    ("where", "key", "value"),
    [
        pytest.param("pod", "hostNetwork", True, id="host network"),
        pytest.param("pod", "volumes", [{"name": "x", "hostPath": {"path": "/"}}], id="a folder of the node"),
        pytest.param("pod", "securityContext", {"runAsNonRoot": True}, id="no seccomp"),
        pytest.param("container", "runAsNonRoot", False, id="root allowed"),
        pytest.param("container", "runAsUser", 0, id="root"),
        pytest.param("container", "privileged", True, id="privileged"),
        pytest.param("container", "allowPrivilegeEscalation", None, id="escalation not forbidden"),
        pytest.param("container", "capabilities", {"drop": ["NET_RAW"]}, id="capabilities kept"),
        pytest.param("container", "capabilities", {"drop": ["ALL"], "add": ["SYS_ADMIN"]}, id="capabilities added"),
    ],
)
def test_the_restricted_profile_refuses(where: str, key: str, value: object) -> None:
    pod = copy.deepcopy(POD)
    (pod if where == "pod" else pod["containers"][0]["securityContext"])[key] = value
    assert refusals(pod) != []


def test_it_writes_only_where_it_says() -> None:
    assert CONTAINER["securityContext"]["readOnlyRootFilesystem"] is True
    writable = {mount["mountPath"] for mount in CONTAINER["volumeMounts"] if not mount.get("readOnly")}
    assert writable == {"/var/lib/imagebot", "/tmp"}
    [scratch] = [volume["emptyDir"] for volume in POD["volumes"] if "emptyDir" in volume]
    assert "sizeLimit" in scratch


def test_one_bot_at_a_time_and_time_to_end_a_pass() -> None:
    assert MANIFESTS["deployment.yaml"]["spec"]["replicas"] == 1
    assert MANIFESTS["deployment.yaml"]["spec"]["strategy"] == {"type": "Recreate"}
    assert POD["terminationGracePeriodSeconds"] > 10
    assert CONTAINER["resources"].keys() == {"requests", "limits"}


def test_it_has_no_token_for_the_cluster() -> None:
    assert POD["automountServiceAccountToken"] is False
    assert MANIFESTS["serviceaccount.yaml"]["automountServiceAccountToken"] is False


def test_secrets_are_files_that_must_be_there() -> None:
    assert [entry for entry in CONTAINER["env"] if "valueFrom" in entry] == []
    assert [volume["secret"]["optional"] for volume in POD["volumes"] if "secret" in volume] == [False]


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        pytest.param("140.82.121.4", True, id="a forge"),
        pytest.param("10.0.0.5", True, id="a registry inside"),
        pytest.param("2606:50c0::1", True, id="a forge by IPv6"),
        pytest.param("169.254.169.254", False, id="metadata of most clouds"),
        pytest.param("100.100.100.200", False, id="metadata of Alibaba Cloud"),
        pytest.param("fd00:ec2::254", False, id="metadata of AWS by IPv6"),
        pytest.param("fe80::1", False, id="link-local by IPv6"),
    ],
)
def test_the_network_policy_keeps_it_from_credentials_of_the_node(address: str, reached: bool) -> None:
    ip = ipaddress.ip_address(address)
    blocks = [to["ipBlock"] for rule in egress() for to in rule["to"] if "ipBlock" in to]
    assert (
        any(ip in net(block["cidr"]) and not any(ip in net(out) for out in block["except"]) for block in blocks)
        == reached
    )


def test_the_network_policy_lets_one_namespace_in_to_metrics_and_few_ports_out() -> None:
    policy = MANIFESTS["networkpolicy.yaml"]["spec"]
    [rule] = policy["ingress"]
    [source] = rule["from"]
    assert source.keys() == {"namespaceSelector"}
    assert source["namespaceSelector"]["matchLabels"]
    assert [port["port"] for port in rule["ports"]] == [port["containerPort"] for port in CONTAINER["ports"]]
    assert sorted(policy["policyTypes"]) == ["Egress", "Ingress"]
    assert {port["port"] for rule in egress() for port in rule["ports"]} == {22, 53, 443}


def egress() -> list[Json]:
    rules: list[Json] = MANIFESTS["networkpolicy.yaml"]["spec"]["egress"]
    return rules


def net(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text)
