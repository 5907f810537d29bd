"""What a policy file says of the order `semver`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import WithJsonSchema

from imagebot.documents.model import TEXT_SCHEMA, Flag, reads
from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Order
from imagebot.versions.order_keys import OrderKeys
from imagebot.versions.semver import FACTS, Semver
from imagebot.versions.semver_range import Range


class SemverKeys(OrderKeys):
    """The newest semantic version in a range.

    Versions are read as Flux reads tags: three parts, no leading zeros, a `v` in front or not. Ranges are those of
    Masterminds/semver, which Helm, Flux and Argo CD use: `^1.4`, `~1.4.2`, `>=1.2 <2`, `1.2.x`, `1.2 - 1.4`, `!=1.3.0`,
    and `||` between alternatives. A prerelease is a candidate only where the range names one. In the tags of charts a
    `_` stands for the `+` of build metadata.
    """

    semver: Annotated[Range, reads(Range, Range.meant), WithJsonSchema(TEXT_SCHEMA)] | None = None
    """The range of semantic versions to choose from, as Helm and Flux write it: `^1.4`, `>=1.2 <2`, `1.2.x`."""
    loose: Flag = False
    """Whether tags with fewer than three parts, such as `1.25`, are versions too. They often move. For `semver`."""
    prereleases: Flag = False
    """Whether every prerelease in the range may be chosen. Without it: only where the range names one (`>=1.0.0-0`)."""

    facts: ClassVar = FACTS

    def build(self, known: OrderInputs) -> Order:
        assert self.semver is not None, "it is asked for only if it is there"
        return Semver(self.semver, self.loose, self.prereleases, known.charts)
