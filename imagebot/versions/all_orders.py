"""Every order by its key in a policy file. A new one is a file beside this and a line in the list below."""

from __future__ import annotations

from imagebot.versions import alphabetical, calver, commit, created, digest, numeric, semver
from imagebot.versions.order import Order
from imagebot.versions.order_facts import OrderFacts

FACTS: dict[str, OrderFacts] = {
    facts.order.name: facts
    for facts in (
        semver.FACTS,
        calver.FACTS,
        numeric.FACTS,
        alphabetical.FACTS,
        created.FACTS,
        commit.FACTS,
        digest.FACTS,
    )
}
ORDERS: dict[str, type[Order]] = {name: facts.order for name, facts in FACTS.items()}
STEPS: tuple[str, ...] = tuple(dict.fromkeys(["digest", *(step for facts in FACTS.values() for step in facts.steps)]))
"""How far an update may go, in the words of all orders; a new digest of the same tag is none of any order's."""
