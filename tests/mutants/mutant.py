"""A small wrong change of one module, and how people are shown it."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`path` is from the top of the repository, `before` and `after` are the module; `name` says what was done."""

    path: str
    name: str
    before: str
    after: str

    @property
    def key(self) -> str:
        """The same for the same change, whatever happens to other files."""
        return hashlib.sha256(f"{self.path}\0{self.before}\0{self.after}".encode()).hexdigest()[:16]

    def diff(self) -> str:
        """The change as a diff with a line of context."""
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), self.path, self.name, "", "", 1, ""
        )
        return "\n".join(lines)

    def changed(self) -> range:
        """The lines that are others; what is only added counts as a change of the line that it comes before."""
        found = difflib.SequenceMatcher(None, self.before.splitlines(), self.after.splitlines(), autojunk=False)
        places = [(start, max(end, start + 1)) for kind, start, end, _, _ in found.get_opcodes() if kind != "equal"]
        return range(places[0][0] + 1, places[-1][1] + 1)

    def lines(self) -> tuple[str, str, str]:
        """The path, what the change removes and what it adds, without regard to where it stands."""
        changed = list(difflib.unified_diff(self.before.splitlines(), self.after.splitlines(), n=0, lineterm=""))[2:]
        gone = [line[1:].strip() for line in changed if line.startswith("-")]
        new = [line[1:].strip() for line in changed if line.startswith("+")]
        return self.path, " ".join(gone), " ".join(new)
