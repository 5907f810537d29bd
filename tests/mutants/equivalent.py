"""Mutants that live because they change nothing that anybody could notice, each with the argument."""

from __future__ import annotations

from collections.abc import Mapping

EQUIVALENT: Mapping[tuple[str, str, str], str] = {}
"""By the module, the line that the mutant takes away and the one that it puts there."""
