"""All policy files together: sound policies, and every problem in and between them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath
from typing import TypeVar

from imagebot.documents.tree import Node, ParsedFile
from imagebot.errors import Ask, Bug, ImagebotError, Problem, plainly
from imagebot.policy.check_file import UNCHECKED, Given, InSettings, SoundFile, check_file
from imagebot.policy.defaults import DefaultsFile, is_defaults, layers_of, read_defaults
from imagebot.policy.fence import FolderFence
from imagebot.policy.model import Policy
from imagebot.policy.trial import Trial

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The policies that can be followed, and what is wrong with the others.

    `advice` is about policies that work and may not mean what their author meant, and `trials` are the tests that their
    authors wrote: only `lint` shows them. Policies `beside` are sound too and not asked about: others may depend on
    what their environments have. `chosen`: only some were asked for, and there may be more than both. `bugs` are those
    of our own that reading them met: each has its problem too.
    """

    policies: tuple[Policy, ...]
    problems: tuple[Problem, ...] = ()
    advice: tuple[Problem, ...] = ()
    trials: tuple[Trial, ...] = ()
    beside: tuple[Policy, ...] = ()
    chosen: bool = False
    bugs: tuple[Bug, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether these are all there are: a policy that is not among them is gone."""
        return self.complete and not self.chosen

    def narrowed(self, wanted: Collection[str]) -> PolicySet:
        """These, by `app@environment`, and all others beside them."""
        kept = tuple(policy for policy in self.policies if str(policy) in wanted)
        beside = tuple(policy for policy in self.policies if str(policy) not in wanted)
        return replace(self, policies=kept, beside=(*self.beside, *beside), chosen=True)

    @property
    def complete(self) -> bool:
        """Whether every policy was understood."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Around:
    """What holds for policy files besides what they say.

    `defaults` are those in imagebot.yaml, `settings` what else it has. `layers` has for a file the defaults of folders,
    the nearest first: without it they are told by the names of the files. `fences` has those of the folders that a file
    is in.
    """

    defaults: DefaultsFile | None = None
    layers: Mapping[str, tuple[str, ...]] | None = None
    fences: Mapping[str, tuple[FolderFence, ...]] = field(default_factory=dict)
    settings: InSettings = UNCHECKED


NOTHING_AROUND = Around()


@dataclass(frozen=True, slots=True)
class _Folders:
    """The defaults of folders, by the names of their files; `wrong` are those that cannot be used, and why."""

    written: Mapping[str, DefaultsFile]
    wrong: Mapping[str, tuple[Problem, ...]]
    around: Around

    @classmethod
    def of(cls, files: Mapping[str, bytes | Problem], around: Around, ask: Ask) -> _Folders:
        written = {name: DefaultsFile(name, data) for name, data in sorted(files.items()) if is_defaults(name)}
        read = {name: _asked(ask, name, partial(read_defaults, one)) for name, one in written.items()}
        return cls(written, {name: found for name, found in read.items() if not isinstance(found, Node)}, around)

    def below(self, file: str) -> tuple[DefaultsFile, ...]:
        """The files of defaults that hold for a policy file, the nearest first."""
        layers = self.around.layers
        names = layers_of(file, self.written) if layers is None else layers.get(file, ())
        last = () if self.around.defaults is None else (self.around.defaults,)
        return tuple(self.written[name] for name in names) + last


MOST_PROBLEMS = 20
"""Of one file that are told."""
_APP = re.compile(rb"^app:[ \t]*[\"']?([a-z0-9-]{1,63})", re.MULTILINE)
_Question = tuple[str, bytes, Given]
_Checked = dict[_Question, SoundFile | tuple[Problem, ...]]
_KEPT: _Checked = {}
"""What was made of each file the last time: the same bytes come in every pass, and a quiet pass reads no YAML."""


def read_policies(
    files: Mapping[str, bytes | Problem],
    repositories: Collection[str] | None,
    sources: Collection[str] | None = None,
    ask: Ask = plainly,
    around: Around = NOTHING_AROUND,
) -> PolicySet:
    """Read all files; a problem in one stops only the app in it. `None` leaves names of that kind unchecked.

    A file of defaults that is wrong, or is a problem itself, stops the apps below it: no policy is ever read without
    its defaults. With a bulkhead's `ask` a bug of ours that is met in reading a file is a problem of that file as well.
    """
    folders = _Folders.of(files, around, ask)
    sound: dict[str, SoundFile] = {}
    found: dict[str, Sequence[Problem]] = {}
    waiting: dict[str, list[str]] = defaultdict(list)
    kept: _Checked = {}
    names = _names(repositories), _names(sources)
    for file, data in sorted((name, data) for name, data in files.items() if not is_defaults(name)):
        below = folders.below(file)
        wrong = next((one.file for one in below if one.file in folders.wrong), None)
        if wrong is not None or isinstance(data, Problem):
            waiting[wrong or file].append(file)
            continue
        given = Given(*names, below, around.fences.get(file, ()), around.settings)
        one = _asked(ask, file, partial(_checked, (file, data, given), kept))
        if isinstance(one, SoundFile):
            sound[file] = one
        else:
            found[file] = _first_of(one)
    _KEPT.clear()
    _KEPT.update(kept)
    problems = [problem for some in folders.wrong.values() for problem in some]
    told = {id(problem) for problem in problems}
    problems += [data for data in files.values() if isinstance(data, Problem) and id(data) not in told]
    problems += [*_told_once(found), *_waiting(waiting)]
    free = [file for file in files if file not in sound and not is_defaults(file) and not around.fences.get(file)]
    kept_apart = {app: file for file in sorted(free, reverse=True) for app in _may_be_of(file, files[file])}
    unread = min((file for file in free if isinstance(files[file], Problem)), default=None)
    return _together(sound, problems, kept_apart, unread)


def _first_of(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """As many as somebody mends in one go: whoever writes one file fills no log with it."""
    kept, others = problems[:MOST_PROBLEMS], problems[MOST_PROBLEMS:]
    return (*kept, replace(others[0], message=f"{len(others)} more problems from here on")) if others else kept


def _may_be_of(file: str, data: bytes | Problem) -> Iterator[str]:
    """The apps that a file which cannot be read may be of: what it is called after, and what it seems to say."""
    yield PurePosixPath(file).stem
    if not isinstance(data, Problem):
        yield from (found[1].decode() for found in _APP.finditer(data))


def _together(
    sound: Mapping[str, SoundFile], problems: Sequence[Problem], kept_apart: Mapping[str, str], unread: str | None
) -> PolicySet:
    """The policies of all sound files that no other one claims as well; `kept_apart` are apps of files without a fence
    that cannot be read: nobody behind a fence takes one while that is so, but who may have it by name. Of a place
    without a fence of which nothing can be read, `unread`, nobody knows the apps: it may be any.
    """
    every = [policy for one in sound.values() for policy in one.policies]
    fenced = [policy for policy in every if _is_fenced_by_place(policy)]
    taken = [policy for policy in fenced if policy.app in kept_apart or unread is not None]
    out = {id(policy) for policy in taken}
    policies = [policy for policy in every if id(policy) not in out]
    claims: dict[str, list[Policy]] = defaultdict(list)
    for policy in policies:
        claims[str(policy)].append(policy)
    beaten = {name: _beaten(claimed) for name, claimed in claims.items()}
    rivals = [problem for name, claimed in claims.items() for problem in _rivals(claimed, beaten[name], sound)]
    for policy in taken:
        owner = kept_apart.get(policy.app, unread)
        words = f"{policy.app} may be the app of {owner}, which has no fence and cannot be read"
        rivals.append(_place(policy, sound[policy.file].document, words))
    lost = {id(policy) for some in beaten.values() for policy in some}
    return PolicySet(
        policies=tuple(policy for policy in policies if id(policy) not in lost),
        problems=tuple(sorted([*problems, *rivals])),
        advice=tuple(sorted(_told_once({file: one.advice for file, one in sound.items()}))),
        trials=tuple(trial for one in sound.values() for trial in one.trials),
    )


def _checked(question: _Question, kept: _Checked) -> SoundFile | tuple[Problem, ...]:
    """What is made of a file, kept for the next time."""
    known = _KEPT.get(question)
    kept[question] = found = check_file(*question) if known is None else known
    return found


def _names(names: Collection[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def _asked(ask: Ask, file: str, question: Callable[[], T]) -> T | tuple[Problem, ...]:
    found = ask(f"read the policy file {file}", question)
    return (Problem(file, 1, 1, str(found)),) if isinstance(found, ImagebotError) else found


def _told_once(found: Mapping[str, Sequence[Problem]]) -> list[Problem]:
    """The problems of all files; one that is in their defaults once, with the files that have it from there."""
    own = [problem for file, problems in found.items() for problem in problems if problem.file == file]
    shared: dict[tuple[str, int, int], Problem] = {}
    files: dict[tuple[str, int, int], dict[str, None]] = defaultdict(dict)
    for file, problems in found.items():
        for problem in problems:
            if problem.file != file:
                place = (problem.file, problem.line, problem.column)
                shared.setdefault(place, problem)
                files[place][file] = None
    return own + [replace(one, message=f"{one.message} (for {_named(files[at])})") for at, one in shared.items()]


def _waiting(waiting: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    for defaults, files in waiting.items():
        if defaults not in files:
            yield Problem(defaults, 1, 1, f"nothing is read without these defaults: not {_named(files)}")


def _named(files: Collection[str]) -> str:
    first, *others = files
    return f"{first} and {len(others)} more" if others else first


def _beaten(claimed: Sequence[Policy]) -> list[Policy]:
    """Of policies that are for one app and environment those that do not count, as nobody can say which is meant.

    One in a folder with a fence takes no app from one that has none, whoever wrote it.
    """
    free = [policy for policy in claimed if not policy.fences]
    if len(free) == 1:
        return [policy for policy in claimed if policy.fences]
    return list(claimed) if len(claimed) > 1 else []


def _is_fenced_by_place(policy: Policy) -> bool:
    """Whether it is behind fences of which none says which apps it may have."""
    return bool(policy.fences) and all(fence.may.apps is None for fence in policy.fences)


def _rivals(claimed: Sequence[Policy], beaten: Sequence[Policy], read: Mapping[str, SoundFile]) -> Iterator[Problem]:
    if not beaten:
        return
    places = {id(policy): _place(policy, read[policy.file].document, "") for policy in claimed}
    for policy in beaten:
        others = ", ".join(f"{place.file}:{place.line}" for one, place in places.items() if one != id(policy))
        yield _place(policy, read[policy.file].document, f"{policy} is also in {others}; an app is in one file")


def _place(policy: Policy, document: ParsedFile, message: str) -> Problem:
    key = document.key(("environments", policy.environment))
    assert key is not None, "a policy without its key"
    return key.problem(message)
