"""Every order by its key in a policy file. A new one is a file beside this and a line in the list below."""

from __future__ import annotations

from imagebot.versions.alphabetical import AlphabeticalKeys
from imagebot.versions.calver import CalverKeys
from imagebot.versions.commit import CommitKeys
from imagebot.versions.created import CreatedKeys
from imagebot.versions.digest import DigestKeys
from imagebot.versions.numeric import NumericKeys
from imagebot.versions.order import Order
from imagebot.versions.order_keys import OrderKeys
from imagebot.versions.semver import SemverKeys


class EveryOrder(
    SemverKeys,
    CalverKeys,
    NumericKeys,
    AlphabeticalKeys,
    CreatedKeys,
    CommitKeys,
    DigestKeys,
):
    """The keys of all orders together, as an image in a policy file has them: people read of them in this order."""


KEYS: dict[str, type[OrderKeys]] = {
    keys.facts.order.name: keys for keys in EveryOrder.__bases__ if issubclass(keys, OrderKeys)
}
ORDERS: dict[str, type[Order]] = {name: keys.facts.order for name, keys in KEYS.items()}
STEPS: tuple[str, ...] = tuple(
    dict.fromkeys(["digest", *(step for keys in KEYS.values() for step in keys.facts.steps)])
)
"""How far an update may go, in the words of all orders; a new digest of the same tag is none of any order's."""
