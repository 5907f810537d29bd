"""What is examined on this machine: git, policies, the state folder, the database, the signing key."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from imagebot.cycle.anchors import key_in, root_in
from imagebot.errors import BadInput, Unavailable
from imagebot.gitrepo.process import run
from imagebot.gitrepo.sign import signed
from imagebot.operations.diagnosis import Diagnosis, fine, odd, wrong
from imagebot.policy.read import PolicySet
from imagebot.settings.resolve import PostgresDatabase, Settings, StateBranch
from imagebot.store.lock import holder
from imagebot.store.open import DATABASE_FILE, as_it_lies, is_behind
from imagebot.trust.keyless import unusable_root

OLDEST_GIT = (2, 38)
SHORTEST_SECRET = 16
ROOM_WRONG = 64 << 20
ROOM_LOOK = 1 << 30
_VERSION = re.compile(r"git version ([0-9]{1,4})\.([0-9]{1,4})")
_TRIAL = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\nimagebot doctor\n"


def git_version() -> list[Diagnosis]:
    """Old ones lack options that a pass needs."""
    said = run(Path("/"), "git", "--version").out.decode(errors="replace").strip()
    found = _VERSION.search(said)
    if found is None:
        return [wrong("git", "", BadInput(f"git says {said!r}, which is no version; install git 2.38 or newer"))]
    if (int(found[1]), int(found[2])) < OLDEST_GIT:
        return [wrong("git", "", BadInput(f"{said} is too old: install git 2.38 or newer"))]
    return [fine("git", "", said)]


def policies(found: PolicySet) -> list[Diagnosis]:
    """How many cannot be followed: `imagebot lint` says why."""
    sound = f"{len(found.policies)} sound"
    if found.problems:
        count = len(found.problems)
        problems = f"{count} problem{'s' * (count != 1)}, {sound}: `imagebot lint` shows where and what to do"
        return [wrong("policies", "", BadInput(problems))]
    if not found.policies:
        return [odd("policies", "", "there is none: `imagebot init` writes policies for what a repository holds")]
    return [fine("policies", "", sound)]


def state(settings: Settings) -> list[Diagnosis]:
    """Whether the folder can be written, who uses it, and what room its disk has."""
    folder = settings.state
    there = _nearest(folder)
    if not there.is_dir():
        return [wrong("state", "", BadInput(f"{there} is no folder: set `state` to a folder of the bot's own"))]
    if not os.access(there, os.W_OK | os.X_OK):
        said = f"{there} cannot be written: make it writable, or set `state` to a folder of the bot's own"
        return [wrong("state", "", BadInput(said))]
    made = "" if there == folder else " and is made by the first pass"
    used = holder(folder)
    by = f", in use by {used}" if used else ""
    return [fine("state", "", f"{folder} can be written{made}{by}"), *_room(there)]


def _room(folder: Path) -> Iterator[Diagnosis]:
    free = shutil.disk_usage(folder).free
    said = f"{free / 1_000_000_000:.1f} GB free on its disk"
    if free < ROOM_WRONG:
        yield wrong("state", "", f"{said}: make room, or nothing can be kept")
    elif free < ROOM_LOOK:
        yield odd("state", "", f"{said}: mirrors of repositories grow")
    else:
        yield fine("state", "", said)


def _nearest(folder: Path) -> Path:
    """The folder, or the one above it that is there."""
    return next((one for one in (folder, *folder.parents) if one.exists()), folder)


def webhooks(settings: Settings, found_policies: PolicySet) -> list[Diagnosis]:
    """Whether the secrets of receivers can be read, and whether anybody watches what they call about."""
    if settings.webhooks is None:
        return []
    watches = [watch for policy in found_policies.policies for watch in policy.watches]
    watched = {name.registry for watch in watches for name in (watch.image, watch.upstream) if name is not None}
    found = []
    for name, receiver in settings.webhooks.receivers.items():
        try:
            secret = receiver.secret.reveal()
        except BadInput as error:
            found.append(wrong("webhook", name, error))
            continue
        if len(secret) < SHORTEST_SECRET:
            said = "its secret is short enough to be guessed: `openssl rand -hex 32` makes a longer one"
            found.append(odd("webhook", name, said))
        elif receiver.registry is not None and receiver.registry not in watched:
            said = f"no policy watches an image of {receiver.registry}, which is its `registry`: its calls do nothing"
            found.append(odd("webhook", name, said))
        else:
            found.append(fine("webhook", name, f"{receiver.type} may call; `imagebot webhooks` shows where"))
    return found


def database(settings: Settings) -> list[Diagnosis]:
    """Whether what is remembered can be read, and fits this imagebot; where it is written is the folder's matter."""
    match settings.database:
        case StateBranch(repository):
            return [fine("database", "", f"a branch of {repository}, which is examined as a repository")]
        case PostgresDatabase():
            where = "the PostgreSQL server"
        case None:
            where = DATABASE_FILE
            if not (settings.state / where).exists():
                return [fine("database", "", f"{where} is made by the first pass")]
    try:
        as_it_lies(settings, BadInput(f"{where} cannot be read; `imagebot once` says more")).holds()
        behind = is_behind(settings)
    except Unavailable as error:
        used = holder(settings.state)
        return [fine("database", "", f"{where} is in use by {used}") if used else odd("database", "", str(error))]
    if behind:
        return [
            odd("database", "", f"{where} can be read; the next pass brings its tables to this version: back it up")
        ]
    return [fine("database", "", f"{where} can be read")]


def signing(settings: Settings) -> list[Diagnosis]:
    """Whether the key signs: tried on nothing of anybody's."""
    key = settings.author.signing
    if key is None:
        return []
    signed([_TRIAL], key)
    return [fine("signing", "", f"{key.file.name} signs")]


def trust(settings: Settings) -> list[Diagnosis]:
    """Whether what signatures are held against can be read, and used."""
    known = settings.trust
    found: list[Diagnosis] = []
    for name, path in known.keys.items():
        key = key_in(name, path)
        found.append(wrong("trust", name, BadInput(key)) if isinstance(key, str) else fine("trust", name, "is a key"))
    if known.root_file is not None:
        root = root_in(known.root_file)
        unusable = root if isinstance(root, str) else unusable_root(root)
        found.append(wrong("trust", "", BadInput(unusable)) if unusable else fine("trust", "", "the root can be used"))
    return found
