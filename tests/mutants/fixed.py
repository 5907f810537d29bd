"""Changes that once stayed unnoticed, or that somebody could make in good faith. Each has to be noticed from now on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.mutants.mutant import Mutant


@dataclass(frozen=True)
class Fixed:
    """`old`, which stands in the module just once, becomes `new`; `tests` must notice, or without any `make faults`."""

    name: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...] = ()

    def mutant(self, root: Path) -> Mutant | None:
        """None where the module reads differently by now: then somebody has to say what the change would be today."""
        before = (root / self.path).read_text(encoding="utf-8")
        if before.count(self.old) != 1:
            return None
        return Mutant(self.path, self.name, before, before.replace(self.old, self.new))


FIXED = (
    Fixed(
        "edited bytes go out without their proof",
        "imagebot/yamledit/replace.py",
        "return prove(file, data, after, edits, values), edits",
        "return Proved(after), edits",
        ("tests/yamledit",),
    ),
    Fixed(
        "one member with autoMerge decides for its whole group",
        "imagebot/plan/propose.py",
        "if all(kind in other.auto_merge for other in others)",
        "if any(kind in other.auto_merge for other in others)",
        ("tests/cycle/test_groups.py",),
    ),
    Fixed(
        "what ends a pass under `run` is swallowed",
        "imagebot/serve.py",
        "        raise failures[0]\n",
        "        pass\n",
        ("tests/test_serve.py", "tests/cli/test_run.py"),
    ),
    Fixed(
        "the first machine block counts, not the last",
        "imagebot/pulls/block.py",
        "return found[-1] if found else None",
        "return found[0] if found else None",
        ("tests/pulls", "tests/review"),
    ),
    Fixed(
        "commits by the forge's API cost nothing",
        "imagebot/cycle/rate_limits.py",
        "return 2 if checkout.settings.verified_commits else 0",
        "return 0",
        ("tests/e2e/test_verified.py", "tests/cycle"),
    ),
    Fixed(
        "what another bot saved replaces what this one saw",
        "imagebot/store/branch.py",
        "theirs.saw_too(before)",
        "theirs",
        ("tests/store",),
    ),
    Fixed(
        "a field that stands where it stood counts as taken back",
        "imagebot/history/undone.py",
        "return stands is None or stands < at",
        "return stands is None or stands <= at",
        ("tests/history", "tests/cycle/test_never_back.py"),
    ),
)

BROKEN = (
    Fixed(
        "what was said is not remembered",
        "imagebot/forge/proposed.py",
        "return any(same_text(text, comment) for text in said)",
        "return False",
    ),
    Fixed(
        "a body is finished before its labels are there",
        "imagebot/forge/proposed.py",
        "return body if is_unfinished(body) else _fingerprinted(body, lambda fingerprint: _UNFINISHED + fingerprint)",
        "return body",
    ),
    Fixed(
        "what the bot closed looks as if people had closed it",
        "imagebot/cycle/close_stale.py",
        "(pull, comment, block.stamped(pull.body, closed_by_bot=True))\n    done",
        "(pull, comment, block.stamped(pull.body, closed_by_bot=False))\n    done",
    ),
    Fixed(
        "commits of people's freeze nothing",
        "imagebot/cycle/checkout.py",
        "(None if rebuilt else self.frozen(branch))",
        "None",
    ),
    Fixed(
        "what is unknown is not wanted",
        "imagebot/cycle/close_stale.py",
        "standing = stands((one.target for one in mine), unknown)",
        "standing = stands((one.target for one in mine), ())",
    ),
    Fixed(
        "nobody waits who was told to",
        "imagebot/bans.py",
        "        left = self.left(account)\n        if left > 0:\n",
        "        left = self.left(account)\n        if left > LONGEST_S:\n",
    ),
)
"""Copies of the bot that are broken on purpose: a slice of `make faults` has to notice each."""
