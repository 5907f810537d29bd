"""How a trouble is brought about: by a fault of the fake forge, or by a hook of the repository that is pushed to."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.faults.line import BANS, Operation
from tests.support.forge_server import Fault, ForgeServer, Kind
from tests.support.github_server import GitHubServer

_HOOKS = {
    "rejected": ("pre-receive", "exit 1"),
    "hung up": ("pre-receive", "kill -9 $PPID"),
    # A push of several branches moves one after another; this hook runs after each.
    "hung up half way": ("reference-transaction", '[ "$1" != committed ] || kill -9 $PPID'),
    "hung up after": (
        "reference-transaction",
        '[ "$1" = committed ] || exit 0; echo >> hooks/n; [ "$(wc -l < hooks/n)" -lt BRANCHES ] || kill -9 $PPID',
    ),
}
_SLOW_DOWN = b'{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}'
_REFUSED = b'{"message": "Validation Failed", "errors": [{"message": "It cannot be done now."}]}'
_MISBEHAVING: dict[str, Kind] = {"reset": "reset", "hang": "hang", "truncated": "truncated"}
_VERBS = ("GET", "POST", "PATCH", "PUT", "DELETE")


def faults(server: ForgeServer, trouble: str) -> list[Fault]:
    """What strikes the very next request, whatever its verb."""
    so_far = {verb: sum(call.verb == verb for call in server.calls) for verb in _VERBS}
    if trouble in BANS:
        status = 403 if isinstance(server, GitHubServer) else 429
        headers = (("Retry-After", str(BANS[trouble])),)
        return [Fault(verb, status, so_far[verb] + 1, body=_SLOW_DOWN, headers=headers) for verb in _VERBS]
    return [fault for verb in _VERBS if (fault := _fault(verb, so_far[verb] + 1, trouble)) is not None]


def _fault(verb: str, nth: int, trouble: str) -> Fault | None:
    what, _, _ = trouble.partition(" after")
    after = trouble != what
    if what == "422":
        return Fault(verb, 422, nth, body=_REFUSED)
    if what in _MISBEHAVING:
        return Fault(verb, _MISBEHAVING[what], nth, after=after)
    return Fault(verb, int(what), nth, after=after) if what.isdecimal() else None


def hook(bare: Path, trouble: str, operation: Operation) -> None:
    """Lay a hook for the push that comes next, if its trouble comes from one."""
    if operation.kind == "push" and trouble in _HOOKS:
        name, script = _HOOKS[trouble]
        file = bare / "hooks" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script.replace('BRANCHES', str(len(operation.branches)))}\n")
        file.chmod(0o755)


def unhook(bare: Path) -> None:
    """Nobody else's push, and no person's task, meets what was laid for another."""
    shutil.rmtree(bare / "hooks", ignore_errors=True)
