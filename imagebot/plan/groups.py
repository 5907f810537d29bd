"""Which updates travel together: decisions in, and for each branch what may go on it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from imagebot.images.reference import ImageName
from imagebot.plan.decision import Decision, WatchDecision
from imagebot.policy.model import Policy

ROLLBACK = "+rollback"
"""What the branch of a rollback ends with. No app's name holds a plus."""
_MAJOR = "+major"


BranchPlace = tuple[str, str]
"""What tells a branch from all others: the repository's name, and its own."""
Item = tuple[str, str, str]
"""An image of a policy: app, environment, image."""


@dataclass(frozen=True, slots=True)
class Member:
    """One image of one policy, and what was decided about it."""

    policy: Policy
    line: WatchDecision

    @property
    def item(self) -> Item:
        return (self.policy.app, self.policy.environment, str(self.line.watch.image))


@dataclass(frozen=True, slots=True)
class BranchTarget:
    """What one branch and its one pull request are for. `name` is the app's or the group's."""

    repository: str
    environment: str
    name: str
    branch: str
    members: tuple[Member, ...]

    @property
    def place(self) -> BranchPlace:
        return (self.repository, self.branch)

    @property
    def policies(self) -> tuple[Policy, ...]:
        """Those of the members, each once."""
        return tuple({str(member.policy): member.policy for member in self.members}.values())


def branch_of(prefix: str, policy: Policy, image: ImageName, *, major: bool = False) -> str:
    """The branch on which an update of `image` goes: a function of the target, never of the version."""
    return f"{prefix}{policy.environment}/{_name(policy, image)}{_MAJOR if major else ''}"


def targets(prefix: str, decisions: Sequence[Decision]) -> tuple[BranchTarget, ...]:
    """Every branch that the policies of `decisions` can have, with the images that go there, in their order."""
    found: dict[tuple[str, str], list[Member]] = defaultdict(list)
    for member in _members(decisions):
        branch = branch_of(prefix, member.policy, member.line.watch.image, major=member.line.major)
        found[member.policy.repository, branch].append(member)
    return tuple(
        BranchTarget(repository, members[0].policy.environment, _name_of(members[0]), branch, tuple(members))
        for (repository, branch), members in found.items()
    )


def sharing(policies: Sequence[Policy], chosen: Collection[str]) -> frozenset[str]:
    """Those of `policies` that are `chosen`, or share a branch with one that is here, by `app@environment`.

    A branch is made of all its members: who looks at some of them only would throw the others out of it.
    """
    by_name = {str(policy): policy for policy in policies}
    on: dict[BranchPlace, list[str]] = defaultdict(list)
    for policy in policies:
        for place in _places(policy):
            on[place].append(str(policy))
    found: set[str] = set()
    left = [name for name in chosen if name in by_name]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [other for place in _places(by_name[name]) for other in on.pop(place, ())]
    return frozenset(found)


def _places(policy: Policy) -> set[BranchPlace]:
    return {(policy.repository, branch_of("", policy, watch.image)) for watch in policy.watches}


def _members(decisions: Sequence[Decision]) -> Iterator[Member]:
    return (Member(decision.policy, line) for decision in decisions for line in decision.watches)


def _name_of(member: Member) -> str:
    group = member.policy.pull_request.group
    if group.by == "image":
        return str(member.line.watch.image).rpartition("/")[2]
    return group.name or member.policy.app


def _name(policy: Policy, image: ImageName) -> str:
    """The last part of a branch. A group's begins with a plus, and an image's holds a dot: neither can be an app's."""
    group = policy.pull_request.group
    if group.name is not None:
        return f"+{group.name}{_apart(policy)}"
    if group.by == "image":
        full = str(image)
        return f"+{full.rpartition('/')[2][:60]}.{hashlib.sha256(full.encode()).hexdigest()[:8]}{_apart(policy)}"
    return policy.app


def _apart(policy: Policy) -> str:
    """What keeps a group from one behind another fence: nobody's update waits for what strangers add to its group."""
    if not policy.fences:
        return ""
    return f".{hashlib.sha256(repr([fence.folder for fence in policy.fences]).encode()).hexdigest()[:8]}"
