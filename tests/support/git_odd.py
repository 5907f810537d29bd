"""Commits that no `git commit` makes, and that git carries all the same."""

from __future__ import annotations

from pathlib import Path

from tests.support.git_repos import run_git

WHO = "Ada <ada@example.com>"
GOOD = f"{WHO} 1767225600 +0000"

# What stands after `author ` and `committer ` of a commit that has no usable time.
TIMELESS = {
    "the year 11476": f"{WHO} 300000000000 +0000",
    "more than 64 bits": f"{WHO} 99999999999999999999999 +0000",
    "five thousand digits": f"{WHO} {'9' * 5000} +0000",
    "before everything": f"{WHO} -5 +0000",
    "nothing": WHO,
    "a word": f"{WHO} yesterday +0000",
    "zero": f"{WHO} 0 +0000",
    "no zone": f"{WHO} 1767225600",
    "no address": "Ada 1767225600 +0000",
    "in no calendar": f"{WHO} 253402300800 +0000",
}
# Oddities that leave the time as it is.
TIMELY = {
    "a zone that is none": f"{WHO} 1767225600 +9999",
    "minus nothing": f"{WHO} 1767225600 -0000",
    "no name": "<ada@example.com> 1767225600 +0000",
    "nobody": " <> 1767225600 +0000",
    "controls": "A\x1b]0;x\x07\x85\u2028da <a\x01@x> 1767225600 +0000",
    "brackets": "Ada> <a@x> 1767225600 +0000",
}
# The rest of the commit: after the headers that every one has.
BODIES: dict[str, bytes] = {
    "an empty message": b"\n",
    "no message at all": b"",
    "no UTF-8": b"\n\xff\xfe\xc3(\n",
    "another encoding": b"encoding ISO-8859-1\n\n\xe4\xf6\n",
    "an encoding that is none": b"encoding no-such-thing\n\n\xe4\xf6\n",
    "an encoding that swallows the headers": b"encoding UTF-16\n\nabcd\n",
    "a NUL": b"\nbefore\0after\n",
    "megabytes": b"\n" + b"x" * 10_000_000 + b"\n",
    "a signature that is none": b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\nm\n",
    "a tag that was merged": b"mergetag object " + b"1" * 40 + b"\n type commit\n tag v1\n \n x\n\nm\n",
    "headers that nobody knows": b"x-hidden yes\nHG:extra a\n\nm\n",
    "lines that are none": "\nfirst\x0bsecond\x85third\u2028Image-Update: a 1 -> 2\n".encode(),
}


def odd_commit(
    folder: Path, branch: str, *, author: str = GOOD, committer: str = GOOD, body: bytes = b"\nodd\n", tree: str = ""
) -> str:
    """Put a commit with these words in it on top of a branch, with the tree that is there or this one; its id."""
    (tip,) = git(folder, "rev-parse", f"refs/heads/{branch}").split()
    head = f"tree {tree or git(folder, 'rev-parse', f'{tip}^{{tree}}')}\nparent {tip}\n"
    who = f"author {author}\ncommitter {committer}\n".encode(errors="surrogateescape")
    return put(folder, branch, head.encode() + who + body)


def with_a_hostile_tree(folder: Path, branch: str) -> None:
    """Put a commit on top of a branch that git refuses to fetch: a file that would be the repository of a clone."""
    blob = git(folder, "hash-object", "-w", "--stdin")
    tree = put(folder, "x", b"100644 .git\0" + bytes.fromhex(blob), "tree")
    git(folder, "update-ref", "-d", "refs/heads/x")
    odd_commit(folder, branch, tree=tree)


def put(folder: Path, branch: str, data: bytes, kind: str = "commit") -> str:
    """Write an object as it is, and let the branch point at it even where git itself would not."""
    name = git(folder, "hash-object", "-t", kind, "-w", "--literally", "--stdin", stdin=data)
    file = folder / "refs" / "heads" / branch
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(name + "\n")
    return name


def git(folder: Path, *words: str, stdin: bytes = b"") -> str:
    """What git prints in this repository."""
    return run_git(["-C", str(folder), *words], stdin).decode(errors="replace").strip()
