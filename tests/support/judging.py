"""A world that answers what judging asks: facts in dictionaries, and a list of what was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from imagebot.policy.gates import Gates
from imagebot.policy.model import Watch
from imagebot.selection.doubts import Attested, Doubt
from imagebot.selection.facts import Case, Elsewhere, Fact, Facts, KeptBack, Needs, Since, TagFacts
from imagebot.selection.judge import judge
from imagebot.selection.rank import rank
from imagebot.selection.verdict import Deployed, Verdict
from imagebot.trust.state import SignatureState, Unsigned
from tests.support.watches import watch

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OLD = "sha256:" + "0" * 64
NEW = "sha256:" + "1" * 64


def deployed(*texts: str) -> tuple[Deployed, ...]:
    """Fields as `tag@digest`, `tag`, `@digest` or nothing, in the lines of one file."""
    parts = [text.partition("@") for text in texts]
    return tuple(
        Deployed(tag or None, digest or None, f"app.yaml:{line}") for line, (tag, _, digest) in enumerate(parts, 1)
    )


def case(
    *texts: str,
    tags: list[str],
    rule: Watch | None = None,
    gates: Gates | None = None,
    source: Elsewhere | None = None,
    doubt: Doubt | None = None,
) -> Case:
    """Fields that say `texts`, and a registry that lists `tags`."""
    rule = watch() if rule is None else rule
    fields = deployed(*texts)
    ranking = rank(rule, tags, {field.tag for field in fields if field.tag})
    gates = (Gates() if gates is None else gates).for_image(rule.minimum_age)
    return Case(rule, gates, ranking, fields, source, doubt)


_SHOWN = Attested("1.4.0")


@dataclass
class Answers:
    """What the world has. Every tag stands for `NEW` unless `digests` says otherwise, and runs on one platform."""

    digests: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, datetime] = field(default_factory=dict)
    remembered: Mapping[str, str] = field(default_factory=dict)
    platforms: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    running: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    lacks: Mapping[str, str] = field(default_factory=dict)
    absence: Attested | Doubt = _SHOWN
    holds: tuple[KeptBack, ...] = ()
    closed: tuple[KeptBack, ...] = ()
    since: Since | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    misnamed: Mapping[str, str] = field(default_factory=dict)
    signatures: Mapping[str, SignatureState] = field(default_factory=dict)
    asked: list[Needs] = field(default_factory=list)

    def verdict(self, asked: Case, now: datetime = NOON) -> Verdict:
        """What judging comes to once everything that it asks for is known."""
        facts = Facts()
        while True:
            answer = judge(asked, facts, now)
            if not isinstance(answer, Needs):
                return answer
            assert len(self.asked) < 500, "it never ends"
            self.asked.append(answer)
            for fact in sorted(answer.facts):
                facts = self._with(facts, fact, answer.tag, asked, now)

    def _with(self, facts: Facts, fact: Fact, tag: str, asked: Case, now: datetime) -> Facts:
        known: dict[Fact, Any] = {
            Fact.HOLDS: {"holds": self.holds},
            Fact.CLOSED: {"closed": self.closed},
            Fact.RUNNING: {"running": self.running},
            Fact.SINCE: {"since": self.since},
            Fact.NAMES: {"names": self.names},
        }
        if fact in known:
            return replace(facts, **known[fact])
        return replace(facts, tags={**facts.tags, tag: self._tag(facts.of(tag), fact, tag, asked, now)})

    def _tag(self, before: TagFacts | None, fact: Fact, tag: str, asked: Case, now: datetime) -> TagFacts:
        if fact is Fact.SEEN:
            digest = self.remembered.get(tag)
            return TagFacts(digest, self.seen.get(digest, now)) if digest is not None else TagFacts()
        if fact is Fact.DIGEST:
            if tag in self.gone:
                return TagFacts(asked=True, gone=self.absence)
            told = self.digests.get(tag, NEW)
            pinned = asked.source.version.digest if asked.source and asked.source.version else None
            seen = self.seen.get(pinned or told, now)
            return TagFacts(pinned or told, seen, asked=True, registry_digest=told if pinned else None)
        assert before is not None, "the digest was asked for first"
        assert before.digest is not None, "it is there"
        if fact is Fact.MISNAMED:
            return replace(before, misnamed=self.misnamed)
        if fact is Fact.SIGNATURE:
            return replace(before, signature=self.signatures.get(tag, Unsigned("there is not a signature by release")))
        if fact is Fact.PARTS:
            lacks = self.lacks.get(tag, "")
            return replace(before, whole=not lacks, lacks=lacks, gone=self.absence if lacks else None)
        return replace(before, platforms=self.platforms.get(before.digest, {"linux/amd64": before.digest}))
