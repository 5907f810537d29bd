"""When to look again for a signature that was not there: often while an image is new, and at least once an hour."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from imagebot.trust.state import Invalid, Unsigned, Unverifiable, word

NotSigned = Invalid | Unsigned | Unverifiable
_AT_LEAST_EVERY = timedelta(hours=1)
_KINDS: Mapping[str, Callable[[str], NotSigned]] = {
    "invalid": Invalid,
    "unsigned": Unsigned,
    "unverifiable": Unverifiable,
}


@dataclass(frozen=True, slots=True)
class Missed:
    """What was found in place of a signature: `first`, and the `last` time that somebody looked."""

    state: NotSigned
    first: datetime
    last: datetime

    def is_due(self, now: datetime) -> bool:
        """Whether to look again: after as long as it was waited for already. A clock that was set back asks at once."""
        waited = now - self.last
        return waited < timedelta() or waited >= min(self.last - self.first, _AT_LEAST_EVERY)

    def again(self, state: NotSigned, now: datetime) -> Missed:
        """Looked at again. Another answer begins anew: somebody is at it."""
        return Missed(state, self.first if state == self.state else now, now)

    def to_json(self) -> str:
        said = self.state.kind if isinstance(self.state, Unverifiable) else self.state.because
        return json.dumps([word(self.state), said, self.first.isoformat(), self.last.isoformat()])

    @classmethod
    def from_json(cls, text: str) -> Missed:
        kind, said, first, last = json.loads(text)
        return cls(_KINDS[kind](said), datetime.fromisoformat(first), datetime.fromisoformat(last))
