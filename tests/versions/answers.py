"""The table of `answers.txt`: what a range lets in."""

from __future__ import annotations

import re
from pathlib import Path


def _answers() -> tuple[list[str], list[tuple[str, set[str], set[str]]]]:
    """The versions, then each range with what it lets in, and what it lets in with all prereleases."""
    text = Path(__file__).with_name("answers.txt").read_text()
    head, *blocks = [block.splitlines() for block in re.sub(r"(?m)^#.*\n", "", text).strip().split("\n\n")]
    rows = []
    for block in blocks:
        ranges = [line for line in block if not line.startswith(" ")]
        let_in = {word for line in block if re.match(" +[0-9]", line) for word in line.split()}
        besides = {word for line in block if line.startswith("    +") for word in line.split()[1:]}
        rows += [(text, let_in, let_in | besides) for text in ranges]
    return " ".join(head[1:]).split(), rows


VERSIONS, ANSWERS = _answers()
