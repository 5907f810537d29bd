"""Merge requests that GitLab merges by itself once their checks have passed.

By GraphQL: asked by REST (`PUT .../merge` with `auto_merge`), GitLab merges at once where it has nothing to wait for,
as where no pipeline runs (yet). The mutation that names a strategy puts the merge off, or answers why it cannot (read
in GitLab's sources, `Mutations::MergeRequests::Accept` and `AutoMergeService#execute`).
"""

from __future__ import annotations

from imagebot.errors import NotFound, Refused
from imagebot.forge.answers import Flag, GraphAnswer, Maybe, Text, checked
from imagebot.forge.proposed import NotMerging, unseen, whole_message
from imagebot.forge.protocol import Proposal
from imagebot.forge.refusals import Unprocessable, quoted
from imagebot.forge.wire import Wire
from imagebot.knownforges import FACTS

STATE = """
query($path: ID!, $iid: String!) {
  project(fullPath: $path) {
    mergeRequest(iid: $iid) {
      autoMergeEnabled
      availableAutoMergeStrategies
      detailedMergeStatus
      diffHeadSha
      squashOnMerge
    }
  }
}
"""
ACCEPT = """
mutation(
  $path: ID!, $iid: String!, $sha: String!, $strategy: MergeStrategyEnum!, $squash: Boolean!, $message: String
) {
  mergeRequestAccept(
    input: {
      projectPath: $path, iid: $iid, sha: $sha, strategy: $strategy, squash: $squash, shouldRemoveSourceBranch: true
      squashCommitMessage: $message
    }
  ) {
    errors
  }
}
"""
_WHOSE = "GitLab's answer about a merge request"
# Those that wait; the others put a merge request that is ready on a merge train.
_WAITING = ("merge_when_checks_pass", "add_to_merge_train_when_checks_pass", "merge_when_pipeline_succeeds")
# GitLab has not found out yet what it takes to merge.
_UNDECIDED = {"APPROVALS_SYNCING", "CHECKING", "PREPARING", "UNCHECKED"}


class _MergeRequest(GraphAnswer):
    auto_merge_enabled: bool
    available_auto_merge_strategies: Maybe[list[str]] = None
    detailed_merge_status: Text = ""
    diff_head_sha: Text = ""
    squash_on_merge: Flag


class _Project(GraphAnswer):
    merge_request: _MergeRequest | None


class _State(GraphAnswer):
    project: _Project | None


class _Accepted(GraphAnswer):
    errors: list[str]


class _Accept(GraphAnswer):
    merge_request_accept: _Accepted | None


def auto_merge(wire: Wire, path: str, number: int, proposal: Proposal, *, again: bool) -> NotMerging | None:
    """Have GitLab merge the merge request once its checks pass, if its head is the proposal's.

    What GitLab was told before a push it forgets (read in its sources, `MergeRequests::RefreshService`). A pipeline
    takes a while to begin: unless this is asked `again`, that there is nothing to wait for is no last word.
    """
    why = f"merge request {number} will not merge by itself"
    place = {"path": path, "iid": str(number)}
    head = proposal.head
    try:
        project = checked(_State, wire.ask_graph(f"show merge request {number}", STATE, place), _WHOSE).project
        request = project.merge_request if project else None
        if request is None or not request.diff_head_sha:
            return NotMerging(f"{why}: GitLab shows nothing of it by GraphQL to our token", later=not again)
        if head and request.diff_head_sha != head:
            return unseen(FACTS["gitlab"], number)
        if request.auto_merge_enabled:
            return None
        strategy = next((one for one in _WAITING if one in (request.available_auto_merge_strategies or ())), None)
        if strategy is None:
            status = request.detailed_merge_status or "UNCHECKED"
            return NotMerging(
                f"{why}: GitLab names nothing to wait for ({status.lower()}); let a pipeline run for it, or require an "
                "approval, or merge it by hand",
                later=status in _UNDECIDED or not again,
            )
        variables = {
            **place,
            "sha": request.diff_head_sha,
            "strategy": strategy.upper(),
            "squash": request.squash_on_merge,
            "message": (whole_message(proposal, number) or None) if request.squash_on_merge else None,
        }
        task = f"let merge request {number} merge by itself"
        accepted = checked(_Accept, wire.change_graph(task, ACCEPT, variables), _WHOSE)
    except (NotFound, Refused, Unprocessable) as error:
        return NotMerging(f"{error}. The token needs a role that may merge into the base branch")
    refused = accepted.merge_request_accept.errors if accepted.merge_request_accept else ["no answer"]
    return NotMerging(f"{why}: {quoted('; '.join(refused))}", later=not again) if refused else None
