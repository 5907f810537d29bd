"""Ask cosign what imagebot answers: the same image, the same signatures, the same rule. They must not disagree.

cosign is built from its module, which takes minutes once; the registry is Debian's. And the other way round: what it
signed with a key of its own, in both of its forms, imagebot must take for verified.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imagebot.images.reference import ImageName
from imagebot.policy.verify import Requirement
from imagebot.proxies import DIRECT
from imagebot.publickey import PublicKey
from imagebot.registry.client import Registries
from imagebot.registry.trusted_root import TrustedRoots
from imagebot.settings.resolve import RegistrySettings
from imagebot.settings.trust import TufRepository
from imagebot.trust.anchors import Anchors
from imagebot.trust.evidence import Evidence, SigstoreBundle
from imagebot.trust.examine import Finding, Question, examine, state_of
from imagebot.trust.signed_claim import signed_claim_of
from imagebot.trust.state import SignatureState, Verified, words
from tests.cosign.cases import KEYLESS, OURS, Case, cases
from tests.cosign.mocked import is_there, mocked
from tests.support.docker_registry import Running, docker_registry, lay
from tests.support.signed_images import Laid, digest_of, referred, tagged
from tests.support.signing import key, pem, provenance, statement
from tests.support.tuf_repository import TufFiles
from tests.support.web_function import Served

MODULE = "github.com/sigstore/cosign/v3/cmd/cosign@v3.0.6"
CACHE = Path(__file__).parents[2] / ".cache" / "cosign"
PROGRAM = CACHE / "cosign"
_KEYLESS = Case("keyless", (), KEYLESS)
CONFIG = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'


@dataclass(frozen=True, slots=True)
class Judges:
    """A registry, and a folder for keys."""

    running: Running
    folder: Path

    def image(self, number: int) -> tuple[str, str]:
        """A repository of its own with one image: its name and digest."""
        name = f"case{number}"
        config = json.dumps({**json.loads(CONFIG), "config": {"Labels": {"case": str(number)}}}).encode()
        return name, lay(self.running.folder, name, "1.0.0", _manifest(config), [config])

    def ours(self, name: str, digest: str, requirement: Requirement, anchors: Anchors) -> SignatureState:
        question = Question(digest, (requirement,), anchors)
        findings: list[Finding] = []

        def look(piece: Evidence) -> bool:
            findings.append(examine(question, piece))
            return isinstance(state_of(question, findings), Verified)

        registries = Registries({self.running.host: RegistrySettings(plain_http=True)})
        registries.signatures(ImageName(self.running.host, name), digest, question.predicate_types, look)
        return state_of(question, findings)

    def cosign(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "COSIGN_PASSWORD": "", "HOME": str(self.folder), "TUF_ROOT": str(self.folder)}
        return subprocess.run(
            [str(PROGRAM), *words], capture_output=True, text=True, check=False, env=environment, cwd=self.folder
        )


def main() -> int:
    """0: they agree; 1: they do not; 2: there is nobody to ask."""
    if not built() or not is_there():
        print("cosign: it cannot be built here: that takes Go, npm and what they fetch from", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        keys = Path(folder, "keys")
        keys.mkdir()
        with docker_registry(Path(folder)) as running:
            judges = Judges(running, keys)
            number = len(cases(""))
            answers = [both(judges, place) for place in range(number)]
            made = [(verb, form) for verb in ("sign", "attest") for form in ("tag", "bundle")]
            taken = [takes(judges, number + place, *how) for place, how in enumerate(made)]
            taken.append(takes_roots_by_tuf(judges, number + len(made)))
            taken.append(takes_mocks(judges, number + len(made) + 1))
    otherwise = sum(ours != theirs for ours, theirs in answers) + taken.count(False)
    verified = sum(ours and theirs for ours, theirs in answers)
    more = f"{len(made)} that cosign made, a root by TUF, and a certificate of npm's mock"
    compared = f"{number} cases, {verified} of them verified by both, {more}"
    print(f"{compared}: {otherwise} answered otherwise")
    return 1 if otherwise else 0


def built() -> bool:
    """Whether there is a cosign now."""
    if not PROGRAM.exists() and shutil.which("go"):
        environment = {**os.environ, "GOBIN": str(CACHE), "CGO_ENABLED": "0"}
        subprocess.run(["go", "install", MODULE], check=False, env=environment)
    return PROGRAM.exists()


def both(judges: Judges, place: int) -> tuple[bool, bool]:
    """Whether one case is verified by imagebot, and by cosign."""
    name, digest = judges.image(place)
    case = cases(digest)[place]
    for one in laid(digest, case):
        lay(judges.running.folder, name, one.reference, one.manifest, one.blobs)
    requirement = Requirement.model_validate(case.required)
    public = pem(key("release", case.kind))
    (judges.folder / "release.pub").write_text(public)
    (judges.folder / "root.json").write_bytes(OURS.root)
    state = judges.ours(name, digest, requirement, Anchors({"release": PublicKey.parse(public)}, OURS.root))
    theirs = judges.cosign(*asked(case, requirement), f"{judges.running.host}/{name}@{digest}")
    answers = isinstance(state, Verified), theirs.returncode == 0 and not case.stricter
    if answers[0] != answers[1]:
        print(f"{case.name}: imagebot says {words(state)}; cosign: {theirs.returncode} {theirs.stderr.strip()[-600:]}")
    return answers


def laid(digest: str, case: Case) -> Sequence[Laid]:
    """What hangs beside the image."""
    bundles = [piece for piece in case.pieces if isinstance(piece, SigstoreBundle)]
    others = [piece for piece in case.pieces if not isinstance(piece, SigstoreBundle)]
    found = [tagged(digest, others)] if others else []
    return [*found, *(referred(digest, bundles, signed_claim_of(bundles[0]).predicate_type) if bundles else ())]


def asked(case: Case, requirement: Requirement) -> list[str]:
    """The same rule as cosign is told it."""
    bundled = all(isinstance(piece, SigstoreBundle) for piece in case.pieces)
    verb = ["verify"] if requirement.attestation is None else ["verify-attestation", "--type", requirement.attestation]
    said = [*verb, "--allow-http-registry", f"--new-bundle-format={str(bundled).lower()}"]
    said += [word for note in requirement.annotations.items() for word in ("-a", "=".join(note))]
    if requirement.keyless is None:
        return [*said, "--key", "release.pub", "--insecure-ignore-tlog=true"]
    wanted = requirement.keyless
    said += ["--trusted-root", "root.json"]
    for flag, wording in (("identity", wanted.identity), ("oidc-issuer", wanted.issuer)):
        if isinstance(wording, str):
            said += [f"--certificate-{flag}", wording]
        else:
            said += [f"--certificate-{flag}-regexp", f"^{wording.match}$"]
    return said


def takes(judges: Judges, number: int, verb: str, form: str) -> bool:
    """Whether imagebot verifies what cosign signed, or attested."""
    name, digest = judges.image(number)
    reference = f"{judges.running.host}/{name}@{digest}"
    judges.cosign("generate-key-pair", "--output-key-prefix", form)
    (judges.folder / "predicate.json").write_text(json.dumps(provenance("https://ci.example")))
    more = ("--type", "slsaprovenance1", "--predicate", "predicate.json") if verb == "attest" else ()
    signed = judges.cosign(
        verb,
        *("--key", f"{form}.key", "--yes", "--allow-http-registry", "--use-signing-config=false"),
        *("--tlog-upload=false", f"--new-bundle-format={str(form == 'bundle').lower()}", *more, reference),
    )
    attested = {"attestation": "provenance", "builder": "https://ci.example"} if verb == "attest" else {}
    requirement = Requirement.model_validate({"keys": ["release"], **attested})
    public = PublicKey.parse((judges.folder / f"{form}.pub").read_text())
    state = judges.ours(name, digest, requirement, Anchors({"release": public}))
    if not isinstance(state, Verified):
        print(f"cosign {verb}, {form}: {words(state)}; {signed.stderr.strip()[-600:]}")
    return isinstance(state, Verified)


def takes_roots_by_tuf(judges: Judges, number: int) -> bool:
    """Whether both verify a keyless signature by the root that they fetch from one TUF repository, of a changed key."""
    repository = TufFiles()
    first = repository.keep_first(judges.running.folder)  # cosign empties the other one
    repository.rotate()
    repository.publish(OURS.root)
    name, digest = judges.image(number)
    for one in referred(digest, [OURS.bundle(statement(digest))]):
        lay(judges.running.folder, name, one.reference, one.manifest, one.blobs)
    requirement = Requirement.model_validate(KEYLESS)
    with Served(repository) as served:
        said = judges.cosign("initialize", "--mirror", served.url, "--root", str(first))
        tuf = TufRepository(url=served.url, initial_root_file=first)
        root = TrustedRoots(tuf, judges.running.folder / "state", DIRECT).root().document
        wanted = [word for word in asked(_KEYLESS, requirement) if word not in ("--trusted-root", "root.json")]
        theirs = judges.cosign(*wanted, f"{judges.running.host}/{name}@{digest}")
    ours = judges.ours(name, digest, requirement, Anchors({}, root))
    if theirs.returncode or not isinstance(ours, Verified):
        print(
            f"by TUF: imagebot says {words(ours)}; cosign: {said.stderr.strip()[-300:]} {theirs.stderr.strip()[-600:]}"
        )
    return theirs.returncode == 0 and isinstance(ours, Verified)


def takes_mocks(judges: Judges, number: int) -> bool:
    """Whether both verify a certificate that Sigstore's own mock made out, and both do not for another image."""
    (name, digest), (other, another) = judges.image(number), judges.image(number + 1)
    bundle, root = mocked(statement(digest))
    for image, its in ((name, digest), (other, another)):
        for one in referred(its, [bundle]):
            lay(judges.running.folder, image, one.reference, one.manifest, one.blobs)
    (judges.folder / "root.json").write_bytes(root)
    requirement = Requirement.model_validate(KEYLESS)
    answers = []
    for image, its in ((name, digest), (other, another)):
        ours = judges.ours(image, its, requirement, Anchors({}, root))
        theirs = judges.cosign(*asked(_KEYLESS, requirement), f"{judges.running.host}/{image}@{its}")
        answers.append((isinstance(ours, Verified), theirs.returncode == 0))
        if len(set(answers[-1])) > 1:
            print(f"npm's mock: imagebot says {words(ours)}; cosign: {theirs.stderr.strip()[-600:]}")
    return answers == [(True, True), (False, False)]


def _manifest(config: bytes) -> bytes:
    kind = "application/vnd.oci.image"
    described = {"mediaType": f"{kind}.config.v1+json", "digest": digest_of(config), "size": len(config)}
    said = {"schemaVersion": 2, "mediaType": f"{kind}.manifest.v1+json", "config": described, "layers": []}
    return json.dumps(said).encode()


if __name__ == "__main__":
    sys.exit(main())
