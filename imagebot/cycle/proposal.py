"""What a pull request is to say, from facts that are asked for only when it must be written."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from imagebot.cycle.checkout import Checkout
from imagebot.cycle.fetch_facts import described_platform
from imagebot.errors import NotFound, WorldError
from imagebot.forge.protocol import Proposal
from imagebot.images.about import About
from imagebot.knownforges import FACTS, ForgeKind
from imagebot.plan.change import Change, ImageUpdate
from imagebot.plan.codeowners import owners
from imagebot.plan.decision import WatchDecision
from imagebot.plan.groups import BranchTarget, Member
from imagebot.policy.key_grammar import CODEOWNERS
from imagebot.pulls import block
from imagebot.pulls.body_frame import words
from imagebot.review.body import BODY_LIMIT, PEOPLES_ROOM, describe
from imagebot.review.flags import FlagKind
from imagebot.review.image_facts import ImageFacts
from imagebot.review.links import HOSTS
from imagebot.selection.reasons import short
from imagebot.trust.attestation import Attestation
from imagebot.trust.state import Invalid
from imagebot.trust.state import words as words_of


def described(checkout: Checkout, target: BranchTarget, change: Change) -> Proposal:
    """The proposal of a change, every fact of which is about the digests that are written.

    What cannot be known is said in its place: a registry that is silent about an image it has keeps nothing back, but
    what nobody could look at does not merge by itself.
    Raises `WorldError` where the environment repository cannot be read.
    """
    known = besides(checkout, target, change)
    facts = FACTS[checkout.settings.forge]
    description = describe(change, known, _hosts(checkout), _room(checkout, change.branch), facts)
    kinds = {update.kind for update in change.updates}
    odd = [flag for flag in description.flags if flag.kind is not FlagKind.MAJOR]
    unknown = any(beside.unknown for beside in known)
    auto_merge = kinds <= set(change.wishes.auto_merge) and not odd and not unknown and not change.draft
    return Proposal(
        branch=change.branch,
        base=change.base,
        title=change.title,
        body=block.stamped(description.body, draft=change.draft, auto_merge=auto_merge),
        labels=description.labels if facts.labels else (),
        reviewers=reviewers(checkout, change),
        assignees=change.assignees,
        draft=change.draft,
        auto_merge=auto_merge,
        message=change.message,
    )


def _room(checkout: Checkout, branch: str) -> int:
    """How long the description may be beside what people wrote around it."""
    pull = checkout.pull_requests.open.get(branch)
    theirs = 0 if pull is None else sum(map(len, words(pull.body)))
    facts = FACTS[checkout.settings.forge]
    return facts.room(BODY_LIMIT) - max(0, theirs - facts.room(PEOPLES_ROOM))


def _hosts(checkout: Checkout) -> Mapping[str, ForgeKind]:
    """The hosts to which a link may lead: those that everybody knows, and those of our own forges."""
    found: dict[str, ForgeKind] = dict(HOSTS)
    for settings in checkout.world.settings.repositories.values():
        host = urlsplit(settings.url).netloc if "://" in settings.url else ""
        if host and "@" not in host:
            found.setdefault(host.lower(), settings.forge)
    return found


def besides(checkout: Checkout, target: BranchTarget, change: Change) -> list[ImageFacts]:
    """What is known about each update of a change, in their order."""
    known = [_beside(checkout, target, update) for update in change.updates]
    return checkout.notes.with_changes(change.updates, known)


def _beside(checkout: Checkout, target: BranchTarget, update: ImageUpdate) -> ImageFacts:
    member = _member(target, update)
    platform = described_platform(member.line.watch)
    doubts: list[str] = []
    unasked: list[str] = []

    def about(side: str, tag: str, digest: str | None) -> About | None:
        registries = checkout.registries
        if not tag and digest is None:
            doubts.append("nothing says which image ran before")
            return None
        try:
            return registries.about(update.image, digest or registries.digest(update.image, tag), platform)
        except WorldError as error:
            doubts.append(f"{tag or short(digest or '')}: {error}")
            unasked.extend([] if isinstance(error, NotFound) else [side])
        return None

    new = about("new", update.new.tag, update.new.digest)
    old = about("old", update.old[0].tag, update.old[0].digest) if update.old else None
    age = member.policy.gates.for_image(member.line.watch.minimum_age).minimum_age
    known = member.line.facts.of(update.new.tag)
    seen = known.first_seen if age and known is not None else None
    signature = _signature(member.line, update.new.tag)
    attested = () if new is None else _attested(checkout, update, new.digest, platform)
    return ImageFacts(
        old,
        new,
        seen,
        age,
        "; ".join(doubts),
        tuple(unasked),
        at=checkout.memory.now,
        signature=signature,
        attested=attested,
        invalid=invalid(member.line),
    )


def _attested(checkout: Checkout, update: ImageUpdate, digest: str, platform: str | None) -> tuple[Attestation, ...]:
    """What the build of the new image claims; nothing waits for that, and nothing is decided by it."""
    try:
        return checkout.registries.attestations(update.image, digest, platform)
    except WorldError:
        return ()


def _signature(line: WatchDecision, tag: str) -> str:
    """What is known about it, where one is required; a draft shows a version before it is asked for."""
    if line.case is None or not line.case.requirements:
        return ""
    known = line.facts.of(tag)
    if known is None or known.signature is None:
        return f"not looked at before this is ready: {'; '.join(map(str, line.case.requirements))}"
    return words_of(known.signature)


def invalid(line: WatchDecision) -> str:
    """What is wrong with the signature of a tag that was looked at, if one does not hold, in words."""
    for tag, known in line.facts.tags.items():
        if isinstance(known.signature, Invalid):
            return f"{tag} has {words_of(known.signature)}"
    return ""


def _member(target: BranchTarget, update: ImageUpdate) -> Member:
    return next(
        member
        for member in target.members
        if (member.policy.app, member.line.watch.image) == (update.app, update.image)
    )


def reviewers(checkout: Checkout, change: Change) -> tuple[str, ...]:
    """Those whom the policy names, and the owners of the files that change if it asks for them."""
    named = tuple(name for name in change.reviewers if name != CODEOWNERS)
    if named == change.reviewers:
        return named
    read_as = FACTS[checkout.settings.forge].codeowners
    there = checkout.entries(read_as.places) if read_as else {}
    file = next((place for place in read_as.places if place in there), None) if read_as else None
    if read_as is None or file is None:
        return named
    text = checkout.contents([file]).get(file, b"").decode(errors="replace")
    return tuple(dict.fromkeys((*named, *owners(read_as, text, change.files))))
