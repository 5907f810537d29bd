"""A verb in a network of its own, from which nothing leads anywhere but one port: that of a proxy outside.

`python -m tests.support.alone SOCKET PORT VERB…` runs there: it listens on the port for whoever started it, and counts
what wanted to go anywhere else. Where the machine lets nobody make networks the verb runs in the one that there is:
names that no resolver knows lead nowhere there either, but nobody counts.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.forward_proxy import ForwardProxy, forward_proxy

_ROOT = Path(__file__).parents[2]
_WAY = ("unshare", "--map-root-user", "--net")
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1


@dataclass(frozen=True, slots=True)
class Alone:
    """What the verb printed, its exit code, and how many packets and connections had nowhere to go."""

    code: int
    out: str
    err: str
    strays: int


def free_port() -> int:
    """One that nobody listens on now, here or in a network of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def run_alone(
    proxy: ForwardProxy, port: int, folder: Path, words: Sequence[str], environment: Mapping[str, str]
) -> Alone:
    """`imagebot WORDS` in `folder`, with `proxy` at this port and nothing else to reach."""
    surroundings = {**os.environ, "PYTHONPATH": str(_ROOT), **environment}
    if not _has_networks():
        with socket.create_server(("127.0.0.1", port)) as listener, forward_proxy(proxy, listener=listener):
            command = [sys.executable, "-m", "imagebot", *words]
            done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)
        return Alone(done.returncode, done.stdout, done.stderr, 0)
    here, there = socket.socketpair()
    command = [*_WAY, sys.executable, "-m", "tests.support.alone", str(there.fileno()), str(port), *words]
    with (
        here,
        subprocess.Popen(
            command, cwd=folder, env=surroundings, stdout=-1, stderr=-1, text=True, pass_fds=[there.fileno()]
        ) as process,
    ):
        there.close()
        _, (listener_fd,), _, _ = socket.recv_fds(here, 1, 1)
        with forward_proxy(proxy, listener=socket.socket(fileno=listener_fd)):
            here.sendall(b"!")
            out, err = process.communicate()
        return Alone(process.returncode, out, err, json.loads(here.recv(100)))


@cache
def _has_networks() -> bool:
    """Whether this machine lets us make one."""
    with suppress(OSError):
        return subprocess.run([*_WAY, "true"], capture_output=True, check=False).returncode == 0
    return False


def main(descriptor: str, port: str, *words: str) -> int:
    """In the network: raise its loopback, listen, run, count."""
    here = socket.socket(fileno=int(descriptor))
    _raise_loopback()
    with socket.create_server(("127.0.0.1", int(port))) as listener:
        socket.send_fds(here, [b"!"], [listener.fileno()])
        here.recv(1)
    before = _strays()
    done = subprocess.run([sys.executable, "-m", "imagebot", *words], check=False)
    after = _strays()
    with suppress(OSError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    assert _strays() > after, "what goes astray is counted"
    here.sendall(json.dumps(after - before).encode())
    return done.returncode


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
        (flags,) = struct.unpack_from("h", request, 16)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def _strays() -> int:
    """Packets and connections without a route, of both protocols, and datagrams: there is no name server to ask."""
    counts: dict[str, int] = {}
    names: list[str] = []
    for line in Path("/proc/net/snmp").read_text().splitlines():
        kind, _, rest = line.partition(": ")
        if rest[:1].isalpha():
            names = rest.split()
        else:
            counts |= {f"{kind}{name}": int(value) for name, value in zip(names, rest.split(), strict=True)}
    six = dict(line.split() for line in Path("/proc/net/snmp6").read_text().splitlines())
    return counts["IpOutNoRoutes"] + counts["UdpOutDatagrams"] + int(six.get("Ip6OutNoRoutes", 0))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
