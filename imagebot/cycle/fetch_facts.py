"""The facts that judging asks for, each from the room that has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice

from imagebot.cycle.attest import Witnesses
from imagebot.cycle.checkout import Checkout
from imagebot.cycle.digest_versions import Pinned, named, renamed
from imagebot.cycle.field_arrival import arrival, arrived, taken_back
from imagebot.cycle.signatures import signature_state
from imagebot.cycle.tag_lists import lister
from imagebot.errors import NotFound, Unavailable, WorldError
from imagebot.fields.field import Field
from imagebot.policy.model import Policy, Watch
from imagebot.registry.manifest import preferred
from imagebot.selection import gates
from imagebot.selection.doubts import Attested, Doubt, NotMirrored
from imagebot.selection.facts import Case, Fact, Facts, KeptBack, Needs, Since, TagFacts
from imagebot.selection.moving import moves
from imagebot.selection.reasons import listed, shown
from imagebot.selection.verdict import Deployed, Hold, Version

_SEEN_AT_ONCE = 200
_MOST_RUNNING = 4
_MOST_PARTS = 24  # more platforms than any image is built for


@dataclass(frozen=True, slots=True)
class FieldPlace:
    """The fields of a watch in one environment."""

    checkout: Checkout
    watch: Watch
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class FactQuestion:
    """A case, where its fields are, and where those of the environment are that versions come from."""

    policy: Policy
    branch: str
    case: Case
    here: FieldPlace
    source: FieldPlace | None = None


def gather(question: FactQuestion, needs: Needs, facts: Facts) -> Facts:
    """What is known once `needs` are looked up. Raises `ImagebotError`."""
    for fact in sorted(needs.facts, key=list(Fact).index):
        facts = _GATHER[fact](question, needs.tag, facts)
    return facts


def _seen(question: FactQuestion, tag: str, facts: Facts) -> Facts:
    """What is remembered of this tag and of those after it in order: they will be asked for next."""
    memory, image = question.here.checkout.memory, question.case.watch.image
    rest = (candidate.tag for candidate in question.case.candidates if candidate.tag not in facts.tags)
    tags = [tag, *(other for other in islice(rest, _SEEN_AT_ONCE) if other != tag)]
    digests = memory.digests(image, tags)
    since = memory.soaking(image, digests)
    known = {each: TagFacts(digests[each], since[each]) if each in since else TagFacts() for each in tags}
    return replace(facts, tags={**known, **facts.tags})


def _digest(question: FactQuestion, tag: str, facts: Facts) -> Facts:
    checkout, image = question.here.checkout, question.case.watch.image
    try:
        return _with(facts, tag, _stands_for(question, tag, checkout.registries.digest(image, tag)))
    except NotFound:
        return _with(facts, tag, TagFacts(asked=True, gone=_gone(question, tag)))


def _stands_for(question: FactQuestion, tag: str, registry_digest: str) -> TagFacts:
    """What is deployed with a tag that stands for `registry_digest`, and how old that is.

    A digest that comes from another environment is older than what the tag stands for meanwhile: it has a clock of its
    own.
    """
    memory, image, source = question.here.checkout.memory, question.case.watch.image, question.case.source
    pinned = source.version.digest if source is not None and source.version is not None else None
    seen = None
    if question.case.gates.minimum_age:
        clock = tag if pinned is None else f"@{tag}@{pinned}"  # no tag is like that
        seen = memory.since(image, clock, pinned or registry_digest)
    return TagFacts(
        pinned or registry_digest, seen, asked=True, registry_digest=registry_digest if pinned is not None else None
    )


def _platforms(question: FactQuestion, tag: str, facts: Facts) -> Facts:
    known = facts.tags[tag]
    assert known.digest is not None, "the digest was asked for first"
    registries, image = question.here.checkout.registries, question.case.watch.image
    try:
        return _with(facts, tag, replace(known, platforms=registries.platforms(image, known.digest)))
    except NotFound as error:
        if registries.exists(image, known.digest):
            return _with(facts, tag, replace(_incomplete(question, tag, known, error), platforms={}))
    try:
        shown = known.digest if known.registry_digest is not None else registries.shown(image, tag)
        if shown != known.digest:
            fresh = _stands_for(question, tag, shown)
            return _with(facts, tag, replace(fresh, platforms=registries.platforms(image, shown)))
    except NotFound:
        pass
    return _with(facts, tag, replace(known, gone=_gone(question, tag), platforms={}))


def _parts(question: FactQuestion, tag: str, facts: Facts) -> Facts:
    """Whether all is there that a cluster would pull: an index is shown long after a part of it was deleted.

    Asked for are the manifests, by HEAD; manifest and config for the platform that is described to people are read
    anyway. Configs for others and layers are not asked for: a question each, about what goes after its manifest.
    """
    known, watch = facts.tags[tag], question.case.watch
    assert known.digest is not None, "the digest was asked for first"
    registries, image = question.here.checkout.registries, watch.image
    pulled = dict(
        islice(gates.pulled(known.platforms or {}, watch.platforms, facts.running or {}).items(), _MOST_PARTS)
    )
    described, unsaid = described_platform(watch), None
    read = pulled.get(preferred(known.platforms or (), described) or "")
    try:
        if read is not None:
            registries.about(image, known.digest, described)
    except NotFound as error:
        read, unsaid = None, error
    except WorldError:
        pass  # what is there, and cannot be read just now, keeps nothing back
    seen = {known.digest, read}
    lost = {name: part for name, part in pulled.items() if part not in seen and not registries.is_there(image, part)}
    if lost:
        gone, lacks = _gone(question, next(iter(lost.values()))), f"no manifest of its image for {listed([*lost])}"
        return _with(facts, tag, replace(known, gone=gone, lacks=lacks))
    whole = replace(known, whole=True) if unsaid is None else _incomplete(question, tag, known, unsaid)
    return _with(facts, tag, whole)


def _signature(question: FactQuestion, tag: str, facts: Facts) -> Facts:
    """Of the very digest that would be written."""
    known, case, checkout = facts.tags[tag], question.case, question.here.checkout
    assert known.digest is not None, "the digest was asked for first"
    state = signature_state(checkout, case.watch.image, known.digest, case.requirements)
    return _with(facts, tag, replace(known, signature=state))


def described_platform(watch: Watch) -> str | None:
    """The platform of which people are told most: the first that the policy names; None: whichever is preferred."""
    return next(iter(watch.platforms), None)


def _incomplete(question: FactQuestion, tag: str, known: TagFacts, error: NotFound) -> TagFacts:
    """A manifest that is shown lacks what it names: nothing can attest that, so it is believed after a while."""
    since = question.here.checkout.memory.doubt(question.case.watch.image, "manifests")
    doubt = Doubt(f"{tag} is listed, and not all of its image is shown: {error}", since)
    return replace(known, gone=doubt, lacks="not all of its image")


def _gone(question: FactQuestion, tag: str) -> Attested | Doubt | NotMirrored:
    """What it means that nothing is shown for a candidate: something else must be, what is deployed first of all."""
    said = (part for field in question.case.deployed for part in (field.tag, field.digest) if part)
    others = (candidate.tag for candidate in question.case.candidates)
    return witnesses(question.here).gone(tag, chain(said, others))


def witnesses(here: FieldPlace) -> Witnesses:
    """Where an absence of the image that is watched here can be attested."""
    world, image = here.checkout.world, here.watch.image
    return Witnesses(world, here.checkout.registries, here.checkout.memory, image, lister(world, here.watch))


def _running(question: FactQuestion, tag: str, facts: Facts) -> Facts:
    asked = {field.digest or field.tag or "": field for field in question.case.deployed if field.digest or field.tag}
    some = list(asked.items())[:_MOST_RUNNING]
    known = {key: _manifests(question, field, tag) for key, field in some}
    return replace(facts, running={key: manifests for key, manifests in known.items() if manifests is not None})


def _manifests(question: FactQuestion, field: Deployed, candidate: str) -> Mapping[str, str] | None:
    """The manifests of what runs; None where it is gone, while the registry shows the candidate."""
    registries, image = question.here.checkout.registries, question.case.watch.image
    try:
        if field.digest is not None:
            return registries.platforms(image, field.digest)
        if field.tag is None or field.tag not in question.case.ranking.tags:
            return None
        return registries.platforms(image, registries.digest(image, field.tag))
    except NotFound:
        witnesses(question.here).attest(field.digest or field.tag or "", [candidate])
        return None


def _holds(question: FactQuestion, tag: str, facts: Facts) -> Facts:
    return replace(facts, holds=(*_by_hand(question), *_rolled_back(question, tag)))


def _by_hand(question: FactQuestion) -> Iterator[KeptBack]:
    policy = question.policy
    for hold in question.here.checkout.memory.holds:
        if (hold.app, hold.environment) == (policy.app, policy.environment) and not (hold.lifts or hold.suspends):
            because = f"by {hold.by} on {hold.since:%Y-%m-%d}, {hold.because}"
            yield KeptBack(Hold.BY_HAND, Version(hold.version) if hold.version is not None else None, because)


def _rolled_back(question: FactQuestion, tag: str) -> Iterator[KeptBack]:
    """What people took back. A digest alone has no name to lift it by: then that of the tag that it would come with."""
    here = question.here
    for item in taken_back(here.checkout, question.policy, question.case, here.fields):
        came = arrived(here.checkout, item.field, item.left.commit)
        lifted = here.checkout.memory.lifted(question.policy, item.version.tag or tag)
        if lifted is not None and came.at <= lifted:
            continue
        back = item.left.then.tag if item.version.digest is None else item.left.then
        when = f"on {came.at:%Y-%m-%d}" if came.dated else f"before {came.at:%Y-%m-%d}{came.doubt}"
        because = f"{came.who} took {item.field.file}:{item.field.line} back to {back} {when}"
        yield KeptBack(Hold.ROLLED_BACK, item.version, because)


def _closed(question: FactQuestion, tag: str, facts: Facts) -> Facts:
    checkout, image = question.here.checkout, question.case.watch.image
    return replace(facts, closed=checkout.pull_requests.refused(question.branch, question.policy, image, tag))


def _since(question: FactQuestion, tag: str, facts: Facts) -> Facts:
    """Since when the other environment has had its version: the last of its fields decides."""
    del tag
    place = question.source
    assert place is not None, "there is another environment"
    last = max((arrival(place.checkout, place.watch, field) for field in place.fields), key=lambda came: came.at)
    how = f"since {shown(last.at)}" if last.dated else f"since {shown(last.at)} or longer{last.doubt}"
    return replace(facts, since=Since(last.at, how))


def _names(question: FactQuestion, tag: str, facts: Facts) -> Facts:
    """The versions of the digests whose fields say nothing else that has a place in the order.

    Where such a field says `latest` or the like, which may be replaced anyway, it is no loss not to know it yet.
    """
    del tag
    found: dict[str, str] = {}
    for digest, tags in list(_pinned(question).items())[:_MOST_RUNNING]:
        try:
            name = named(witnesses(question.here), question.case.ranking, digest)
        except Unavailable:
            if not all(each is not None and moves(each) for each in tags):
                raise
            continue
        if name is not None:
            found[digest] = name
    return replace(facts, names=found)


def _misnamed(question: FactQuestion, tag: str, facts: Facts) -> Facts:
    """The digests of fields that say a tag beside them which never stood for them, with the tags that did."""
    place, found = question.case.ranking.place, dict[str, str]()
    both = {
        (field.digest, field.tag): None
        for field in question.case.deployed
        if field.digest and field.tag and place(field.tag) is not None
    }
    for digest, said in list(both)[:_MOST_RUNNING]:
        name = renamed(witnesses(question.here), question.case.ranking, Pinned(said, digest), tag)
        if name is not None:
            found[digest] = name
    return _with(facts, tag, replace(facts.tags[tag], misnamed=found))


def _pinned(question: FactQuestion) -> Mapping[str, set[str | None]]:
    """The digests of fields whose tag has no place in the order, with what those say for a tag."""
    found: dict[str, set[str | None]] = {}
    for field in question.case.deployed:
        if field.digest and (field.tag is None or question.case.ranking.place(field.tag) is None):
            found.setdefault(field.digest, set()).add(field.tag)
    return found


def _with(facts: Facts, tag: str, known: TagFacts) -> Facts:
    return replace(facts, tags={**facts.tags, tag: known})


_GATHER: dict[Fact, Callable[[FactQuestion, str, Facts], Facts]] = {
    Fact.SEEN: _seen,
    Fact.DIGEST: _digest,
    Fact.PLATFORMS: _platforms,
    Fact.RUNNING: _running,
    Fact.HOLDS: _holds,
    Fact.CLOSED: _closed,
    Fact.SINCE: _since,
    Fact.NAMES: _names,
    Fact.PARTS: _parts,
    Fact.MISNAMED: _misnamed,
    Fact.SIGNATURE: _signature,
}
