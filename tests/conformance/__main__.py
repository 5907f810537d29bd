"""Ask the distribution specification's own suite about the registries that our tests are held against.

It is built from its module, and so is a newer registry than Debian's, which takes minutes once. It may push to nobody,
so only what a reader needs is asked: tags, manifests and blobs, GET and HEAD. They must fail at the rules that they are
known to break, and at no other.
https://github.com/opencontainers/distribution-spec/tree/main/conformance
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.settings.resolve import RegistrySettings
from tests.support import oci_folder
from tests.support.docker_registry import docker_registry, lay, seed
from tests.support.registry_profiles import OCI, OCI_CONFIG, REGISTRIES, USER, WORD, digest_of, running

MODULE = "github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111"
CACHE = Path(__file__).parents[2] / ".cache" / "conformance"
PROGRAM = CACHE / "conformance"
REGISTRY_MODULE = "github.com/distribution/distribution/v3/cmd/registry@v3.0.0"
DISTRIBUTION = CACHE / "registry"
MANY = tuple(f"2.0.{number}" for number in range(2500))
TAGS = tuple(f"1.0.{number}" for number in range(10, 35))
HEAD = frozenset({"Manifest head by tag", "Manifest head by digest"})
NO_DIGEST = frozenset({"Manifest get by digest"})
"""What both releases of Docker's own fail at: they answer 500 to what is no digest."""
BREAKS = {"head": HEAD, "digest": frozenset[str](), "last": frozenset({"Tag listing"})}
"""What fails for each of a fake's deviations. The suite wants no digest in a header yet."""
ASKED = frozenset(
    {"Ping", "Tag listing", "Blob get", "Blob head", "Manifest get by tag", "Manifest get by digest"} | HEAD
)
_LINE = re.compile(r"^  (\w[\w ]*?)\.*: +(Pass|FAIL|Error|Skip|Disabled|Unknown)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Image:
    """What the suite is to find: in a repository, by a tag, with its manifest and its config."""

    host: str
    repository: str
    tag: str
    manifest: str
    config: str

    @property
    def name(self) -> ImageName:
        return ImageName(self.host, self.repository)


def main() -> int:
    """0: all as it is known; 1: some are not; 2: there is nobody to ask."""
    if not built():
        print("conformance: it cannot be built here: that takes Go and its module proxy", file=sys.stderr)
        return 2
    wrong = [docker("Debian's docker-registry", None, BREAKS["last"] | NO_DIGEST)]
    wrong += [docker("distribution 3", str(DISTRIBUTION), NO_DIGEST), folder()]
    for name, profile in REGISTRIES.items():
        with running(profile, TAGS) as row:
            shown = {"OCI_USERNAME": USER, "OCI_PASSWORD": WORD} if profile.lets_in != "nobody" else {}
            image = Image(
                row.served.host, "acme/api", TAGS[0], digest_of(row.registry.manifest), digest_of(row.registry.config)
            )
            known = frozenset[str]().union(*(BREAKS[each] for each in profile.deviations))
            wrong.append(differs(name, image, known, shown))
    print(f"{len(wrong)} registries, {len(ASKED)} rules each: {sum(wrong)} are not what they are taken for")
    return 1 if any(wrong) else 0


def built() -> bool:
    """Whether there are a suite and a registry now."""
    for program, module in ((PROGRAM, MODULE), (DISTRIBUTION, REGISTRY_MODULE)):
        if not program.exists() and shutil.which("go"):
            environment = {**os.environ, "GOBIN": str(CACHE), "CGO_ENABLED": "0"}
            subprocess.run(["go", "install", module], check=False, env=environment)
    return PROGRAM.exists() and DISTRIBUTION.exists()


def docker(name: str, program: str | None, known: frozenset[str]) -> bool:
    """A release of Docker's own registry, of which our client gets every tag and the manifest, too."""
    config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
    described = {"mediaType": OCI_CONFIG, "digest": digest_of(config), "size": len(config)}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": OCI, "config": described, "layers": []}).encode()
    with tempfile.TemporaryDirectory() as folder, docker_registry(Path(folder), program=program) as there:
        for tag in TAGS:
            lay(there.folder, "acme/api", tag, manifest, [config])
        image = Image(there.host, "acme/api", TAGS[0], digest_of(manifest), digest_of(config))
        seed(there.folder, "acme/many", MANY)
        client = Registries({there.host: RegistrySettings(plain_http=True)})
        listed, digest = client.tags(ImageName(there.host, "acme/many")), client.digest(image.name, TAGS[0])
        client.verify(image.name, digest)
        if (sorted(listed.tags), listed.complete, digest) != (sorted(MANY), True, image.manifest):
            print(f"{name}: our client has {len(listed.tags)} of {len(MANY)} tags")
            return True
        return differs(name, image, known)


def folder() -> bool:
    """The one that most tests pull from."""
    with tempfile.TemporaryDirectory() as root:
        digests = [oci_folder.publish(Path(root), "acme/api", tag) for tag in TAGS]
        manifest = Path(root, "acme/api/blobs/sha256", digests[0].removeprefix("sha256:")).read_bytes()
        with oci_folder.serve(Path(root)) as served:
            image = Image(served.host, "acme/api", TAGS[0], digests[0], json.loads(manifest)["config"]["digest"])
            return differs("a folder of images", image, frozenset())


def differs(name: str, image: Image, known: frozenset[str], shown: Mapping[str, str] | None = None) -> bool:
    """Whether the suite finds something else to be broken than what is `known`; what it says is printed then."""
    with tempfile.TemporaryDirectory() as results:
        environment = {
            "PATH": os.environ["PATH"],
            "OCI_RESULTS_DIR": results,
            "OCI_TLS": "disabled",
            "OCI_REGISTRY": image.host,
            "OCI_REPO1": image.repository,
            "OCI_RO_DATA_TAGS": image.tag,
            "OCI_RO_DATA_MANIFESTS": image.manifest,
            "OCI_RO_DATA_BLOBS": image.config,
            **dict.fromkeys((f"OCI_API_{each}" for each in ("PUSH", "REFERRER")), "false"),
            **dict.fromkeys((f"OCI_API_{each}_DELETE" for each in ("TAGS", "BLOBS", "MANIFESTS")), "false"),
            **(shown or {}),
        }
        # Its files of results it cannot write where nothing is pushed; what it prints has all of it.
        said = subprocess.run([str(PROGRAM)], capture_output=True, text=True, check=False, env=environment, cwd=results)
    found = {rule: status for rule, status in _LINE.findall(said.stdout) if rule in ASKED}
    failed = {rule for rule, status in found.items() if status == "FAIL"}
    if found.keys() == ASKED and failed == known and set(found.values()) <= {"Pass", "FAIL"}:
        return False
    words = [line for line in said.stderr.splitlines() if "failed test" in line]
    print(f"{name}: fails at {sorted(failed)}, and is known to fail at {sorted(known)}; {found}", *words, sep="\n  ")
    return True


if __name__ == "__main__":
    sys.exit(main())
