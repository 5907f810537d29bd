"""Pull requests that Gitea and Forgejo merge by themselves once their checks have passed.

Asked to merge when checks succeed, Gitea merges at once where the base branch requires no check, or where all have
passed, and whatever its checks say where it only moves the branch on (go-gitea/gitea#35756). So it is asked only where
a required check is still missing, and never for a fast-forward.
"""

from __future__ import annotations

from contextlib import suppress
from fnmatch import fnmatchcase
from urllib.parse import quote

from imagebot.errors import NotFound
from imagebot.forge.answers import checked
from imagebot.forge.gitea_answers import Protection, Pull, RepositoryAnswer, Statuses
from imagebot.forge.proposed import NotMerging, message_of, unseen
from imagebot.forge.protocol import Proposal
from imagebot.forge.refusals import Unprocessable
from imagebot.forge.wire import Wire
from imagebot.knownforges import FACTS

# The other reason for a 409 beside "already scheduled": somebody pushed.
_OUT_OF_DATE = "head out of date"


def auto_merge(wire: Wire, path: str, number: int, proposal: Proposal) -> NotMerging | None:
    """Have the pull request merged once what its base branch requires has succeeded, if its head is the proposal's.

    `path` is that of the repository.
    """
    head = proposal.head
    why = f"pull request {number} will not merge by itself"
    whose = f"the answer about pull request {number}"
    try:
        pull = checked(Pull, wire.get(f"show pull request {number}", f"{path}/pulls/{number}"), whose)
        if head and pull.head.sha != head:
            return unseen(FACTS["gitea"], number)
        if because := _nothing_to_wait_for(wire, path, pull):
            return NotMerging(f"{why}: {because}")
        style = _style(checked(RepositoryAnswer, wire.get("show the repository", path), whose))
        if style is None:
            return NotMerging(
                f"{why}: the repository allows nothing but fast-forwards, and those do not wait for checks; allow "
                "another way to merge there, or merge it by hand"
            )
        body: dict[str, object] = {
            "Do": style,
            "merge_when_checks_succeed": True,
            "head_commit_id": pull.head.sha,
            "delete_branch_after_merge": True,
        }
        title, message = message_of(proposal, number)
        if style == "squash" and title:
            body |= {"MergeTitleField": title, "MergeMessageField": message}
        _schedule(wire, f"{path}/pulls/{number}/merge", number, body)
    except Unprocessable as error:
        return NotMerging(str(error), later="try again later" in str(error) or _OUT_OF_DATE in str(error))
    return None


def _schedule(wire: Wire, path: str, number: int, body: dict[str, object]) -> None:
    """What it was scheduled with before may be the words of what was proposed before: nobody tells."""
    task = f"let pull request {number} merge by itself"
    try:
        wire.send(task, "POST", path, body)
    except Unprocessable as error:
        if error.status != 409 or _OUT_OF_DATE in str(error):
            raise
        # 404: it was merged, or switched off, meanwhile.
        with suppress(NotFound):
            wire.send(f"change how pull request {number} is merged", "DELETE", path)
        wire.send(task, "POST", path, body)


def _nothing_to_wait_for(wire: Wire, path: str, pull: Pull) -> str:
    """Why a merge would come at once; empty if it would wait."""
    base = pull.base.label
    whose = f"the answer about {base}"
    protection = checked(Protection, wire.get(f"show {base}", f"{path}/branches/{quote(base, safe='')}"), whose)
    required = protection.status_check_contexts or []
    if not (protection.enable_status_check and required):
        return f"{base} requires no status check, so it would be merged at once; require one in its protection"
    task = f"show the checks of {pull.head.sha}"
    found = checked(Statuses, wire.get(task, f"{path}/commits/{pull.head.sha}/status", limit=50), whose).statuses
    passed = [status.context for status in found if status.status == "success"]
    if all(any(fnmatchcase(context, pattern) for context in passed) for pattern in required):
        return "its checks have passed already; merge it by hand"
    return ""


def _style(repository: RepositoryAnswer) -> str | None:
    """The repository's own way to merge, or another that it allows."""
    allowed = {
        "merge": repository.allow_merge_commits,
        "squash": repository.allow_squash_merge,
        "rebase": repository.allow_rebase,
        "rebase-merge": repository.allow_rebase_explicit,
    }
    first = repository.default_merge_style
    return first if allowed.get(first) else next((style for style in allowed if allowed[style]), None)
