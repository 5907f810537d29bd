"""Which commits of a remote are the heads of pull requests, as its own refs tell, and no forge's index.

Which ref that is, is one of the facts of a forge (`imagebot/knownforges.py`); Bitbucket Data Center keeps
`refs/pull-requests/NUMBER/from`. All are asked for at once: whose server it is, git does not know.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from imagebot.gitrepo.failures import failed
from imagebot.gitrepo.process import Git, Terms
from imagebot.gitrepo.remote import Remote
from imagebot.knownforges import FACTS

_PATTERNS = sorted({facts.pull_ref for facts in FACTS.values() if facts.pull_ref} | {"refs/pull-requests/*/from"})
_REFS = "|".join(re.escape(pattern).replace(r"\*", "([0-9]{1,18})") for pattern in _PATTERNS)
_LINE = re.compile(rf"([0-9a-f]{{40,64}})\t(?:{_REFS})", re.ASCII)


def pull_refs(git: Git, remote: Remote, terms: Terms) -> Mapping[str, tuple[int, ...]]:
    """The numbers of the pull requests that have each commit for their head. Raises `WorldError`s."""
    answer = git.ask("ls-remote", "--end-of-options", remote.url, *_PATTERNS, terms=terms)
    if answer.code != 0:
        raise failed("ask", remote, answer, terms.environment)
    found: dict[str, list[int]] = defaultdict(list)
    for line in answer.out.decode(errors="replace").split("\n"):
        if match := _LINE.fullmatch(line):
            found[match[1]].append(int(next(number for number in match.groups()[1:] if number)))
    return {commit: tuple(sorted(numbers)) for commit, numbers in found.items()}
