"""Which commits of a remote are the heads of pull requests, as its own refs tell, and no forge's index.

GitHub, Gitea and Forgejo keep `refs/pull/NUMBER/head`
(https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/checking-out-pull-requests-locally),
GitLab `refs/merge-requests/NUMBER/head` (https://docs.gitlab.com/user/project/merge_requests/versions/), Bitbucket Data
Center `refs/pull-requests/NUMBER/from`; for those that are open and, mostly, for ever. Other forges keep none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from imagebot.errors import BadResponse
from imagebot.gitrepo.failures import explain, unexplained
from imagebot.gitrepo.process import Git, Terms
from imagebot.gitrepo.remote import Remote

_PATTERNS = ("refs/pull/*/head", "refs/merge-requests/*/head", "refs/pull-requests/*/from")
_LINE = re.compile(
    r"([0-9a-f]{40,64})\trefs/(?:pull/([0-9]{1,18})/head|merge-requests/([0-9]{1,18})/head"
    r"|pull-requests/([0-9]{1,18})/from)",
    re.ASCII,
)


def pull_refs(git: Git, remote: Remote, terms: Terms) -> Mapping[str, tuple[int, ...]]:
    """The numbers of the pull requests that have each commit for their head. Raises `WorldError`s."""
    answer = git.ask("ls-remote", "--end-of-options", remote.url, *_PATTERNS, terms=terms)
    if answer.code != 0:
        error = explain("ask", remote, answer, terms.environment)
        raise error or BadResponse(unexplained("ask", remote, answer, terms.environment))
    found: dict[str, list[int]] = defaultdict(list)
    for line in answer.out.decode(errors="replace").split("\n"):
        if match := _LINE.fullmatch(line):
            found[match[1]].append(int(next(number for number in match.groups()[1:] if number)))
    return {commit: tuple(sorted(numbers)) for commit, numbers in found.items()}
