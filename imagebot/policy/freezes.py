"""When nothing changes whatever policies say: `freezes` of imagebot.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Discriminator, Tag

from imagebot.policy.fence import NamePatterns
from imagebot.policy.gates import Freeze, FreezingHours, kind_of_freeze
from imagebot.policy.model import Policy
from imagebot.policy.paths import covers
from imagebot.policy.windows import Window


class FreezeOfAll(Freeze):
    """Days on which nothing changes, whatever policies say."""

    environments: NamePatterns = ()
    """The environments that it holds for, such as `production` and `prod-*`. Without it: all."""


AnyFreezeOfAll = Annotated[
    Annotated[FreezingHours, Tag("{hours}")] | Annotated[FreezeOfAll, Tag("{days}")], Discriminator(kind_of_freeze)
]


def frozen(policy: Policy, freezes: Sequence[Window | FreezeOfAll]) -> Policy:
    """The policy with those of `freezes` that hold for it; they come before its own."""
    mine = tuple(one for one in freezes if isinstance(one, Window) or covers(one.environments, policy.environment))
    return replace(policy, gates=replace(policy.gates, freezes=(*mine, *policy.gates.freezes))) if mine else policy
