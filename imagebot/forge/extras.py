"""Labels, reviewers and assignees that a forge would not put on: remembered in the body, and tried again later."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from imagebot.forge.proposed import TEAM, lacking
from imagebot.forge.protocol import Forge, Proposal, PullRequest
from imagebot.pulls import block


def remembered(forge: Forge, pull: PullRequest, wanted: Proposal, warnings: Collection[str]) -> PullRequest:
    """The pull request after a write with these warnings: what it lacks stands in its block. Raises `WorldError`."""
    missing = _not_given(pull, wanted, warnings)
    return forge.say(pull, "", block.stamped(pull.body, lacking=missing)) if missing else pull


def lacks(pull: PullRequest, refused: Collection[str] = ()) -> Proposal | None:
    """What was not put on it and is not there still, but for what is `refused` anyway, as a proposal; None if nothing.

    What people took off is no matter of the bot's: only what the forge would not add is remembered.
    """
    found = block.read(pull.body)
    names = () if found is None else tuple(name for name in found.lacking if name not in refused)
    wanted = _proposal(pull, names)
    return wanted if names_of(wanted) else None


def still_lacking(forge: Forge, pull: PullRequest, wanted: Proposal) -> tuple[str, ...]:
    """Try to add what is `wanted`, and return what is still lacking of it. Raises `WorldError`."""
    written = forge.add(pull, wanted)
    return _not_given(written.pull, wanted, written.warnings)


def recorded(forge: Forge, pull: PullRequest, given: Collection[str]) -> None:
    """Let its block tell no longer that these are lacking. Raises `WorldError`."""
    found = block.read(pull.body)
    if found is not None:
        left = tuple(name for name in found.lacking if name not in given)
        forge.say(pull, "", block.stamped(pull.body, lacking=left))


def names_of(wanted: Proposal) -> tuple[str, ...]:
    """`label:NAME`, `reviewer:NAME`, `assignee:NAME`, as the block has them."""
    kinds = {"label": wanted.labels, "reviewer": wanted.reviewers, "assignee": wanted.assignees}
    return tuple(f"{kind}:{name}" for kind, names in kinds.items() for name in names)


def one_by_one(wanted: Proposal) -> dict[str, Proposal]:
    """A proposal for each of its `names_of`, with that name and no other."""
    bare = replace(wanted, labels=(), reviewers=(), assignees=())
    return {
        **{f"label:{name}": replace(bare, labels=(name,)) for name in wanted.labels},
        **{f"reviewer:{name}": replace(bare, reviewers=(name,)) for name in wanted.reviewers},
        **{f"assignee:{name}": replace(bare, assignees=(name,)) for name in wanted.assignees},
    }


def _proposal(pull: PullRequest, names: Collection[str]) -> Proposal:
    def of(kind: str, there: Collection[str]) -> tuple[str, ...]:
        return tuple(lacking(there, [name.removeprefix(kind) for name in names if name.startswith(kind)]))

    bare = Proposal(pull.branch, pull.base, pull.title, pull.body, draft=pull.draft)
    return replace(
        bare,
        labels=of("label:", pull.labels),
        reviewers=of("reviewer:", pull.reviewers),
        assignees=of("assignee:", pull.assignees),
    )


def _not_given(pull: PullRequest, wanted: Proposal, warnings: Collection[str]) -> tuple[str, ...]:
    """What a pull request lacks after a write that warned. Not every forge tells who is asked for a review."""
    if not warnings:
        return ()
    said = " ".join(warnings)
    missing = names_of(_proposal(pull, names_of(wanted)))
    return tuple(name for name in missing if not name.startswith("reviewer:") or _login(name) in said)


def _login(name: str) -> str:
    return name.removeprefix("reviewer:").removeprefix(TEAM)
