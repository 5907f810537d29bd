"""Whether a digest is signed as it must be: evidence from registries; who signed is remembered."""

from __future__ import annotations

from collections.abc import Sequence

from imagebot.cycle.anchors import anchors_of
from imagebot.cycle.checkout import Checkout
from imagebot.cycle.unsigned import Missed
from imagebot.images.reference import ImageName
from imagebot.policy.verify import Requirement
from imagebot.selection.doubts import unsigned_now
from imagebot.settings.resolve import StateBranch
from imagebot.trust.examine import Question
from imagebot.trust.state import CheckFailed, SignatureState, Verified, words


def signature_state(
    checkout: Checkout, image: ImageName, digest: str, requirements: Sequence[Requirement], *, fresh: bool = False
) -> SignatureState:
    """What is known about the signatures of one digest. Raises `WorldError` where the registry does not tell.

    What was verified once stays so for the same digest and the same rule: with another key, root or requirement it is
    looked at anew. What is not signed is looked for less often the longer that goes on, unless it has to be `fresh`:
    where nobody ever signs, each pass would ask again and again. On a branch of the environment repository neither is
    believed: who may push there could write it.
    """
    settings, memory = checkout.world.settings, checkout.memory
    question = Question(digest, tuple(requirements), anchors_of(checkout.world, requirements))
    for requirement in requirements:
        if question.anchors.is_blind(requirement):
            return CheckFailed(question.anchors.lacks(requirement))
    if isinstance(settings.database, StateBranch):
        return _looked_at_anew(checkout, image, question)
    known = memory.verified(image, digest, question.rule)
    missed = memory.missed(image, digest, question.rule)
    if known is not None:
        return known
    if missed is not None and not fresh and not missed.is_due(memory.now):
        return missed.state
    state = checkout.registries.signatures(image, question)
    if isinstance(state, Verified):
        memory.is_verified(image, digest, question.rule, state)
    elif not isinstance(state, CheckFailed):
        before = missed or Missed(state, memory.now, memory.now)
        memory.is_missed(image, digest, question.rule, before.again(state, memory.now))
    return state


def _looked_at_anew(checkout: Checkout, image: ImageName, question: Question) -> SignatureState:
    """What the registry shows now. That it showed a signature before lets nothing in, and keeps open for a day what is
    open: replicas lag, and pull requests would come and go with them.
    """
    memory, digest = checkout.memory, question.digest
    state = checkout.registries.signatures(image, question)
    if isinstance(state, Verified):
        memory.is_signed(image, digest, question.rule)
    elif not isinstance(state, CheckFailed) and memory.was_signed(image, digest, question.rule):
        doubt = unsigned_now(digest[:19], words(state), memory.doubt(image, "signatures"))
        return CheckFailed(str(doubt)) if doubt.stands(memory.now) else state
    return state
