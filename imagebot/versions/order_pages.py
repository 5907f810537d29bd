"""What people read about each order in the reference: made from what the orders say of themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator

from imagebot.versions.all_orders import KEYS
from imagebot.versions.order_keys import OrderFlag, OrderKeys

_INTRODUCTION = """## Orders

Each image of a policy has exactly one of these. `imagebot select` takes the same as flags.
"""


def order_pages() -> str:
    """Markdown: a section for each order."""
    return "\n".join([_INTRODUCTION, *(_page(name, keys) for name, keys in KEYS.items())])


def _page(name: str, keys: type[OrderKeys]) -> str:
    text = inspect.cleandoc(keys.__doc__ or "")
    lines = (f"- {what}: {said}" for what, said in _facts(name, keys))
    example = ["```yaml", keys.facts.example, "```"]
    return "\n".join([f"### `{name}`", "", *example, "", text, "", *lines, ""])


def _facts(name: str, keys: type[OrderKeys]) -> Iterator[tuple[str, str]]:
    facts = keys.facts
    beside = [key for key in keys.known_keys() if key != name]
    if beside:
        yield "Keys that go with it", _listed(beside)
    if facts.settles:
        yield "Settled by it", _listed(f"{key}: {settled.value}" for key, settled in facts.settles.items())
    if facts.excludes:
        yield "Means nothing beside it", _listed(".".join(place) for place in facts.excludes)
    yield "Kinds of its updates, for `autoMerge`", _listed(facts.steps)
    if facts.flags:
        yield "Flags of `imagebot select`", _listed(map(_flag, facts.flags))


def _flag(flag: OrderFlag) -> str:
    return f"--{flag.name} {flag.metavar or '|'.join(flag.choices)}".rstrip()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
