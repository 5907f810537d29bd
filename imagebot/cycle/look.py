"""One look at the world: all parties are asked at once, and a policy is decided once those it needs have answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from functools import partial

from imagebot.cycle.checkout import Checkout, check_out
from imagebot.cycle.decide import Owned, Snapshot, judge_watch
from imagebot.cycle.pass_store import PassStore
from imagebot.cycle.pull_requests import party_of
from imagebot.cycle.registry_cache import RegistryCache
from imagebot.cycle.side_by_side import SideBySide, Step
from imagebot.cycle.source_history import Branch, Histories, branches, read_branch
from imagebot.cycle.tag_lists import listed, lister
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError
from imagebot.images.reference import ImageName
from imagebot.plan.decision import Decision, WatchDecision
from imagebot.policy.model import Policy
from imagebot.policy.read import PolicySet
from imagebot.registry.client import TagList
from imagebot.selection.hand_holds import suspension
from imagebot.settings.resolve import RepositorySettings
from imagebot.versions.commit import CommitRule

Lines = Sequence[WatchDecision]
Need = Hashable
"""What a watch cannot be judged without: a repository's name, an image, a source's branch."""
Key = tuple[str, int]
"""A policy as `app@environment`, and the index of one of its watches."""


class Look:
    """What is asked in the thread of a pass, and what is known so far; `decisions` by `app@environment`.

    `fresh`: decisions have come since somebody set it to False.
    """

    def __init__(self, world: World, registries: RegistryCache, memory: PassStore, policies: PolicySet) -> None:
        self.world = world
        self.registries = registries
        self.memory = memory
        self.policies = policies
        self.work = SideBySide(world.lanes, world.ask, world.tell, world.budgets)
        self.sight = Snapshot(world, {str(policy): policy for policy in (*policies.policies, *policies.beside)})
        self.decisions: dict[str, Decision] = {}
        self.fresh = False
        self._missing: dict[Key, set[Need]] = {}
        self._wanted_by: dict[Need, list[tuple[Policy, int]]] = defaultdict(list)
        self._answers: dict[ImageName, TagList | ImagebotError] = {}
        self._lines: dict[str, dict[int, Lines]] = defaultdict(dict)
        self._begin()

    @property
    def checkouts(self) -> list[Checkout]:
        """The repositories that are there, in the order of their names."""
        return [one for _, one in sorted(self.sight.checkouts.items()) if isinstance(one, Checkout)]

    @property
    def undecided(self) -> list[Policy]:
        """Policies for which somebody is waited for."""
        return [policy for policy in self.policies.policies if str(policy) not in self.decisions]

    @property
    def decided(self) -> list[Decision]:
        """What is decided, in the order of the policies."""
        names = (str(policy) for policy in self.policies.policies)
        return [self.decisions[name] for name in names if name in self.decisions]

    def pump(self) -> None:
        """Take in what is answered, once something is; lists are held against those that are remembered all together.

        Raises `Stopped`, and what the store raises.
        """
        self.world.go_on()
        self.work.wait()
        while self.work.wait(0.0):
            pass
        answers, self._answers = self._answers, {}
        if answers:
            self.sight.lists.update(listed(self.world, self.memory, answers))
            for image in answers:
                self._has(image)

    def _begin(self) -> None:
        policies, budgets = self.policies.policies, self.world.budgets
        for policy in policies:
            for index in range(len(policy.watches)):
                self._need(policy, index)
        held: dict[str, list[Policy]] = defaultdict(list)
        for policy in self.sight.policies.values():
            held[policy.repository].append(policy)
        for name in sorted(self._repositories()):
            settings = self.world.settings.repositories[name]
            step = Step(party_of(settings), f"check out {name}", partial(self._open, settings, tuple(held[name])))
            self.work.start(step, partial(self._opened, name))
        images = sorted({lister(self.world, watch) for policy in policies for watch in policy.watches})
        self.memory.will_list(images)
        for image in images:
            task, question = f"list the tags of {image.familiar}", partial(self.registries.tags, image)
            self.work.start(Step(image.registry, task, question, budgets.question), partial(self._listed, image))
        for branch, rules in branches(policies).items():
            party = f"source {branch[0]}"
            reading = Step(party, f"read the {party}", partial(read_branch, self.world, branch, rules))
            self.work.start(reading, partial(self._read, branch, rules))

    def _need(self, policy: Policy, index: int) -> None:
        watch, elsewhere = policy.watches[index], self.sight.elsewhere(policy)
        needs: set[Need] = {policy.repository, lister(self.world, watch)}
        if watch.commit is not None:
            needs.add((watch.commit.source, watch.commit.branch))
        if elsewhere is not None:
            needs.add(elsewhere.repository)
        self._missing[str(policy), index] = needs
        for need in needs:
            self._wanted_by[need].append((policy, index))

    def _repositories(self) -> set[str]:
        """The environment repositories that must be looked at: versions may come from another one."""
        sources = (self.sight.elsewhere(policy) for policy in self.sight.policies.values())
        return {policy.repository for policy in self.policies.policies} | {one.repository for one in sources if one}

    def _open(self, settings: RepositorySettings, mine: tuple[Policy, ...]) -> tuple[Checkout, Owned | ImagebotError]:
        """One repository with its fields and its open pull requests, in a thread. Raises `ImagebotError`."""
        self.world.go_on()
        checkout = check_out(self.world, self.registries, self.memory, settings, mine)
        task = f"find whose fields are whose in {settings.name}"
        owned = self.world.ask(task, partial(Owned.of, mine, checkout.files))
        if not checkout.pull_requests.are_known:
            self.world.go_on()  # told already; whoever needs it meets it again
        return checkout, owned

    def _opened(self, name: str, found: tuple[Checkout, Owned | ImagebotError] | ImagebotError) -> None:
        checkout, owned = (found, found) if isinstance(found, ImagebotError) else found
        self.sight.checkouts[name], self.sight.owned[name] = checkout, owned
        self._has(name)

    def _listed(self, image: ImageName, answer: TagList | ImagebotError) -> None:
        self._answers[image] = answer

    def _read(self, branch: Branch, rules: Sequence[CommitRule], found: Histories | ImagebotError) -> None:
        self.sight.histories.update(dict.fromkeys(rules, found) if isinstance(found, ImagebotError) else found)
        self._has(branch)

    def _has(self, need: Need) -> None:
        for policy, index in self._wanted_by.pop(need, ()):
            missing = self._missing[str(policy), index]
            missing.remove(need)
            if not missing:
                self._judge(policy, index)

    def _judge(self, policy: Policy, index: int) -> None:
        image = policy.watches[index].image
        task, question = f"judge {image.familiar} for {policy}", partial(judge_watch, self.sight, policy, index)
        then = partial(self._judged, policy, index)
        if self.sight.asks(policy, index):
            self.work.start(Step(image.registry, task, question, self.world.budgets.judging), then)
        else:
            then(self.world.ask(task, question))

    def _judged(self, policy: Policy, index: int, found: Lines | ImagebotError) -> None:
        lines = self._lines[str(policy)]
        lines[index] = [self.sight.unknown(policy, index, found)] if isinstance(found, ImagebotError) else found
        if len(lines) == len(policy.watches):
            every = (line for _, mine in sorted(lines.items()) for line in mine)
            decision = Decision(policy, tuple(every))
            wish = suspension(self.memory.holds, policy.app, policy.environment)
            self.decisions[str(policy)] = decision if wish is None else decision.suspended_by(wish)
            self.fresh = True
