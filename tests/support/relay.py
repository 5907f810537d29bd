"""Two connections as one."""

from __future__ import annotations

import select
import socket
import ssl

_PIECE = 1 << 16


def relay(here: socket.socket, there: socket.socket) -> None:
    """Carry bytes both ways until one side ends."""
    while True:
        waiting = [each for each in (here, there) if isinstance(each, ssl.SSLSocket) and each.pending()]
        for source in waiting or select.select([here, there], [], [])[0]:
            data = source.recv(_PIECE)
            if not data:
                return
            (there if source is here else here).sendall(data)
