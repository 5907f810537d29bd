"""What people do meanwhile, and the journal of it that the oracle judges by.

Everything goes past the bot: by git's plumbing in the bare repository, the forge's own memory, the registry's folder.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from tests.faults import merges
from tests.support import oci_folder
from tests.support.forge_server import ForgeServer, Pull
from tests.support.stage import NOON, PERSON
from tests.support.web_function import Answer, Asked

APPS = ("shop", "cart")
FILE = "staging/kustomization.yaml"
PREFIX = "imagebot/"
MAIN = "main"
GROUP = "platform"
TICKED = "- [x] <!-- imagebot:rebuild -->"
Outage = Literal["", "silent", "hollow", "broken"]
"""A registry that says nothing, one that lists tags and has no manifests, one that fails to show them."""
# Where HTML comments are shown, it is a link definition.
_BLOCK = re.compile(r"(?:<!-- |\[//\]: # \()imagebot:v1 ([^\s)]+)(?: -->|\))")
ASKED = "alice: imagebot rebuild"
_HEARD = re.compile(r"\(imagebot:heard ([0-9]+)\b")


@dataclass
class Journal:
    """Who did what. `commits` are people's on the bot's branches, without those that they let go; `refused` are the
    tags that a pull request proposed when it was closed, `landed` those that the base was moved up to, by whomever, and
    `before` what the last of them replaced, and by what. `tidied` is what one of several pull requests of a branch
    proposed when it was closed: nobody can tell a "no" from tidying up.
    """

    main: str = ""
    foreign: dict[str, str] = field(default_factory=dict)
    commits: list[tuple[str, str]] = field(default_factory=list)
    refused: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    landed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    before: dict[str, tuple[str, str]] = field(default_factory=dict)
    tidied: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    tags: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    ever: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


class People:
    """They look at the forge and at git, and act on what they see there."""

    apps = APPS

    def __init__(self, folder: Path, server: ForgeServer, *, grouped: bool) -> None:
        self.folder = folder
        self.grouped = grouped
        self.server = server
        self.host = ""
        self.outage: Outage = ""
        self.may_be_twins = False
        self.journal = Journal()
        self.moment = 0

    @property
    def bare(self) -> Path:
        return self.folder / "environments.git"

    @property
    def now(self) -> datetime:
        """A minute passes with each thing that is committed."""
        return NOON + timedelta(minutes=self.moment)

    def settle_in(self) -> None:
        """The repository, the registry and a few branches that are nobody's business."""
        subprocess.run(
            ["git", "init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(self.bare)], check=True
        )
        lines = "".join(f'  - {{name: {self.host}/acme/{app}, newTag: "1.0.0"}}\n' for app in APPS)
        self.commit(MAIN, {FILE: f"kind: Kustomization\nimages:\n{lines}", "README.md": "hello\n"})
        for branch in ("feature/checkout", "imagebots/staging/shop", "renovate/shop"):
            self.commit(branch, {"README.md": f"{branch}\n"}, start=MAIN)
        self.journal.foreign = {name: tip for name, tip in self.heads().items() if not _is_the_bots(name)}
        for app in APPS:
            self._publish(app, "0.9.0", "1.0.0", "1.0.1", "2.0.0")

    def registry(self, asked: Asked) -> Answer:
        """What the registry says."""
        if self.outage == "silent":
            return Answer(503)
        if self.outage and "/manifests/" in asked.path:
            return Answer(404 if self.outage == "hollow" else 500)
        return oci_folder.answer(self.folder / "registry", asked)

    def do(self, task: str) -> str:
        """Carry out a task, such as `close shop`; what came of it, in words."""
        what, _, app = task.partition(" ")
        return f"{task}: {DEEDS[what](self, app)}"

    @property
    def targets(self) -> dict[str, tuple[str, ...]]:
        """The names of what has a pull request of its own, with the apps that travel in it."""
        return {GROUP: APPS} if self.grouped else {app: (app,) for app in APPS}

    def branch(self, app: str) -> str:
        return f"{PREFIX}staging/{f'+{GROUP}' if self.grouped else app}"

    def open_pulls(self, app: str) -> list[Pull]:
        return [pull for pull in self.server.pulls.values() if (pull.head, pull.state) == (self.branch(app), "open")]

    def heads(self) -> dict[str, str]:
        lines = self.git("for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads", "refs/tags")
        return dict(line.split(" ") for line in lines.splitlines())

    def tag_on(self, branch: str, app: str) -> str:
        """The tag of an app as a branch says it."""
        return tag_in(self.git("show", f"{branch}:{FILE}"), self.host, app)

    def git(self, *words: str, stdin: str = "") -> str:
        done = subprocess.run(
            ["git", "-C", str(self.bare), *words],
            input=stdin,
            env=self._environment(),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.removesuffix("\n")

    def commit(self, branch: str, files: dict[str, str], start: str = "", message: str = "a person's change") -> str:
        """A person's commit, at the end of a branch or as its first on `start`, a branch or a commit."""
        self.moment += 1
        head = self.heads().get(start or branch, start)
        at = f"Ada <ada@example.com> {int(self.now.timestamp())} +0000"
        lines = [f"commit refs/heads/{branch}", f"committer {at}", _data(message)]
        lines += [f"from {head}"] * bool(head)
        lines += [f"M 100644 inline {path}\n{_data(text)}" for path, text in files.items()]
        self.git("fast-import", "--quiet", "--force", stdin="\n".join(lines) + "\n")
        commit = self.git("rev-parse", f"refs/heads/{branch}")
        if branch == MAIN:
            self.journal.main = commit
        return commit

    def race(self, branch: str) -> None:
        """Somebody else is first to make, or to move, a branch that is about to be pushed."""
        app = next(app for app in APPS if self.branch(app) == branch)
        start = "" if branch in self.heads() else MAIN
        if not self._asked_to_rebuild(app):
            commit = self.commit(branch, {f"notes-{app}.md": "in haste\n"}, start)
            self.journal.commits.append((branch, commit))

    def _asked_to_rebuild(self, app: str) -> bool:
        """What is committed after that may go, too: people wait until it is done."""
        return any(TICKED in (pull.body or "") or _is_unheard(pull) for pull in self.open_pulls(app))

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **PERSON,
            **dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), self.now.isoformat()),
        }

    def _publish(self, app: str, *tags: str) -> None:
        for tag in tags:
            oci_folder.publish(self.folder / "registry", f"acme/{app}", tag)
        self.journal.tags[app] |= set(tags)
        self.journal.ever[app] |= set(tags)

    def publish(self, app: str) -> str:
        major, minor, patch = best(self.journal.ever[app])
        tag = f"{major}.{minor}.{patch + 1}"
        self._publish(app, tag)
        return tag

    def withdraw(self, app: str) -> str:
        """The newest tag goes, unless it runs: then a registry is not believed for a day."""
        tag = dotted(best(self.journal.tags[app]))
        if tag == self.tag_on(MAIN, app):
            return "it runs"
        oci_folder.withdraw(self.folder / "registry", f"acme/{app}", tag)
        self.journal.tags[app].discard(tag)
        return tag

    def elsewhere(self, app: str) -> str:
        return self.commit(MAIN, {"README.md": f"hello {self.moment}\n"})

    def by_hand(self, app: str) -> str:
        return self.write_tag(app, dotted(best(self.journal.tags[app])))

    def back(self, app: str) -> str:
        return self.write_tag(app, "1.0.0")

    def write_tag(self, app: str, tag: str, message: str = "a person's change") -> str:
        there = self.tag_on(MAIN, app)
        if there == tag or tag not in self.journal.tags[app]:
            return "nothing"
        text = self.git("show", f"{MAIN}:{FILE}") + "\n"
        self.commit(MAIN, {FILE: with_tag(text, self.host, app, tag)}, message=message)
        if numbers(tag) > numbers(there):
            self.journal.landed[app].append(tag)
        return f"{there} → {tag}"

    def commit_beside(self, app: str) -> str:
        """A commit of a person's own on the bot's branch."""
        branch = self.branch(app)
        if branch not in self.heads() or self._asked_to_rebuild(app):
            return "no branch, or it is being rebuilt"
        commit = self.commit(branch, {f"notes-{app}.md": f"note {self.moment}\n"})
        self.journal.commits.append((branch, commit))
        return commit

    def close(self, app: str) -> str:
        pulls = self.open_pulls(app)
        for pull in pulls:
            pull.state, pull.closed_at, pull.closed_by = "closed", "2026-01-01T13:00:00Z", "alice"
            self.server.touched(pull)
            said = self.journal.tidied if self.may_be_twins or len(pulls) > 1 else self.journal.refused
            for name, _, tag in proposed(self.server.whole(pull)):
                said[name].add(tag)
            return pull.title
        return "none"

    def rebuild(self, app: str) -> str:
        """They ask for the branch as it would be without their commits, and let these go."""
        branch = self.branch(app)
        for pull in self.open_pulls(app):
            if self.server.asks_by_comment:
                pull.comments.append(ASKED)
            else:
                pull.body = (pull.body or "").replace("- [ ] <!-- imagebot:rebuild -->", TICKED)
            self.server.touched(pull)
            self.let_go(branch)
            return pull.title
        return "none"

    def let_go(self, branch: str) -> None:
        """What people committed there need not stay."""
        self.journal.commits = [one for one in self.journal.commits if one[0] != branch or self.is_in(MAIN, one[1])]

    def is_in(self, name: str, commit: str) -> bool:
        """Whether a branch reaches a commit."""
        words = ["git", "-C", str(self.bare), "merge-base", "--is-ancestor", commit, f"refs/heads/{name}"]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0


DEEDS: Mapping[str, Callable[[People, str], str]] = {
    "publish": People.publish,
    "withdraw": People.withdraw,
    "elsewhere": People.elsewhere,
    "by-hand": People.by_hand,
    "back": People.back,
    "commit": People.commit_beside,
    "update-branch": merges.update_branch,
    "update-by-rebase": merges.update_by_rebase,
    "rebuild": People.rebuild,
    "close": People.close,
    "merge": merges.merge,
    "merge-keeping": merges.merge_keeping,
    "squash": merges.squash,
    "squash-title": merges.squash_title,
    "squash-keeping": merges.squash_keeping,
    "merge-by-rebase": merges.rebase,
    "revert": merges.revert,
    "amend": merges.amend,
}


def _is_unheard(pull: Pull) -> bool:
    """Whether somebody asked by a comment, and the bot did not say that it heard."""
    heard = max((int(found[1]) for text in pull.comments for found in _HEARD.finditer(text)), default=0)
    return ASKED in pull.comments[heard:]


def tag_in(text: str, host: str, app: str) -> str:
    found = re.search(rf'{{name: {re.escape(host)}/acme/{app}, newTag: "([^"]+)"}}', text)
    assert found, text
    return found[1]


def with_tag(text: str, host: str, app: str, tag: str) -> str:
    return text.replace(_line(host, app, tag_in(text, host, app)), _line(host, app, tag))


def _line(host: str, app: str, tag: str) -> str:
    return f'{{name: {host}/acme/{app}, newTag: "{tag}"}}'


def proposed(body: str) -> list[tuple[str, str, str]]:
    """App, image and tag of each update, as the machine block of a body says."""
    found = _BLOCK.findall(body)
    items = json.loads(base64.urlsafe_b64decode(found[-1]))["proposed"] if found else []
    return [(app, image, tag) for app, image, tag, _ in items]


def best(tags: set[str]) -> tuple[int, int, int]:
    """The newest of `^1`."""
    return max(numbers(tag) for tag in tags if tag.startswith("1."))


def numbers(tag: str) -> tuple[int, int, int]:
    one, two, three = (int(part) for part in tag.split("."))
    return one, two, three


def dotted(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))


def _is_the_bots(name: str) -> bool:
    return name == MAIN or name.startswith(PREFIX)


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"
