"""Pull requests that Azure DevOps completes by itself once the policies of their base branch are met.

Where none has to be waited for, it completes at once; so it is asked only while one that blocks is not met. A push does
not end it: it is asked again for each version, with the words of that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from imagebot.forge.azure_answers import Evaluation, Pull
from imagebot.forge.proposed import NotMerging, unseen
from imagebot.forge.protocol import Proposal
from imagebot.knownforges import FACTS

NOBODY = "00000000-0000-0000-0000-000000000000"
_MERGE_STRATEGIES = "fa4e907d-c16b-4a4c-9dfa-4916e5d171ab"
"""The policy that limits how pull requests are merged."""
_STRATEGIES = {
    "noFastForward": "allowNoFastForward",
    "squash": "allowSquash",
    "rebaseMerge": "allowRebaseMerge",
    "rebase": "allowRebase",
}


def asked(pull: Pull, evaluations: Sequence[Evaluation], proposal: Proposal) -> Mapping[str, object] | NotMerging:
    """The change that has the pull request completed once its policies are met, if its head is the proposal's; or why
    it will not be.
    """
    why = f"pull request {pull.number} will not merge by itself"
    if proposal.head and pull.head != proposal.head:
        return unseen(FACTS["azure"], pull.number)
    if not any(one.waits for one in evaluations):
        base = proposal.base
        return NotMerging(
            f"{why}: no policy of {base} waits, so it would be merged at once; require one in its policies"
        )
    if pull.created_by is None:
        return NotMerging(f"{why}: the forge does not tell who opened it")
    strategy = _strategy(evaluations)
    options: dict[str, object] = {"deleteSourceBranch": True, "mergeStrategy": strategy}
    # A number behind `#` would link the commit to a work item; as Azure writes it, it is the pull request's.
    first, _, rest = proposal.message.strip().partition("\n")
    if strategy == "squash" and first:
        options["mergeCommitMessage"] = f"Merged PR {pull.number}: {first}\n\n{rest.strip()}".strip()
    return {"autoCompleteSetBy": {"id": pull.created_by.id}, "completionOptions": options}


def _strategy(evaluations: Sequence[Evaluation]) -> str:
    """The first that every policy allows."""
    limits = [found for one in evaluations if (found := one.allows(_MERGE_STRATEGIES)) is not None]
    allowed = [name for name, key in _STRATEGIES.items() if all(limit.get(key) is True for limit in limits)]
    return allowed[0] if allowed else "noFastForward"
