"""A pull request with something to decide about: a real pass over a registry and a repository that are made here."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from imagebot.forge.protocol import PullRequest
from tests.support import oci_folder
from tests.support.oci_folder import Build
from tests.support.stage import NOON, Stage, set_up

DAY = timedelta(days=1)
REPOSITORY = "acme/checkout"
POLICY = """\
app: checkout
repository: environments
environments:
  production: {paths: ["clusters/production/checkout/"], minimumAge: 3d}
images:
  - {image: IMAGE, semver: ^1.42, pin: digest}
pullRequest:
  labels: [image-update, "env/{environment}", "{kind}"]
  note: "Dashboards: [checkout in {environment}](https://grafana.acme.example/d/checkout)"
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout}
spec:
  template:
    spec:
      containers:
        - name: checkout
          image: IMAGE:1.42.0@DIGEST  # kept by imagebot
      initContainers:
        - name: migrate
          image: IMAGE:1.42.0@DIGEST
"""


def pull_request(folder: Path) -> PullRequest:
    """The pull request as the forge has it, with `ghcr.io` for the registry of this process."""
    stage = set_up(folder)
    with stage.registry:
        _tell(stage)
        (pull,) = stage.pulls()
    return replace(pull, body=pull.body.replace(stage.registry.host, "ghcr.io"))


def _tell(stage: Stage) -> None:
    """1.43.1 is three days old; 1.43.2 is not yet, and others do not fit."""
    old = _publish(stage, "1.42.0", "2025-11-24T09:12:40Z", "3f1c9e7")
    _publish(stage, "1.43.1", "2025-12-29T11:31:07Z", "b8d24fa", root=True)
    stage.policy(POLICY.replace("IMAGE", f"{stage.registry.host}/{REPOSITORY}"), "checkout.yaml")
    text = DEPLOYMENT.replace("IMAGE", f"{stage.registry.host}/{REPOSITORY}").replace("DIGEST", old)
    stage.commit({"clusters/production/checkout/deployment.yaml": text}, at=NOON - 30 * DAY)
    stage.one_pass(now=NOON - 3 * DAY)
    _publish(stage, "1.43.2", "2025-12-31T16:20:55Z", "c02b5d1")
    _publish(stage, "1.44.0-rc.1", "2025-12-31T17:02:11Z", "90aa14e")
    _publish(stage, "2.0.0", "2025-12-31T18:45:00Z", "77e0c3b")
    stage.one_pass(now=NOON)


def _publish(stage: Stage, tag: str, created: str, revision: str, *, root: bool = False) -> str:
    env = ["PATH=/usr/local/bin:/usr/bin:/bin", *(["FEATURE_EXPRESS_PAY=on"] if root else [])]
    build = Build(
        created=created,
        labels={
            "org.opencontainers.image.source": "https://github.com/acme/checkout",
            "org.opencontainers.image.revision": revision.ljust(40, "0"),
        },
        config={
            "User": "" if root else "65532",
            "Entrypoint": ["/checkout"],
            "Env": env,
            "ExposedPorts": {"8080/tcp": {}},
        },
        layers=[28_231_116, 12_405_903, 9_118_224, 2_045_117, 31_204_561 + 912_000 * root, 1_108_034 + root],
    )
    platforms = {"linux/amd64": build, "linux/arm64": build}
    return oci_folder.publish_index(stage.folder / "registry", REPOSITORY, tag, platforms)
