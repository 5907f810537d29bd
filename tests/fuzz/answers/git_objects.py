"""Commits and trees that git takes although no git would make them, as `git hash-object --literally` does.

They are written into a repository as loose objects, fetched as in a pass, and asked for all that a pass wants to know.
"""

from __future__ import annotations

import hashlib
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from imagebot.errors import ImagebotError
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.remote import Remote
from tests.fuzz.answers.watch import Tally

FILE = b"staging/kustomization.yaml"
BRANCH = "imagebot/staging/shop"
_ODD_TIMES = (
    *(b"300000000000 +0000", b"-1 +0000", b"0 +0000", b"99999999999999999999 +0000", b"1767225600", b"", b"abc +0000"),
    *(b"1767225600 +9999", b"1767225600 -0000", b"1767225600 +00", b"1767225600 UTC", b"1767225600.5 +0000"),
    *(b"253402300800 +0000", b"4294967296 +0000", b"2147483648 +1400", b" 1767225600  +0000"),
)
_ODD_PEOPLE = (
    *(
        b"",
        b"<>",
        b"Ada",
        b"Ada <ada@example.com",
        b"<ada@example.com>",
        b"A <B> <c@d>",
        b"\xff\xfe <\xff@x>",
        b"A\x00B <c@d>",
    ),
    *(b"GitHub <noreply@github.com>", b"imagebot <imagebot@noreply.invalid>", b"A\tB <c@d>", b"\xe2\x80\xae <a@b>"),
    b"a" * 100_000 + b" <a@b>",
)
_ODD_LINES = (
    *(
        b"",
        b"gpgsig x",
        b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----",
        b"encoding utf-16",
    ),
    *(b"encoding ISO-8859-1", b"encoding nothing", b"mergetag object 1", b"HG:extra x", b" folded", b"\x00", b"tree 0"),
    *(b"parent " + b"0" * 40, b"parent x", b"x" * 100_000),
)
_ODD_MESSAGES = (
    *(b"", b"\x00", b"\xff\xfe", b"\n" * 1000, b"a" * 2_000_000, b"Image-Update: " * 3),
    b"docs: typo\n\nImage-Update: ghcr.io/acme/shop 1.2.0 -> 1.0.0\nImage-Field: %s images[0].newTag\n" % FILE,
    b"x\n\nImage-Update: %FF%00 1 -> \xe2\x80\xae\nImage-Field: a\nImage-Policy: x\n",
    b'Revert "x"\n\nThis reverts commit ' + b"0" * 40 + b".\n",
)
_ODD_NAMES = (
    *(
        b"",
        b".",
        b"..",
        b".git",
        b".GIT",
        b"a/b",
        b"/",
        b"\xff",
        b"\n",
        b"\t",
        b"\\",
        b"\xe2\x80\xae",
        b"a" * 5_000,
        b"-x",
    ),
    *(b'"', b"git~1", b".gitmodules", b"a\x01b"),
)
_ODD_MODES = (
    b"0",
    b"100644",
    b"100755",
    b"120000",
    b"160000",
    b"40000",
    b"040000",
    b"100666",
    b"777777",
    b"",
    b"9",
    b"x",
)


@dataclass(frozen=True)
class Repository:
    """A bare one, into which anything may be written."""

    folder: Path

    def write(self, kind: bytes, data: bytes) -> bytes:
        """The id of a loose object with this content."""
        whole = b"%s %d\x00%s" % (kind, len(data), data)
        name = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        file = self.folder / "objects" / name[:2] / name[2:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(zlib.compress(whole, 1))
        return name.encode()

    def point(self, branch: str, commit: bytes) -> None:
        file = self.folder / "refs" / "heads" / branch
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(commit + b"\n")


@dataclass
class Maker:
    """Makes commits; with each piece there is a chance of a slip."""

    repository: Repository
    dice: Random
    chance: float = 0.06

    def or_odd(self, honest: bytes, odd: tuple[bytes, ...]) -> bytes:
        return self.dice.choice(odd) if self.dice.random() < self.chance else honest

    def commit(self, tag: str, minute: int, *parents: bytes) -> bytes:
        """A commit in which the image has this tag."""
        lines = [b"tree " + self.or_odd(self.tree(tag), (b"0" * 40, b"", b"x", *parents))]
        lines += [b"parent " + self.or_odd(parent, (parent + b"0", b"", lines[0][5:])) for parent in parents]
        for role in (b"author ", b"committer "):
            person = self.or_odd(b"Ada <ada@example.com>", _ODD_PEOPLE)
            at = self.or_odd(b"%d +0000" % (1_767_225_600 + 60 * minute), _ODD_TIMES)
            lines.append(self.or_odd(role, (b"", b"author", role)) + person + b" " + at)
        if self.dice.random() < self.chance:
            lines.insert(self.dice.randrange(len(lines) + 1), self.dice.choice(_ODD_LINES))
        message = self.or_odd(b"shop: %s\n" % tag.encode(), _ODD_MESSAGES)
        return self.repository.write(b"commit", b"\n".join(lines) + self.or_odd(b"\n\n", (b"\n", b"")) + message)

    def tree(self, tag: str) -> bytes:
        text = f'kind: Kustomization\nimages:\n  - {{name: ghcr.io/acme/shop, newTag: "{tag}"}}\n'.encode()
        content = self.repository.write(b"blob", self.or_odd(text, (b"\xff\x00", b"", b"images: [" * 70_000, text * 3)))
        folder, name = FILE.split(b"/")
        inner = self.repository.write(b"tree", self.entries((b"100644", name, content)))
        readme = self.repository.write(b"blob", b"hello\n")
        return self.repository.write(
            b"tree", self.entries((b"100644", b"README.md", readme), (b"40000", folder, inner))
        )

    def entries(self, *honest: tuple[bytes, bytes, bytes]) -> bytes:
        """The entries of a tree; now and then one is odd, comes twice, or leads somewhere else."""
        entries = [
            b"%s %s\x00" % (self.or_odd(mode, _ODD_MODES), self.or_odd(name, _ODD_NAMES)) + bytes.fromhex(at.decode())
            for mode, name, at in honest
        ]
        if self.dice.random() < self.chance:
            entries.append(self.dice.choice((entries[0], entries[-1][:-3], b"160000 sub\x00" + b"\x01" * 20)))
        if self.dice.random() < self.chance:
            entries.reverse()
        return b"".join(entries)


def case(number: str, folder: Path, tally: Tally) -> None:
    """A base branch of three commits and a branch of the bot's, fetched into a new mirror and looked at."""
    dice = Random(f"git/{number}")
    subprocess.run(["git", "init", "--quiet", "--bare", "--template=", "-b", "main", str(folder / "bare")], check=True)
    repository = Repository(folder / "bare")
    maker = Maker(repository, dice, dice.choice((0.005, 0.01, 0.02, 0.05)))
    first = maker.commit("1.0.0", 0)
    second = maker.commit("1.1.0", 1, first)
    main = maker.commit("1.0.0", 2, second, *((first,) if dice.random() < 0.2 else ()))
    tip = maker.commit("1.2.0", 3, dice.choice((main, main, second)))
    repository.point("main", maker.or_odd(main, (b"0" * 40, b"x", repository.write(b"blob", b"x"))))
    repository.point(BRANCH, maker.or_odd(tip, (b"1" * 40, repository.write(b"tree", b""))))
    mirror = Mirror.open(folder / "mirror", Remote(str(folder / "bare"), "main"), 60.0)
    tally.watch(f"git objects #git/{number}", lambda: _looked_at(mirror, tally), ImagebotError)


def _looked_at(mirror: Mirror, tally: Tally) -> object:
    """Each question by itself: what one commit cannot tell is no reason to know nothing of the others."""
    heads = mirror.fetch("imagebot/")
    tip = heads.branches.get(BRANCH, heads.base)
    file = FILE.decode()
    questions: tuple[Callable[[], object], ...] = (
        lambda: mirror.files(heads.base),
        lambda: mirror.read(heads.base, file),
        lambda: mirror.commits_between(heads.base, tip),
        lambda: mirror.line(heads.base, (), 10),
        lambda: [mirror.changes(commit.id) for commit in mirror.line(heads.base, (), 10)],
        lambda: mirror.former(heads.base),
        lambda: mirror.line(heads.base, [file], 10),
        lambda: mirror.annals(heads.base, lambda path: path == file),
        lambda: mirror.history(heads.base),
        lambda: mirror.changed_paths(heads.base, tip),
        lambda: mirror.conflicts(heads.base, tip),
        lambda: mirror.brings(heads.base, tip, {file: b"x\n"}),
        lambda: [mirror.adds_nothing(commit) for commit in mirror.commits_between(heads.base, tip)],
    )
    told = []
    for question in questions:
        try:
            told.append(repr(question()))
        except ImagebotError as error:
            told.append(str(error))
            tally.words[f"git: {type(error).__name__}"] += 1
    return told
