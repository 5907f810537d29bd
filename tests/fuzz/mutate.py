"""Files as people write them, and what a slip of the hand or a bad day makes of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

from imagebot.yamledit.parse import parse
from imagebot.yamledit.tree import NotYaml
from tests.fuzz.oracle import Case
from tests.support.pins import OLD

_GOLDEN = Path(__file__).parent.parent / "golden"
LONGEST = 3_000

LINES = [
    "image: ghcr.io/acme/api:v1",
    "image: 'ghcr.io/acme/api:1.0'  # c",
    f'image: "ghcr.io/acme/api:v1@{OLD}"',
    "- image: &i nginx:1.25",
    "- image: *i",
    "repository: ghcr.io/acme/api",
    "registry: ghcr.io",
    "tag: v1",
    "tag: &t 1.29",
    "tag: *t",
    "tag: !!str 1",
    "tag: ''",
    "tag:",
    f"digest: {OLD}",
    "digest: ''",
    "images:",
    "- name: ghcr.io/acme/api",
    "  newName: ghcr.io/acme/web",
    "  newTag: v1",
    "image: {repository: ghcr.io/acme/api, tag: v1}",
    '{"image": "ghcr.io/acme/api:v1", "x": [1,2]}',
    "url: oci://ghcr.io/acme/api",
    "ref: {tag: v1}",
    "uses: docker://ghcr.io/acme/api:v1",
    "chart: oci://ghcr.io/acme/api",
    "version: 1.2.3",
    "repoURL: ghcr.io/acme",
    "targetRevision: 1.2.3",
    "parameters: [{name: image.repository, value: ghcr.io/acme/api}, {name: image.tag, value: v1}]",
    "values: |",
    "args: ['--image=ghcr.io/acme/api:v1', \"x\"]",
    "run: docker run ghcr.io/acme/api:v1 --rm",
    'tag: v1 # {"$imagepolicy": "flux-system:api:tag"}',
    "image: ghcr.io/acme/api:v1 # imagebot: ghcr.io/acme/api",
    "image: ${IMAGE:-ghcr.io/acme/api:v1}",
    "<<: *b",
    "<<: [*b, *c]",
    "base: &b {image: nginx:1, tag: v1}",
    "? image",
    ": nginx:1.25",
    "- - image: nginx:1",
    "text: >-",
    "  folded ghcr.io/acme/api:v1",
    "  and on",
    "---",
    "--- # c",
    "...",
    "%YAML 1.1",
    "%TAG !e! tag:example.com,2000:",
    "# comment # with é 日本 🚀",
    "é: ключ",
    "",
    "   ",
    "{{- if .Values.x }}",
    "tag: {{ .Values.tag }}",
    "FROM nginx:1.25 AS base",
    "ARG TAG=v1",
    "FROM --platform=$X ghcr.io/acme/api:${TAG:-v1} AS api",
    "COPY --from=ghcr.io/acme/api:v1 /a /b",
    "RUN <<EOF",
    "  docker pull ghcr.io/acme/api:v1 \\",
]
TOKENS = [
    "&a ",
    "*a",
    "!!str ",
    "!t ",
    "'",
    '"',
    "|",
    ">",
    "|2-",
    "# ",
    " #",
    ": ",
    ":",
    "- ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    ",",
]
TOKENS += [
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "  ",
    "\ufeff",
    "\x85",
    "\u2028",
    "\u2029",
    "\xa0",
    "\0",
    "\x07",
    "é",
    "🚀",
    "\\",
]
TOKENS += [
    "\\x61",
    "\\\n",
    "---\n",
    "...\n",
    "<<: *a",
    "!<tag:yaml.org,2002:str> ",
    "!%c3%a9 ",
    "~",
    "@",
    "%",
    "''",
    '""',
]
TOKENS += [":v1", "@" + OLD, "ghcr.io/", "acme/api", "nginx", "image", "tag: ", "a" * 130, " " * 40]


@cache
def seeds() -> tuple[bytes, ...]:
    """The files of the golden folders: each once was somebody's regret."""
    files = sorted(path for path in _GOLDEN.glob("*/before/**/*") if path.is_file())
    return tuple(data for data in dict.fromkeys(path.read_bytes() for path in files) if len(data) <= LONGEST)


def made(dice: Random) -> Case:
    """A case as `dice` falls; of files that are no YAML at once there is a second and a third throw."""
    data = b""
    for _ in range(3):
        data = fresh(dice)
        data = mutate(data, dice) if dice.random() < 0.7 else data
        if not any(isinstance(document, NotYaml) for document in parse(data)):
            break
    return Case(data, dice.randrange(65536), dice.randrange(65536))


def fresh(dice: Random) -> bytes:
    """A file of some lines, or one of the golden ones."""
    if dice.random() < 0.4:
        return dice.choice(seeds())
    end = dice.choice(["\n", "\n", "\n", "\r\n", "\r"])
    lines = [""]
    for _ in range(dice.randrange(1, 14)):
        indent = _indent(lines[-1])
        lines.append(" " * max(0, indent - 2 * (dice.random() < 0.2)) + dice.choice(LINES))
    return (dice.choice(["", "", "", "\ufeff"]) + end.join(lines[1:]) + dice.choice(["", end])).encode()


def _indent(line: str) -> int:
    """How far the next line stands in, if it is to go on where this one ends."""
    spaces = len(line) - len(line.lstrip(" "))
    if line.rstrip().endswith((":", "|", ">-")):
        return spaces + 2
    return spaces + 2 if line.lstrip().startswith("- ") and "- -" not in line else spaces


def mutate(data: bytes, dice: Random) -> bytes:
    """The file after a few slips. It may not be UTF-8, nor YAML, any more."""
    for _ in range(dice.choice([1, 1, 1, 2, 4])):
        data = dice.choice(_SLIPS)(data, dice)
    return data[:LONGEST]


def _insert(data: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + dice.choice(TOKENS).encode() + data[at:]


def _overwrite(data: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + dice.choice(TOKENS).encode() + data[at + dice.randrange(8) :]


def _cut(data: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + data[at + dice.randrange(12) :]


def _byte(data: bytes, dice: Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]


def _line(data: bytes, dice: Random) -> bytes:
    """One line doubled, left out, moved, indented, or another one put in."""
    lines = data.splitlines(keepends=True) or [b""]
    at = dice.randrange(len(lines))
    match dice.randrange(6):
        case 0:
            lines.insert(at, lines[at])
        case 1:
            del lines[at]
        case 2:
            lines.insert(dice.randrange(len(lines)), lines.pop(at))
        case 3:
            lines[at] = b" " * dice.randrange(1, 5) + lines[at]
        case 4:
            lines[at] = lines[at].removeprefix(b"  ")
        case _:
            indent = len(lines[at]) - len(lines[at].lstrip(b" "))
            lines.insert(at, b" " * indent + dice.choice(LINES).encode() + b"\n")
    return b"".join(lines)


def _ends(data: bytes, dice: Random) -> bytes:
    return data.replace(*dice.choice([(b"\n", b"\r\n"), (b"\r\n", b"\n"), (b"\n", b"\n\n"), (b"  ", b"    ")]))


def _join(data: bytes, dice: Random) -> bytes:
    other = dice.choice(seeds())
    return data + dice.choice([b"", b"\n", b"---\n", b"...\n"]) + other[: dice.randrange(len(other) + 1)]


_SLIPS = (_insert, _insert, _overwrite, _cut, _byte, _line, _line, _line, _ends, _join)
