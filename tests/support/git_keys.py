"""Keys that commits are signed with, made by GnuPG itself; and git's own word on a signature."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.git_repos import run_git

GPG = Path("/usr/bin/gpg")


@dataclass(frozen=True, slots=True)
class Keyring:
    """A GnuPG home of the test, with an agent of its own."""

    home: Path

    def gpg(self, *args: str) -> bytes:
        words = ["gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", *args]
        environment = {"PATH": os.environ["PATH"], "GNUPGHOME": str(self.home), "LC_ALL": "C"}
        return subprocess.run(words, env=environment, check=True, capture_output=True).stdout

    def make(self, *args: str, kind: str = "ed25519", passphrase: str = "", lasting: str = "never") -> str:
        """The fingerprint of a new key that can sign; `args` are more of gpg's options."""
        who = "imagebot <bot@example.com>"
        how = ["--passphrase", passphrase, *args, "--yes", "--quick-generate-key", who, kind, "sign", lasting]
        before = self._keys()
        self.gpg(*how)
        (made,) = self._keys() - before
        return made

    def exported(self, file: Path, *keys: str, passphrase: str = "") -> Path:
        """A file with these secret keys, readable by its owner alone."""
        file.write_bytes(self.gpg("--passphrase", passphrase, "--armor", "--export-secret-keys", *keys))
        file.chmod(0o600)
        return file

    def signed(self, payload: bytes, key: str) -> bytes:
        """A detached signature, as git would ask for it."""
        file = self.home / "payload"
        file.write_bytes(payload)
        return self.gpg("--local-user", key, "--armor", "--detach-sign", "--output", "-", str(file))

    def good(self, repository: Path, commit: str) -> bool:
        """Whether git finds a good signature by a key of this keyring."""
        return _verified(["-C", str(repository), "verify-commit", commit], {"GNUPGHOME": str(self.home)})

    def _keys(self) -> set[str]:
        lines = self.gpg("--with-colons", "--list-secret-keys").decode().splitlines()
        return {line.split(":")[9] for line in lines if line.startswith("fpr:")}


@contextmanager
def keyring() -> Iterator[Keyring]:
    """In a folder with a short name: the agent's socket is in it."""
    with tempfile.TemporaryDirectory(prefix="gpg-", ignore_cleanup_errors=True) as name:
        ring = Keyring(Path(name))
        try:
            yield ring
        finally:
            subprocess.run(["gpgconf", "--homedir", name, "--kill", "gpg-agent"], check=True)


def good_ssh(repository: Path, commit: str, key: Path) -> bool:
    """Whether git finds a good signature by this ssh key."""
    allowed = key.with_suffix(".allowed")
    allowed.write_text(f"bot@example.com {key.with_suffix('.pub').read_text()}")
    settings = ["-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={allowed}"]
    return _verified(["-C", str(repository), *settings, "verify-commit", commit], {})


def _verified(command: list[str], variables: dict[str, str]) -> bool:
    try:
        run_git(command, b"", variables)
    except subprocess.CalledProcessError:
        return False
    return True
