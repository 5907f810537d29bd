"""Policy files that are in git, as the tip of their branch has them.

While a repository cannot be fetched its policies are those that were seen there last: an outage withdraws none. A
folder without any, and a link where a file was, are problems, as on disk: they must not look like a team that withdrew
its policies.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import PurePosixPath

from imagebot.cycle.world import World
from imagebot.errors import ImagebotError, Problem
from imagebot.gitrepo.mirror import Mirror
from imagebot.observe.events import PoliciesKept
from imagebot.policy.defaults import is_defaults
from imagebot.policyfiles import is_policy_file
from imagebot.settings.policies import CommittedPolicies

Committed = dict[str, bytes | Problem]
_FIRST = (1, 1)


def committed_policies(world: World) -> Committed:
    """All of them by the names to show, `REPOSITORY:/PATH`; why there are none stands in their place."""
    wanted: dict[str, list[CommittedPolicies]] = {}
    for one in world.settings.committed_policies:
        wanted.setdefault(one.repository, []).append(one)
    found: Committed = {}
    for name, some in wanted.items():
        read = world.ask(f"read the policies in {name}", partial(_read, world, name, some))
        if isinstance(read, ImagebotError):
            found |= {one.place: _problem(one.place, f"cannot be read: {read}") for one in some}
        else:
            found |= read
    return found


def _read(world: World, name: str, some: Sequence[CommittedPolicies]) -> Committed:
    repository = world.settings.repositories.get(name)
    mirror = world.source(name, None) if repository is None else world.mirror(repository)
    commit = _tip(world, name, mirror)
    entries = {entry.path: entry.blob for entry in mirror.files(commit).entries if is_policy_file(entry.path)}
    links = [path for path in mirror.links(commit) if is_policy_file(path)]
    found: Committed = {}
    for one in some:
        paths = [path for path in entries if _is_of(one, path)]
        contents = zip(paths, mirror.blobs([entries[path] for path in paths]), strict=True)
        here = {_name(one, path): data for path, data in contents}
        too_large = [file for file, data in here.items() if data is None]
        found |= {file: data for file, data in here.items() if data is not None}
        found |= {file: _problem(file, "is too large for a policy file") for file in too_large}
        found |= {
            file: _problem(file, "is a link: write the file itself here")
            for file in (_name(one, path) for path in links if _is_of(one, path))
        }
        if all(map(is_defaults, here)):
            found[one.place] = _problem(one.place, f"there is no policy file (*.yaml, *.yml) here at {commit[:12]}")
    return found


def _tip(world: World, name: str, mirror: Mirror) -> str:
    """The tip of its branch; that of the last fetch where it cannot be fetched. Raises `ImagebotError`."""
    try:
        return mirror.fetch(None).base
    except ImagebotError as error:
        known = mirror.last_heads(None)
        if known is None:
            raise
        world.tell(PoliciesKept(name, known.base, str(error)))
        return known.base


def _is_of(one: CommittedPolicies, path: str) -> bool:
    """The defaults beside a file that is named alone are its own, too."""
    if one.has(path):
        return True
    beside = PurePosixPath(one.path or "").parent == PurePosixPath(path).parent
    return beside and is_policy_file(one.path or "") and is_defaults(path)


def _name(one: CommittedPolicies, path: str) -> str:
    return f"{one.repository}:/{path}"


def _problem(file: str, words: str) -> Problem:
    return Problem(file, *_FIRST, words)
