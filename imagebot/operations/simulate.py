"""A registry's past, asked for: which tags came when, as far as a policy can care."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from imagebot.cycle.checkout import check_out
from imagebot.cycle.pass_store import PassStore
from imagebot.cycle.registry_cache import RegistryCache
from imagebot.cycle.source_history import read_histories
from imagebot.cycle.tag_lists import lister
from imagebot.cycle.world import World
from imagebot.errors import BadInput, ImagebotError, NotFound
from imagebot.images.reference import ImageName
from imagebot.plan.claims import claims
from imagebot.policy.model import Policy
from imagebot.policy.watch import Watch
from imagebot.registry.client import TagList
from imagebot.selection.rank import rank
from imagebot.selection.replay import Appearance, RegistryPast, Replay, replay
from imagebot.selection.verdict import Unknown
from imagebot.versions.created import FIRST_IMAGES
from imagebot.versions.known import OrderInputs

T = TypeVar("T")
_AT_ONCE = 8
_MOST_PER_TAG = 5  # HEAD or GET of the tag, its manifest, its first platform's, that one's config


@dataclass(frozen=True, slots=True)
class Span:
    """The time that is looked back on, and how many requests that may cost."""

    since: datetime
    until: datetime
    limit: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What one image's replay knows nothing of.

    `older` counts tags below the one that ran at the beginning, which could not be chosen and were not asked about;
    `silent` tell no time that can be true; `unasked` came after the limit. `attested` times are the registry's,
    `claimed` ones the images' own. `cut`: the registry's list may be cut short. `failed`: why nothing is known at all.
    """

    image: ImageName
    older: int = 0
    silent: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    attested: int = 0
    claimed: int = 0
    cut: bool = False
    failed: ImagebotError | None = None


@dataclass(frozen=True, slots=True)
class Simulation:
    """What would have happened, and what that leaves out; `requests` is what it cost."""

    replay: Replay
    left: tuple[LeftOut, ...]
    requests: int

    @property
    def failed(self) -> tuple[ImagebotError, ...]:
        """Why some images could not be looked back on."""
        return tuple(left.failed for left in self.left if left.failed is not None)


def simulate(world: World, policies: Sequence[Policy], span: Span) -> Simulation:
    """Replay the past of one app, all of whose environments are in `policies`; an image that fails is left out.

    Raises what the repositories and an only image do; `BadInput` for an order whose past is written nowhere.
    """
    memory = PassStore(world.store(), span.until)
    asked = RegistryCache(world.registries, memory)
    histories = read_histories(world, policies)
    running = _running(world, asked, memory, policies)
    looks = []
    for index, watch in enumerate(policies[0].watches):
        history = None if watch.commit is None else histories[watch.commit]
        if isinstance(history, ImagebotError):
            raise history
        looks.append(
            _Look(world, watch, asked, memory, span, OrderInputs(history=history), running.get(index, frozenset()))
        )
    found = [look.try_past() for look in looks]
    if len(found) == 1 and (failed := found[0][1].failed) is not None:
        raise failed
    memory.save()
    past = replay(policies, [past for past, _ in found], span.since, span.until)
    return Simulation(past, tuple(left for _, left in found), asked.requests)


@dataclass(slots=True)
class _Look:
    """One image, looked back on."""

    world: World
    watch: Watch
    asked: RegistryCache
    memory: PassStore
    span: Span
    known: OrderInputs
    deployed: frozenset[str]
    times: dict[str, datetime | None] = field(default_factory=dict)

    def try_past(self) -> tuple[RegistryPast, LeftOut]:
        """The same, with nothing in it if that cannot be told. Raises `BadInput`."""
        past = self.world.ask(f"look back on {self.watch.image.familiar}", self.past)
        if isinstance(past, BadInput):
            raise past
        return (RegistryPast(()), LeftOut(self.watch.image, failed=past)) if isinstance(past, ImagebotError) else past

    def past(self) -> tuple[RegistryPast, LeftOut]:
        """What came when, from the tag on that ran at the beginning."""
        if self.watch.order_facts.moves:
            raise BadInput(
                f"{self.watch.image.familiar} follows the tag {self.watch.order()}: no registry tells what a tag stood"
                " for in the past, so there is nothing to simulate"
            )
        listed = self.asked.tags(lister(self.world, self.watch))
        ranking = rank(self.watch, listed.tags, self.deployed, self.known)
        in_order = ranking.needs or tuple(candidate.tag for candidate in ranking.candidates)
        came, silent, unasked = self._walk(listed, in_order, stop_early=not ranking.needs)
        if unasked and not came:
            raise BadInput(
                f"{self.span.limit} requests tell nothing about {self.watch.image.familiar}: allow more;"
                f" a tag that is new to imagebot takes up to {_MOST_PER_TAG}"
            )
        began = [one.tag for one in came if one.at <= self.span.since]
        known = OrderInputs(self.times, self.known.history) if ranking.needs else self.known
        best = rank(self.watch, began, self.deployed, known).best
        start = None if best is None else best.tag
        kept = tuple(one for one in came if one.at > self.span.since or one.tag == start)
        left = LeftOut(
            self.watch.image,
            older=len(in_order) - len(unasked) - len(silent) - len(kept),
            silent=tuple(silent),
            unasked=tuple(unasked),
            attested=sum(one.attested for one in kept),
            claimed=sum(not one.attested for one in kept),
            cut=not listed.complete,
        )
        return RegistryPast(kept, start, known, self.deployed), left

    def _walk(
        self, listed: TagList, in_order: Sequence[str], *, stop_early: bool
    ) -> tuple[list[Appearance], list[str], Sequence[str]]:
        """When tags came, the best first; those that tell no time, and those that were not asked any more.

        What is below a tag that ran at the beginning could not be chosen, so there it may stop.
        """
        came: list[Appearance] = []
        silent: list[str] = []
        at = 0
        while at < len(in_order):
            batch = in_order[at : at + min(_AT_ONCE, self._affordable())]
            if not batch:
                return came, silent, in_order[at:]
            self._ask(listed, batch, for_order=not stop_early)
            at += len(batch)
            for tag in batch:
                moment = listed.uploaded.get(tag) or self.times[tag]
                if moment is None or not FIRST_IMAGES <= moment <= self.span.until:
                    silent.append(tag)
                    continue
                came.append(Appearance(tag, moment, tag in listed.uploaded))
                if stop_early and moment <= self.span.since:
                    return came, silent, ()
        return came, silent, ()

    def _affordable(self) -> int:
        return max(self.span.limit - self.asked.requests, 0) // _MOST_PER_TAG

    def _ask(self, listed: TagList, tags: Sequence[str], *, for_order: bool) -> None:
        """When the images of these tags were made: from the store, or from the registry and then into the store."""
        image, memory = self.watch.image, self.memory
        wanted = [tag for tag in tags if for_order or tag not in listed.uploaded]
        digests = {tag: digest for tag, digest in self._each(self._digest, wanted).items() if digest}
        known = dict(memory.created(image, digests.values()))
        fresh = self._each(self._created, sorted(set(digests.values()) - set(known)))
        memory.were_created(image, fresh)
        known |= fresh
        self.times |= {tag: known[digests[tag]] if tag in digests else None for tag in wanted}

    def _each(self, ask: Callable[[str], T], about: Sequence[str]) -> dict[str, T]:
        """The answer to each, several asked at once. Raises what one of them raises."""
        task = f"tell when the images of {self.watch.image.familiar} were made"
        answers = self.world.ask_each(self.watch.image.registry, task, [partial(ask, each) for each in about])
        found: dict[str, T] = {}
        for each, answer in zip(about, answers, strict=True):
            if isinstance(answer, ImagebotError):
                raise answer
            found[each] = answer
        return found

    def _digest(self, tag: str) -> str | None:
        try:
            return self.asked.digest(self.watch.image, tag)
        except NotFound:
            return None

    def _created(self, digest: str) -> datetime | None:
        try:
            return self.asked.created(self.watch.image, digest)
        except NotFound:
            return None


def _running(
    world: World, asked: RegistryCache, memory: PassStore, policies: Sequence[Policy]
) -> Mapping[int, frozenset[str]]:
    """The tags that run today, by watch, where the policy keeps the variant of what is deployed."""
    wanted = [index for index, watch in enumerate(policies[0].watches) if watch.tags.variant is not None]
    if not wanted:
        return {}
    found: dict[int, set[str]] = {index: set() for index in wanted}
    for name in sorted({policy.repository for policy in policies}):
        mine = tuple(policy for policy in policies if policy.repository == name)
        checkout = check_out(world, asked, memory, world.settings.repositories[name], mine)
        owned = claims(mine, checkout.files)
        for policy in mine:
            for index in wanted:
                fields = owned[str(policy), index]
                if isinstance(fields, Unknown):
                    raise BadInput(fields.because)
                found[index] |= {field.tag for field in fields if field.tag is not None}
    return {index: frozenset(tags) for index, tags in found.items()}
