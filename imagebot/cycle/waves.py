"""What is decided is delivered, repositories side by side, while who is slow is still waited for: in waves.

A branch waits for all its members, and for nobody else. The limits count over all waves and repositories.
"""

from __future__ import annotations

import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from itertools import product

from imagebot.cycle.build_changes import Arranged, News, all_unknown, arrange, told
from imagebot.cycle.checkout import Checkout
from imagebot.cycle.close_stale import look_after
from imagebot.cycle.deliver import deliver, forge_failed, jobs_of
from imagebot.cycle.job import Job, Outcomes, failed, outcome
from imagebot.cycle.look import Look
from imagebot.cycle.pull_requests import party_of
from imagebot.cycle.rate_limits import allow
from imagebot.cycle.report import Action, Outcome
from imagebot.cycle.side_by_side import Step
from imagebot.errors import ImagebotError, Stopped
from imagebot.plan.change import Change
from imagebot.plan.decision import Decision
from imagebot.plan.groups import BranchPlace, BranchTarget, branch_of, targets
from imagebot.settings.resolve import RepositorySettings

Found = tuple[Sequence[Arranged], News]


class Waves:
    """One look's. `outcomes` holds what became of the branches, by repository; `arranged` what should be on them.

    `record` is told decisions once they will not change any more, before anything is done about them; `became` what
    became of branches, but for those that somebody else moved meanwhile.
    """

    def __init__(
        self, look: Look, record: Callable[[Sequence[Decision]], None], became: Callable[[Sequence[Outcome]], None]
    ) -> None:
        self.look = look
        self.arranged: dict[BranchPlace, Arranged] = {}
        self.outcomes: dict[str, list[Outcome]] = defaultdict(list)
        self._record = record
        self._became = became
        self._recorded: set[str] = set()
        self._taken: set[BranchPlace] = set()
        self._all_taken = False
        self._busy: set[str] = set()
        self._arranging: set[str] = set()
        self._new: dict[str, list[Arranged]] = defaultdict(list)
        self._let_in: Counter[str] = Counter()
        self._told: Counter[str] = Counter()

    @property
    def changes(self) -> list[Change]:
        """What should be on the branches, in the order of the policies."""
        order = [target.place for target in targets(self.look.world.settings.branch_prefix, self.look.decided)]
        found = (self.arranged[place].change for place in order if place in self.arranged)
        return [change for change in found if change is not None]

    @property
    def raced(self) -> list[Outcome]:
        """What became of branches that somebody else moved meanwhile: nothing yet."""
        every = (done for outcomes in self.outcomes.values() for done in outcomes if done.raced)
        return [done for done in every if done.place in self.arranged]

    def run(self, *, delivers: bool) -> None:
        """Decide and arrange all of it, and deliver it. Raises `Stopped`, and what the store raises."""
        look, patience, began = self.look, self.look.world.budgets.patience, time.monotonic()
        try:
            while len(look.work) or look.fresh or self._new:
                waited = time.monotonic() - began
                if self._new and not self._is_awaited(self._arranging):
                    self._hand_on(delivers=delivers)
                elif look.fresh and self._is_time(waited, patience):
                    patience, began = 2 * patience, time.monotonic()
                    self._arrange()
                else:
                    look.pump()
            self._settle(look.decided)
        except Stopped:
            look.work.abandon(look.world.budgets.ending)
            raise
        except Exception:
            look.work.abandon(math.inf)
            raise

    def _is_time(self, waited: float, patience: float) -> bool:
        """Whether to go on with what is decided: all that are prompt have answered, or took too long together."""
        soon = not self._is_awaited() and waited >= self.look.world.budgets.prompt
        return not len(self.look.work) or soon or waited >= patience

    def _is_awaited(self, names: Collection[str] | None = None) -> bool:
        """Whether somebody who is prompt has yet to answer, of these repositories or of all parties."""
        settings = self.look.world.settings.repositories
        return self.look.work.awaits_prompt(None if names is None else {party_of(settings[name]) for name in names})

    def _ready(self) -> dict[str, list[BranchTarget]]:
        """The branches of which every member is decided and that were not taken up yet, by repository."""
        look, prefix = self.look, self.look.world.settings.branch_prefix
        if self._all_taken:
            return {}
        blocked = {
            (policy.repository, branch_of(prefix, policy, watch.image, major=major))
            for policy in look.undecided
            for watch, major in product(policy.watches, (False, True))
        }
        found: dict[str, list[BranchTarget]] = defaultdict(list)
        for target in targets(prefix, look.decided):
            if target.place not in blocked and target.place not in self._taken:
                found[target.repository].append(target)
        return found

    def _arrange(self) -> None:
        """Have all that is ready arranged, but in repositories where others are still at work."""
        look, unknown = self.look, self._unknown()
        look.fresh = False
        ready = self._ready()
        self._all_taken = not look.undecided and not self._busy.intersection(ready)
        for name, mine in ready.items():
            checkout = look.sight.checkouts[name]
            if name in self._busy:
                continue
            self._taken |= {target.place for target in mine}
            if isinstance(checkout, Checkout):
                self._busy.add(name)
                self._arranging.add(name)
                unread = not look.policies.complete
                question = partial(arrange, look.world, checkout, mine, unknown, unread=unread)
                step = Step(checkout.party, f"arrange the changes of {name}", question)
                look.work.start(step, partial(self._has_arranged, checkout, mine))

    def _has_arranged(self, checkout: Checkout, mine: Sequence[BranchTarget], found: Found | ImagebotError) -> None:
        name, decisions = checkout.settings.name, self.look.decisions
        if isinstance(found, ImagebotError):
            found = [Arranged(checkout, target) for target in mine], all_unknown(mine, found)
        arranged, news = found
        self._arranging.remove(name)
        self._new[name] += arranged
        self.arranged |= {one.target.place: one for one in arranged}
        for policy in {str(policy) for target in mine for policy in target.policies}:
            decisions[policy] = told(decisions[policy], news)

    def _hand_on(self, *, delivers: bool) -> None:
        """Deliver what is arranged: in each repository in a thread, after the limits were held against all of it."""
        look, world = self.look, self.look.world
        new, self._new = self._new, defaultdict(list)
        self._settle([decision for decision in look.decided if self._is_arranged(decision)])
        self._busy -= new.keys()
        look.fresh = True
        if not delivers:
            return
        jobs: dict[str, list[Job]] = {}
        for name, mine in new.items():
            checkout = mine[0].checkout
            found = world.ask(f"look at the pull requests of {name}", partial(jobs_of, checkout, mine))
            if isinstance(found, ImagebotError):
                self.outcomes[name] += forge_failed(checkout, mine, found)
                self._tell(name)
            else:
                jobs[name] = found
        waits = self._waits([job for mine in jobs.values() for job in mine if job.pull is None])
        left = {policy.repository for policy in look.undecided} | self._ready().keys()
        unknown, present = self._unknown(), self._present()
        for name, ready in jobs.items():
            checkout = new[name][0].checkout
            self._start(checkout, ready, waits, present, None if name in left else self._stale(checkout, unknown))

    def _stale(self, checkout: Checkout, unknown: Collection[str]) -> Outcomes[None]:
        mine = [one for one in self.arranged.values() if one.checkout is checkout]
        return look_after(self.look.world, checkout, mine, unknown, whole=self.look.policies.whole)

    def _start(
        self,
        checkout: Checkout,
        jobs: Sequence[Job],
        waits: Mapping[BranchPlace, str],
        present: Sequence[Checkout],
        stale: Outcomes[None] | None,
    ) -> None:
        """Carry the jobs out that need not wait, and before them what is `stale`, which comes last for a repository."""
        look, name = self.look, checkout.settings.name
        ready = [job for job in jobs if job.place not in waits]
        delivering = deliver(look.world, present, ready)

        def carry_out() -> ImagebotError | None:
            if stale is not None:
                look.world.ask(f"look after the pull requests of {name}", partial(self._collect, name, stale))
            self.outcomes[name] += [
                outcome(job.change, Action.WAITING, waits[job.place]) for job in jobs if job.place in waits
            ]
            question = partial(self._collect, name, delivering)
            return look.world.ask(f"deliver to {name}", question) if ready else None

        self._busy.add(name)
        step = Step(checkout.party, f"deliver to {name}", carry_out)
        look.work.start(step, partial(self._has_delivered, name, ready))

    def _collect(self, name: str, outcomes: Outcomes[None]) -> None:
        """Keep what became of branches as it becomes known: what fails later takes nothing of it back."""
        for done in outcomes:
            self.outcomes[name].append(done)

    def _has_delivered(self, name: str, jobs: Sequence[Job], error: ImagebotError | None) -> None:
        """What nobody knows the outcome of was not carried out."""
        if error is not None:
            done = {one.place for one in self.outcomes[name]}
            self.outcomes[name] += [failed(job.change, error) for job in jobs if job.place not in done]
        self._tell(name)
        self._busy.remove(name)
        self.look.fresh = True

    def _tell(self, name: str) -> None:
        """Tell what became of branches of one repository since this was last done."""
        fresh = self.outcomes[name][self._told[name] :]
        self._told[name] += len(fresh)
        self._became([done for done in fresh if not done.raced])

    def _waits(self, new: Sequence[Job]) -> Mapping[BranchPlace, str]:
        """The new ones of which the turn has not come, and why; all others count as open from now on."""
        look = self.look
        present = {checkout.settings.name: checkout for checkout in self._present()}
        changes = [job.change for job in new]
        question = partial(allow, look.world, present, self._elsewhere(present), self._let_in, changes)
        waits = look.world.ask("hold what is new against the limits", question)
        if isinstance(waits, ImagebotError):
            return {job.place: str(waits) for job in new}
        self._let_in.update(job.change.repository for job in new if job.place not in waits)
        return waits

    def _elsewhere(self, present: Collection[str]) -> list[RepositorySettings]:
        """The repositories that this pass does not look at, or not yet; of those without a policy nobody counts."""
        known, policies = self.look.world.settings.repositories, self.look.policies
        named = {policy.repository for policy in (*policies.policies, *policies.beside)}
        names = known.keys() if policies.chosen else known.keys() & named
        return [known[name] for name in sorted(names) if name not in present]

    def _present(self) -> list[Checkout]:
        return [checkout for checkout in self.look.checkouts if checkout.pull_requests.are_known]

    def _unknown(self) -> set[str]:
        """The policies of which not enough is known, or not yet, and those that people suspended: nothing of these is
        written or closed.
        """
        decisions = self.look.decisions.items()
        sure = {name for name, decision in decisions if not (decision.unknown or decision.suspended)}
        return {str(policy) for policy in self.look.policies.policies} - sure

    def _is_arranged(self, decision: Decision) -> bool:
        prefix, policy = self.look.world.settings.branch_prefix, decision.policy
        branches = {branch_of(prefix, policy, line.watch.image, major=line.major) for line in decision.watches}
        return all((policy.repository, branch) in self.arranged for branch in branches)

    def _settle(self, decisions: Sequence[Decision]) -> None:
        """Record those of them that are not yet."""
        fresh = [decision for decision in decisions if str(decision.policy) not in self._recorded]
        self._recorded |= {str(decision.policy) for decision in fresh}
        if fresh:
            self._record(fresh)
