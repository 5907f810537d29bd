"""A repository of The Update Framework, made with the framework's own library, behind a web server of ours."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from tests.support.web_function import Answer, Asked

TARGET = "trusted_root.json"
_ROLES = ("root", "timestamp", "snapshot", "targets")


@dataclass
class TufFiles:
    """What the web server has, by path. `life` is how long what is published from now on may be used."""

    files: dict[str, bytes] = field(default_factory=dict)
    life: timedelta = timedelta(hours=12)
    version: int = 0
    first_root: bytes = b""
    signers: dict[str, CryptoSigner] = field(default_factory=dict)
    root: Metadata[Root] = field(default_factory=lambda: Metadata(Root(consistent_snapshot=True)))

    def __post_init__(self) -> None:
        for role in _ROLES:
            self._new_key(role)
        self.first_root = self._publish_root(self.signers["root"])

    def __call__(self, asked: Asked) -> Answer:
        found = self.files.get(asked.path)
        return Answer(404, (), b"<Error>no such key</Error>") if found is None else Answer(200, (), found)

    def keep_first(self, folder: Path) -> Path:
        """Write the first root into a file."""
        file = folder / "tuf-root.json"
        file.write_bytes(self.first_root)
        return file

    def rotate(self) -> None:
        """The root's key is changed for another, which the old one signs."""
        old = self.signers["root"]
        self.root.signed.revoke_key(old.public_key.keyid, "root")
        self._new_key("root")
        self.root.signed.version += 1
        self._publish_root(old, self.signers["root"])

    def publish(self, document: bytes, name: str = TARGET, **more: Any) -> None:
        """Another version of everything, with this root; `more` is what the targets say of it instead of the truth."""
        self.version += 1
        target = TargetFile.from_data(name, document, ["sha256"])
        for key, value in more.items():
            setattr(target, key, value)
        digest = target.hashes["sha256"]
        self.files[f"/targets/{digest}.{TARGET}"] = document
        self._publish(Targets(self.version, targets={name: target}), "targets", f"{self.version}.targets")
        files = {"targets.json": MetaFile(self.version)}
        self._publish(Snapshot(self.version, meta=files), "snapshot", f"{self.version}.snapshot")
        self._publish(Timestamp(self.version, snapshot_meta=MetaFile(self.version)), "timestamp", "timestamp")

    def _new_key(self, role: str) -> None:
        self.signers[role] = CryptoSigner.generate_ecdsa()
        self.root.signed.add_key(self.signers[role].public_key, role)

    def _publish_root(self, *signers: CryptoSigner) -> bytes:
        self.root.signed.expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=365)
        self.root.signatures.clear()
        for signer in signers:
            self.root.sign(signer, append=True)
        found = self.root.to_bytes()
        self.files[f"/{self.root.signed.version}.root.json"] = found
        return found

    def _publish(self, signed: Targets | Snapshot | Timestamp, role: str, name: str) -> None:
        signed.expires = datetime.now(UTC).replace(microsecond=0) + self.life
        metadata: Metadata[Any] = Metadata(signed)
        metadata.sign(self.signers[role])
        self.files[f"/{name}.json"] = metadata.to_bytes()


def document(name: str) -> bytes:
    """What stands for a root where nobody reads it."""
    return json.dumps({"mediaType": "application/vnd.dev.sigstore.trustedroot+json", "name": name}).encode()
