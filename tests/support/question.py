"""One question to a registry in a process of its own: what came of it, and by how much the process grew meanwhile."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from imagebot.errors import WorldError
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.settings.resolve import RegistrySettings
from tests.support.forked import run_function


@dataclass(frozen=True, slots=True)
class Came:
    """`growth` is in MiB, at the peak.

    `error` is the name of its kind, empty for an answer; `text` is its words, or the answer's beginning.
    """

    growth: float
    error: str
    text: str


def asked(host: str, method: str, *words: str, repository: str = "acme/api") -> Came:
    """Ask in a new process; a method of `Registries`, and its arguments after the name."""
    code, out, err = run_function(_ask, (host, repository, method, *words))
    assert code == 0, err
    return Came(**json.loads(out))


def peak() -> int:
    """The most KiB that this process ever took since the peak was last forgotten."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


def _ask(host: str, repository: str, method: str, *words: str) -> None:
    registries = Registries({host: RegistrySettings(plain_http=True)})
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    error, text = "", ""
    try:
        text = repr(getattr(registries, method)(ImageName(host, repository), *words))
    except WorldError as caught:
        error, text = type(caught).__name__, str(caught)
    print(json.dumps(asdict(Came((peak() - before) / 1024, error, text[:500]))))
