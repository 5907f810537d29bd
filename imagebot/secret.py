"""What must never be printed, and where it comes from."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from imagebot.errors import BadInput
from imagebot.outgoing import remember
from imagebot.regular import read_regular

_LIMIT = 64 * 1024


class Secret:
    """A credential that shows itself to nobody but the caller of `reveal`, and is masked wherever text leaves."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        remember(value)

    def reveal(self) -> str:
        remember(self._value)
        return self._value

    def __repr__(self) -> str:
        return "…"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "…"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A credential in a file, read again at each use: Kubernetes rotates mounted secrets in place."""

    path: Path

    def reveal(self) -> str:
        """The file's text without the line end that editors add. Raises `BadInput` if it cannot be read."""
        try:
            value = read_regular(self.path, _LIMIT)
            text = value.decode().rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise BadInput(f"cannot read the secret file {self.path}: {reason}") from None
        if len(value) > _LIMIT or not text:
            raise BadInput(f"the secret file {self.path} is {'too large' if text else 'empty'}")
        remember(text)
        return text


def known(file: Path) -> SecretFile:
    """The credential in a file, masked from now on wherever else it is found; the file need not be readable yet.

    A policy file may be another name of it (a hard link), and an error shows the line that it is about.
    """
    secret = SecretFile(file)
    with suppress(BadInput):
        secret.reveal()
    return secret


@dataclass(frozen=True, slots=True)
class SecretVariable:
    """A credential in a variable of an environment that nobody looked into: its name is all there is."""

    name: str

    def reveal(self) -> str:
        """Raises `BadInput`."""
        raise BadInput(f"the variable {self.name} was not read")


SecretSource = Secret | SecretFile | SecretVariable
