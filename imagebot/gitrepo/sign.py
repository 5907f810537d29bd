"""Signatures of commits, made by the programs that git itself calls: `gpg` and `ssh-keygen`.

No agent, no keyring and no configuration of the host takes part: a key is a file, read at each use, so that a mounted
secret may be replaced. What is signed is the commit without its `gpgsig` header (gitformat-signature(5)).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import assert_never

from imagebot.errors import BadInput, ImagebotError, Unavailable
from imagebot.gitrepo.process import GitOutput, last_line, run
from imagebot.outgoing import outgoing, shortened
from imagebot.regular import read_regular
from imagebot.settings.resolve import GpgKey, SigningKey, SshSigningKey

_GPG = ("--batch", "--no-tty", "--pinentry-mode", "error", "--homedir", ".")
_SECRET_KEY = re.compile(r"^\[GNUPG:\] IMPORT_OK ([0-9]+) ([0-9A-F]+)$", re.ASCII | re.MULTILINE)
_IS_SECRET = 16
_LONGEST = 300
_LARGEST_KEY = 1 << 20
_ADVICE = (
    ("passphrase|No pinentry|cancelled", "it has a passphrase, and nobody is there to type it: give a key without one"),
    ("UNPROTECTED", "others may read it: `chmod 600` it, or mount the secret with `defaultMode: 0400`"),
    ("Couldn't load public key|No private key|invalid format", "it holds no ssh private key"),
    ("expired|Unusable secret key", "it has expired, or is not for signing: give another"),
    ("No user exists", "ssh-keygen does not run for a user that /etc/passwd does not name"),
)


def signed(payloads: Sequence[bytes], key: SigningKey | None) -> list[bytes]:
    """The commits with a signature by `key`, or as they are without one.

    Raises `BadInput` for a key that cannot be used or a program that is not installed, `Unavailable` without room to
    work in.
    """
    if not payloads:
        return []
    match key:
        case None:
            return list(payloads)
        case SshSigningKey(file):
            signatures = _by_ssh(payloads, file)
        case GpgKey(file):
            signatures = _by_gpg(payloads, file)
        case _:
            assert_never(key)
    return [with_signature(payload, one.rstrip(b"\n")) for payload, one in zip(payloads, signatures, strict=True)]


def with_signature(payload: bytes, signature: bytes) -> bytes:
    """A commit with `signature` as its last header, under the name that goes with the length of its ids."""
    header, end, message = payload.partition(b"\n\n")
    name = b"gpgsig" if header.find(b"\n") == len(b"tree ") + 40 else b"gpgsig-sha256"
    return header + b"\n" + name + b" " + signature.replace(b"\n", b"\n ") + end + message


def _by_ssh(payloads: Sequence[bytes], file: Path) -> list[bytes]:
    """One process for all of them: it writes each signature beside what it signs."""
    _content(file)
    with _folder() as folder:
        names = [str(number) for number in range(len(payloads))]
        for name, payload in zip(names, payloads, strict=True):
            (folder / name).write_bytes(payload)
        answer = _asked(folder, "ssh-keygen", "-Y", "sign", "-n", "git", "-f", str(file), *names)
        if answer.code != 0:
            raise _unusable(file, answer)
        return [(folder / f"{name}.sig").read_bytes() for name in names]


def _by_gpg(payloads: Sequence[bytes], file: Path) -> list[bytes]:
    """With a keyring that lasts as long as the signing, and an agent that does not outlive it."""
    data = _content(file)
    with _folder() as home:
        try:
            key = _imported(home, file, data)
            return [_one_by_gpg(home, file, key, payload) for payload in payloads]
        finally:
            # It would end by itself, as its home is gone; whatever went wrong before is what a person should read.
            with suppress(ImagebotError):
                run(home, "gpgconf", "--homedir", ".", "--kill", "gpg-agent")


def _imported(home: Path, file: Path, data: bytes) -> str:
    answer = _asked(home, "gpg", *_GPG, "--status-fd", "1", "--import", stdin=data)
    found = _SECRET_KEY.findall(answer.out.decode(errors="replace"))
    secret: list[str] = [key for flags, key in found if int(flags) & _IS_SECRET]
    if len(secret) != 1:
        held = f"{len(secret)} OpenPGP secret keys" if secret else "no OpenPGP secret key"
        raise BadInput(f"{file}: it holds {held}; write one with `gpg --armor --export-secret-keys FINGERPRINT`")
    return secret[0]


def _one_by_gpg(home: Path, file: Path, key: str, payload: bytes) -> bytes:
    answer = _asked(home, "gpg", *_GPG, "--local-user", key, "--armor", "--detach-sign", stdin=payload)
    if answer.code != 0 or not answer.out:
        raise _unusable(file, answer)
    return answer.out


def _asked(folder: Path, program: str, *args: str, stdin: bytes = b"") -> GitOutput:
    answer = run(folder, program, *args, stdin=stdin)
    if "No space left on device" in answer.err:
        raise _no_room("No space left on device")
    return answer


def _content(file: Path) -> bytes:
    try:
        data = read_regular(file, _LARGEST_KEY)
    except OSError as error:
        raise BadInput(f"cannot read the signing key {file}: {error.strerror}; see `author` in imagebot.yaml") from None
    if len(data) > _LARGEST_KEY:
        raise BadInput(f"cannot sign with {file}: it is larger than any key; see `author` in imagebot.yaml")
    return data


def _unusable(file: Path, answer: GitOutput) -> BadInput:
    advice = [advice for words, advice in _ADVICE if re.search(words, answer.err)]
    said = shortened(outgoing(last_line(answer.err)), _LONGEST).rstrip(".")
    return BadInput(f"cannot sign with {file}: {advice[0] if advice else said}; see `author` in imagebot.yaml")


def _no_room(why: str) -> Unavailable:
    return Unavailable(f"no room for temporary files, which signing needs: {why}; make room in /tmp, or set TMPDIR")


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that only we can look into. Its path is short: a socket in it may have no more than 107 bytes."""
    try:
        with tempfile.TemporaryDirectory(prefix="imagebot-", ignore_cleanup_errors=True) as name:
            yield Path(name)
    except OSError as error:
        raise _no_room(error.strerror or str(error)) from None
