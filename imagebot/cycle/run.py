"""One pass, in its order.

A look asks registries, git and forges side by side, and has each watch judged once those that it needs have answered
(`look.py`). In waves, what is decided becomes changes (`build_changes.py`), is held against the limits
(`rate_limits.py`) and delivered: proposed, committed, pushed, settled (`deliver.py`); pull requests and branches that
nothing speaks for any more are closed and deleted (`close_stale.py`, `orphans.py`). What somebody else moved meanwhile
is looked at again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from imagebot.cycle.deployed_signatures import deployed_signatures
from imagebot.cycle.figures import figures
from imagebot.cycle.look import Look
from imagebot.cycle.pass_log import Teller, last_verdicts
from imagebot.cycle.pass_store import PassStore
from imagebot.cycle.registry_cache import RegistryCache
from imagebot.cycle.report import Report
from imagebot.cycle.summary import summed_up
from imagebot.cycle.waves import Waves
from imagebot.cycle.world import World
from imagebot.errors import BadInput, ImagebotError, Unavailable
from imagebot.observe.events import StateUnsaved
from imagebot.plan.decision import Decision
from imagebot.plan.groups import sharing
from imagebot.policy.read import PolicySet
from imagebot.store.failsafe import Failsafe

_LOOKS = 3
"""How often one pass looks at a repository whose branches others move at the same time."""


def run(world: World, policies: PolicySet, now: datetime) -> Report:
    """The whole pass. Raises `Stopped` if told to stop in the middle, and what the store raises."""
    started = time.monotonic()
    world, store, because = _begun(world)
    with store.kept():
        memory = PassStore(store, now)
        registries = RegistryCache(world.registries, memory)
        tell = Teller(world, memory)
        tell.begins(policies)

        def record(decisions: Sequence[Decision]) -> None:
            tell.decided(decisions)
            memory.judged(last_verdicts(decisions, now))
            memory.save()

        looks: list[Waves] = []
        again: PolicySet | None = policies
        while again is not None and len(looks) < _LOOKS:
            looks.append(Waves(Look(world, registries, memory, again), record, tell.became))
            looks[-1].run(delivers=because is None)
            _count_writes(looks[-1].look, now + timedelta(seconds=time.monotonic() - started))
            again = _raced(looks[-1])
        tell.became(looks[-1].raced)
        world.ask("remember what is in doubt no more", memory.settle)
        report = replace(summed_up(world, registries, looks), unsaved=_unsaved(because, store.because))
        if report.unsaved is not None:
            world.tell(StateUnsaved(str(report.unsaved)))
        counting = partial(figures, world, registries, looks, report, tell.unknown_since)
        counted = world.ask("count what the pass did", lambda: list(counting()))
        for event in [] if isinstance(counted, ImagebotError) else counted:
            world.tell(event)
        tell.finished(report, time.monotonic() - started)
        for checkout in looks[0].look.checkouts:
            if not (world.reads_only or world.stopping()):
                world.ask(f"tidy the mirror of {checkout.settings.name}", checkout.mirror.tidy)
        return replace(report, bugs=(*policies.bugs, *world.bugs))


def preview(world: World, policies: PolicySet, now: datetime, *, verify: bool = False) -> Report:
    """The pass up to the commit: what it would do, and nothing done. `verify`: with the signatures of what runs now."""
    world, store, because = _begun(world)
    with store.kept():
        memory = PassStore(store, now)
        registries = RegistryCache(world.registries, memory)
        tell = Teller(world, memory, quiet=True)
        tell.begins(policies)
        waves = Waves(Look(world, registries, memory, policies), tell.decided, tell.became)
        waves.run(delivers=False)
        signed = deployed_signatures(waves.look) if verify else ()
        return replace(summed_up(world, registries, [waves]), unsaved=_unsaved(because, None), signed=signed)


def _begun(world: World) -> tuple[World, Failsafe, ImagebotError | None]:
    """The world of a pass and what is remembered, and why nothing can be written, if that is so."""
    world = world.for_a_pass()
    known, because = world.remembered()
    return replace(world, reads_only=because is not None), Failsafe(known), because


def _count_writes(look: Look, at: datetime) -> None:
    """Those of a look, for the limits of the next one and of the next passes."""
    for checkout in look.checkouts:
        task = f"count what was written to {checkout.settings.name}"
        look.world.ask(task, partial(checkout.pull_requests.remember, at))


def _unsaved(unopened: ImagebotError | None, unkept: ImagebotError | None) -> ImagebotError | None:
    """Why nothing could be carried out, or else not all that was learnt could be kept."""
    error = unopened or unkept
    if error is None:
        return None
    what = "not all of it will be remembered" if unopened is None else "nothing is carried out that nobody can remember"
    return (BadInput if isinstance(error, BadInput) else Unavailable)(f"{what}: {error}")


def _raced(waves: Waves) -> PolicySet | None:
    """The policies of what others moved meanwhile: it is looked at, and planned, anew."""
    again = {str(policy) for done in waves.raced for policy in waves.arranged[done.place].target.policies}
    policies = waves.look.policies
    return policies.narrowed(sharing(policies.policies, again)) if again else None
