"""What a pass decided about one policy, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from imagebot.fields.all_shapes import RUNNING
from imagebot.fields.field import Field
from imagebot.images.reference import ImageName
from imagebot.policy.model import Policy, Watch
from imagebot.selection.facts import Case, Facts
from imagebot.selection.hand_holds import HandHold
from imagebot.selection.rank import Ranking
from imagebot.selection.verdict import Deployed, Held, Hold, Unknown, Update, Verdict, Waiting


@dataclass(frozen=True, slots=True)
class WatchDecision:
    """One watched image: where it stands, which tags there are, what should run. No ranking: the tags are not known.

    `case` and `facts` are what the verdict was reached by, as far as it came to that.
    `left` are its places inside longer text that are not edited. `major`: this is about new major versions alone, which
    the policy wants apart. What is not on a list of tags that is not `believed` may be there all the same. `asked` is
    the image whose tags these are, where they were listed elsewhere: by a mirror, or by what is cached here.
    """

    watch: Watch
    fields: tuple[Field, ...]
    ranking: Ranking | None
    verdict: Verdict
    case: Case | None = None
    facts: Facts = field(default_factory=Facts)
    left: tuple[Field, ...] = ()
    major: bool = False
    believed: bool = True
    asked: ImageName | None = None

    @property
    def deployed(self) -> tuple[Deployed, ...]:
        return deployed(self.fields)


@dataclass(frozen=True, slots=True)
class Decision:
    """One policy and its watches. `suspended`: nothing is to be written about it, whatever was decided."""

    policy: Policy
    watches: tuple[WatchDecision, ...]
    suspended: bool = False

    def suspended_by(self, wish: HandHold) -> Decision:
        """The same where people want nothing done."""
        because = f"suspended by {wish.by} on {wish.since:%Y-%m-%d}, {wish.because}"
        watches = tuple(
            replace(line, verdict=Held(line.verdict.to, Hold.SUSPENDED, None, f"{because}; {line.verdict.because}"))
            if isinstance(line.verdict, Update)
            else line
            for line in self.watches
        )
        return replace(self, watches=watches, suspended=True)

    @property
    def unknown(self) -> bool:
        return any(isinstance(watch.verdict, Unknown) for watch in self.watches)

    @property
    def failed(self) -> bool:
        """Whether something is unknown that is not only to be waited for."""
        return any(isinstance(one.verdict, Unknown) and not isinstance(one.verdict, Waiting) for one in self.watches)

    @property
    def waiting(self) -> bool:
        """Whether nothing failed, and something has to wait."""
        return self.unknown and not self.failed


def deployed(fields: tuple[Field, ...]) -> tuple[Deployed, ...]:
    """What the fields of a watch say now."""
    return tuple(
        Deployed(field.tag, field.digest, f"{field.file}:{field.line}", field.shape in RUNNING) for field in fields
    )
