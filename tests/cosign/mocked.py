"""A signature whose certificate Sigstore's own mock of its services made out, in a log of ours of one leaf."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from imagebot.trust.evidence import SigstoreBundle
from imagebot.trust.statement import PAYLOAD_TYPE, Envelope
from tests.support.fulcio import ISSUER, WORKFLOW, Sigstore, root_of
from tests.support.signing import b64

PACKAGE = "@sigstore/mock@0.12.1"
CACHE = Path(__file__).parents[2] / ".cache" / "cosign" / "npm"
SCRIPT = Path(__file__).with_name("mock.cjs")


def is_there() -> bool:
    """Whether the mock can be asked; it is fetched if it is not there yet."""
    if not (CACHE / "node_modules" / "@sigstore" / "mock").is_dir() and shutil.which("npm"):
        CACHE.mkdir(parents=True, exist_ok=True)
        (CACHE / "package.json").write_text("{}")
        subprocess.run(["npm", "install", "--silent", "--ignore-scripts", PACKAGE], cwd=CACHE, check=False)
    return (CACHE / "node_modules" / "@sigstore" / "mock").is_dir()


def mocked(said: bytes) -> tuple[SigstoreBundle, bytes]:
    """A bundle about a statement, and the root that it is held against."""
    (CACHE / SCRIPT.name).write_bytes(SCRIPT.read_bytes())  # where its library is
    signed = Envelope(said, ()).signed
    asked = {"identity": WORKFLOW, "issuer": ISSUER, "signed": b64(signed)}
    done = subprocess.run(
        ["node", SCRIPT.name], cwd=CACHE, input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    told = {key: base64.b64decode(text) for key, text in json.loads(done.stdout).items()}
    envelope = {"payloadType": PAYLOAD_TYPE, "payload": b64(said), "signatures": [{"sig": b64(told["signature"])}]}
    ours, leaf = Sigstore(), x509.load_der_x509_certificate(told["certificate"])
    parts = ours.logged(envelope, leaf, leaf.not_valid_before_utc + timedelta(seconds=1))
    return SigstoreBundle(json.dumps(parts).encode()), root_of(ours, told["authority"], told["log"])
