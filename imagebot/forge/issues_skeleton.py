"""APIs in which a pull request is an issue as well: GitHub's, and Gitea's, which was made to be like it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from imagebot.forge.answers import Answer, Text, sound
from imagebot.forge.proposed import ask_for_review
from imagebot.forge.protocol import Proposal, PullRequest, Written
from imagebot.forge.rest_skeleton import NOT_GIVEN, One, RestSkeleton
from imagebot.forge.wire import Wire
from imagebot.settings.resolve import RepositorySettings


class _Comment(Answer):
    body: Text = ""


class IssuesSkeleton(RestSkeleton[One]):
    """What the two have in common; a repository is at `/repos/OWNER/NAME` on both."""

    def __init__(self, wire: Wire, name: str, settings: RepositorySettings) -> None:
        super().__init__(wire, name, settings)
        self._path = f"/repos/{name}"

    @property
    def _root(self) -> str:
        return self._path

    def _listing(self, **filters: str) -> Iterable[object]:
        return self._wire.get_all(f"list the pull requests of {self._name}", f"{self._path}/pulls", **filters)

    def _opening(self, proposal: Proposal) -> dict[str, object]:
        return {"title": proposal.title, "head": proposal.branch, "base": proposal.base, "body": proposal.body}

    def _open(self, proposal: Proposal) -> Written:
        task = f"open a pull request for {proposal.branch} on {self._name}"
        return Written(self._pull(self._wire.send(task, "POST", f"{self._path}/pulls", self._opening(proposal))))

    def _show(self, pull: PullRequest) -> PullRequest:
        return self._pull(self._wire.get(f"show pull request {pull.number} of {self._name}", self._one(pull)))

    def _change(
        self, pull: PullRequest, *, title: str | None = None, body: str | None = None, close: bool = False
    ) -> PullRequest:
        return self._patch(pull, {"title": title, "body": body, "state": "closed" if close else None})

    def _patch(self, pull: PullRequest, changes: Mapping[str, object]) -> PullRequest:
        task = f"change pull request {pull.number} of {self._name}"
        given = {key: value for key, value in changes.items() if value is not None}
        return self._pull(self._wire.send(task, "PATCH", self._one(pull), given), task, pull.number)

    def _comments(self, pull: PullRequest) -> Iterable[str]:
        said = self._all_comments(f"list the comments of pull request {pull.number} of {self._name}", pull)
        return (one.body for one in sound(_Comment, said))

    def _all_comments(self, task: str, pull: PullRequest) -> Iterable[object]:
        return self._wire.get_all(task, f"{self._issue(pull)}/comments")

    def _comment(self, pull: PullRequest, comment: str) -> None:
        task = f"comment on pull request {pull.number} of {self._name}"
        self._wire.send(task, "POST", f"{self._issue(pull)}/comments", {"body": comment})

    def _ask_for_review(self, pull: PullRequest, names: Sequence[str]) -> list[str]:
        def send(words: str, body: Mapping[str, Sequence[str]]) -> object:
            task = f"ask {words} to review pull request {pull.number}"
            return self._wire.send(task, "POST", f"{self._one(pull)}/requested_reviewers", body)

        return ask_for_review(names, send, NOT_GIVEN)

    def _issue(self, pull: PullRequest) -> str:
        return f"{self._path}/issues/{pull.number}"

    def _one(self, pull: PullRequest) -> str:
        return f"{self._path}/pulls/{pull.number}"
