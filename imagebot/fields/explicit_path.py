"""The path by which a policy names a field: its grammar alone, for who reads policies and no files."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STEP = re.compile(
    r"""(?:\.|^)(?P<key>[^\s.\[\]"]+) | \[(?P<index>[0-9]{1,9})\] | \["(?P<quoted>(?:[^"\\]|\\.)*)"\]
    | \[(?P<name>[^\s.\[\]"=]+)=(?P<value>[^\[\]]*)\]""",
    re.VERBOSE | re.ASCII,
)
_DOCUMENT = re.compile(r"---\[(?P<index>[0-9]{1,9})\]\.?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Selector:
    """The item of a list whose `key` is `value`."""

    key: str
    value: str


Step = str | int | Selector


def read_path(text: str) -> tuple[int | None, tuple[Step, ...]]:
    """A path's document (None: whichever has it) and steps. Raises `ValueError` that says what is wrong."""
    chosen = _DOCUMENT.match(text)
    rest = text[chosen.end() :] if chosen else text
    steps: list[Step] = []
    at = 0
    while at < len(rest):
        step = _STEP.match(rest, at)
        if step is None:
            raise ValueError(
                f"{text!r} is no path: what is {rest[at:]!r}? Write it like image.tag or containers[name=app].image"
            )
        steps.append(_step(step))
        at = step.end()
    if not steps:
        raise ValueError("the path is empty")
    return int(chosen["index"]) if chosen else None, tuple(steps)


def _step(step: re.Match[str]) -> Step:
    if step["key"] is not None:
        return step["key"]
    if step["index"] is not None:
        return int(step["index"])
    if step["quoted"] is not None:
        return re.sub(r"\\(.)", r"\1", step["quoted"])
    return Selector(step["name"], step["value"])
