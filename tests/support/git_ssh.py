"""Git over ssh: a real sshd for the length of a test, with a host key of its own and one key that may come in.

A thread accepts on a port that was free and starts `sshd -i` for each connection, so that no port is guessed.
"""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SSHD = Path("/usr/sbin/sshd")


@dataclass(frozen=True, slots=True)
class SshServer:
    """Where it is, the key that it lets in, and the known hosts file that holds its own key."""

    port: int
    key_file: Path
    known_hosts_file: Path

    def url(self, repository: Path) -> str:
        return f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{repository}"


@contextmanager
def ssh_server(folder: Path) -> Iterator[SshServer]:
    """An sshd run by whoever runs the tests; its files are in `folder`."""
    folder.mkdir()
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # without it sshd refuses to start as root
    host_key, key = make_key(folder / "host_key"), make_key(folder / "key")
    (folder / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        known_hosts = folder / "known_hosts"
        known_hosts.write_text(known_host(port, host_key))
        thread = threading.Thread(target=_accept, args=(listener, _configuration(folder, host_key)))
        thread.start()
        try:
            yield SshServer(port, key, known_hosts)
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def make_key(path: Path, passphrase: str = "") -> Path:
    """A new private key, with its public half beside it."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", path], check=True)
    return path


def known_host(port: int, host_key: Path) -> str:
    """The line of a known hosts file that trusts `host_key` on `port`."""
    return f"[127.0.0.1]:{port} {host_key.with_suffix('.pub').read_text()}"


def _configuration(folder: Path, host_key: Path) -> Path:
    path = folder / "sshd_config"
    lines = (
        f'HostKey "{host_key}"',
        f'AuthorizedKeysFile "{folder / "authorized_keys"}"',
        "AuthenticationMethods publickey",
        "PermitRootLogin prohibit-password",
        "SetEnv GIT_CONFIG_GLOBAL=/dev/null",
        "StrictModes no",
        "UsePAM no",
    )
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def _accept(listener: socket.socket, configuration: Path) -> None:
    running = []
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            with connection:
                command: list[str | Path] = [SSHD, "-i", "-e", "-f", configuration]
                running.append(
                    subprocess.Popen(
                        command, stdin=connection.fileno(), stdout=connection.fileno(), stderr=subprocess.DEVNULL
                    )
                )
    for process in running:
        process.wait(timeout=30)
