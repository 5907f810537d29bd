"""Every order by the key that a policy file chooses it with. A new one is a file beside this and a line here."""

from __future__ import annotations

from imagebot.versions.alphabetical import Alphabetical
from imagebot.versions.calver import Calver
from imagebot.versions.commit import Commit
from imagebot.versions.created import Created
from imagebot.versions.digest import Digest
from imagebot.versions.numeric import Numeric
from imagebot.versions.order import Order
from imagebot.versions.semver import Semver

ORDERS: dict[str, type[Order]] = {
    "semver": Semver,
    "calver": Calver,
    "numeric": Numeric,
    "alphabetical": Alphabetical,
    "created": Created,
    "commit": Commit,
    "digest": Digest,
}
