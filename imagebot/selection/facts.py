"""What judging looks at besides tags: some of it is at hand, the rest is asked for when it decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from imagebot.policy.gates import Gates
from imagebot.policy.model import Watch
from imagebot.policy.verify import Requirement
from imagebot.selection.doubts import Attested, Doubt, NotMirrored
from imagebot.selection.rank import Ranking
from imagebot.selection.verdict import Candidate, Deployed, Hold, Version
from imagebot.trust.state import SignatureState


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the environment has that versions come from. Without a `version` it has none to give: see `because`."""

    environment: str
    version: Version | None
    because: str = ""


@dataclass(frozen=True, slots=True)
class LetIn:
    """The tag that was to run by the last verdict, and when that was reached: what had to be waited for was over."""

    tag: str
    at: datetime


@dataclass(frozen=True)
class Case:
    """One watch in one environment, with all that is at hand.

    `doubt` is one about the list of tags, `requirements` are what must be signed.
    """

    watch: Watch
    gates: Gates
    ranking: Ranking
    deployed: tuple[Deployed, ...]
    source: Elsewhere | None = None
    doubt: Doubt | None = None
    let_in: LetIn | None = None
    requirements: tuple[Requirement, ...] = ()

    def latest(self, tag: str, now: datetime) -> datetime:
        """How late it is for a gate that opens by waiting: one that was open for this tag is not shut by a clock that
        was set back.
        """
        return now if self.let_in is None or self.let_in.tag != tag else max(now, self.let_in.at)

    @cached_property
    def candidates(self) -> tuple[Candidate, ...]:
        """What may run at all, best first."""
        return self.ranking.candidates


class Fact(StrEnum):
    """What judging may need besides; each costs a request, or a look at git or the store."""

    SEEN = "seen"
    DIGEST = "digest"
    PLATFORMS = "platforms"
    RUNNING = "running"
    HOLDS = "holds"
    CLOSED = "closed"
    SINCE = "since"
    NAMES = "names"
    PARTS = "parts"
    MISNAMED = "misnamed"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class TagFacts:
    """What is known about one tag.

    `digest` is what would be deployed, and `first_seen` when this bot first saw that. Unless `asked` in this pass both
    are remembered from an earlier one, and may be missing. `gone`: it is listed, and nothing is shown for it, or not
    all of it: then `lacks` says what. `whole`: what would be pulled of it was asked for, and is there.
    `misnamed` are digests of fields that say a tag beside them which never stood for them, each with the tag that does:
    one above this tag, or one that the order cannot read.
    `signature` is what is known about the signatures of `digest`.
    `registry_digest` is what the tag stands for now where `digest` comes from another environment.
    """

    digest: str | None = None
    first_seen: datetime | None = None
    asked: bool = False
    gone: Attested | Doubt | NotMirrored | None = None
    platforms: Mapping[str, str] | None = None
    registry_digest: str | None = None
    lacks: str = ""
    whole: bool = False
    misnamed: Mapping[str, str] | None = None
    signature: SignatureState | None = None


@dataclass(frozen=True, slots=True)
class KeptBack:
    """A version that people keep back, with who and when in words; no version stands for every one.

    One without a tag is a digest alone, whatever tag it comes with.
    """

    hold: Hold
    version: Version | None
    because: str

    def keeps(self, to: Version) -> bool:
        if self.version is None:
            return True
        return self.version.tag in (to.tag, "") and self.version.digest in (None, to.digest)


@dataclass(frozen=True, slots=True)
class Since:
    """Since when an environment has had its version: a moment, and how it is known, in words."""

    at: datetime
    because: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What was asked for so far: `None` means not yet.

    `running` holds the manifests that the deployed images have, by platform, for each tag or digest that a field says
    and of which that is known. `names` tells for a digest that a field says the tag that stood for it.
    """

    tags: Mapping[str, TagFacts] = field(default_factory=dict)
    running: Mapping[str, Mapping[str, str]] | None = None
    holds: tuple[KeptBack, ...] | None = None
    closed: tuple[KeptBack, ...] | None = None
    since: Since | None = None
    names: Mapping[str, str] | None = None

    def of(self, tag: str) -> TagFacts | None:
        return self.tags.get(tag)


@dataclass(frozen=True, slots=True)
class Needs:
    """Not decided: these facts are missing, those about a tag for this one."""

    tag: str
    facts: frozenset[Fact]
