"""How patient we are with a forge, and how gentle."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Manners:
    """How long to wait for an answer (GitHub gives itself 10 s) and how far apart writes are.

    GitHub asks for a second between writes; GitLab.com takes 60 notes a minute; Codeberg names no figure.
    """

    timeout_s: int = 15
    between_writes_s: float = 1.0


POLITE = Manners()
