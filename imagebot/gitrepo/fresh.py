"""New repositories of ours, whose objects are named as the remote's are: by SHA-1, or by SHA-256.

Which it is shows when the remote is asked; nearly all are the former, so that is what a new one is until then.
"""

from __future__ import annotations

import re
from typing import Literal

from imagebot.gitrepo.process import Damaged, Git, GitOutput, Terms
from imagebot.private import make_private

Hash = Literal["sha1", "sha256"]

_MISMATCH = re.compile(r"mismatched algorithms: client \S+; server (sha1|sha256)\b", re.ASCII)


class OtherHash(Damaged):
    """The repository here names objects by another hash than the remote, so nothing of that can be put into it."""

    def __init__(self, message: str, theirs: Hash) -> None:
        super().__init__(message)
        self.theirs: Hash = theirs


def begin(git: Git, named_by: Hash = "sha1", terms: Terms | None = None) -> None:
    """Make an empty bare repository in a folder that nobody else may look into."""
    make_private(git.folder)
    git.out("init", "--bare", "--quiet", "--template=", f"--object-format={named_by}", terms=terms)


def other_hash(answer: GitOutput) -> Hash | None:
    """How the remote names objects, where a fetch failed because that is not how we do."""
    found = _MISMATCH.search(answer.err)
    if found is None:
        return None
    return "sha256" if found[1] == "sha256" else "sha1"
