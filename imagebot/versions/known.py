"""What the world told about tags besides their text: some orders cannot do without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from imagebot.versions.branch import History


@dataclass(frozen=True, slots=True)
class OrderInputs:
    """`created`: when the images of tags were made, `None` where one does not say; `history`: of the watched branch.

    `charts`: the tags are those of a chart, in which `_` stands for `+`. `inside`: nothing says which part of a tag is
    the version, so an order that can may look for it in the whole.
    """

    created: Mapping[str, datetime | None] = field(default_factory=dict)
    history: History | None = None
    charts: bool = False
    inside: bool = False


NOTHING = OrderInputs()
