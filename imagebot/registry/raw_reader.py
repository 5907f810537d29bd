"""A body as it was sent, for what is signed: no byte of it may be read as another."""

from __future__ import annotations


class RawReader:
    """Keeps every byte; how many there may be is for the request's cap to say."""

    def __init__(self, host: str) -> None:
        del host
        self._pieces: list[bytes] = []

    def feed(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def end(self) -> bytes:
        """All of it."""
        return b"".join(self._pieces)
