"""The keys of every order by its name. A new one is a file beside this and a line in the list below."""

from __future__ import annotations

from imagebot.versions.alphabetical_keys import AlphabeticalKeys
from imagebot.versions.calver_keys import CalverKeys
from imagebot.versions.commit_keys import CommitKeys
from imagebot.versions.created_keys import CreatedKeys
from imagebot.versions.digest_keys import DigestKeys
from imagebot.versions.numeric_keys import NumericKeys
from imagebot.versions.order_keys import OrderKeys
from imagebot.versions.semver_keys import SemverKeys


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
