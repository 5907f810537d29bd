"""All policy files together: sound policies, and every problem in and between them."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

from imagebot.documents.model import Path
from imagebot.documents.read import fill
from imagebot.documents.tree import Document, parse
from imagebot.errors import Ask, Bug, ImagebotError, Problem, plainly
from imagebot.policy.model import Policy, PolicyFile, policies_of
from imagebot.policy.trial import Trial, watched


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

    @property
    def complete(self) -> bool:
        """Whether every policy was understood."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class _Read:
    """One file without a problem of its own."""

    document: Document
    model: PolicyFile


@dataclass(frozen=True, slots=True)
class _Known:
    """What imagebot.yaml has; `None` where it is not asked."""

    repositories: Collection[str] | None
    sources: Collection[str] | None


@dataclass(frozen=True, slots=True)
class _Sound:
    """One file that can be followed, with all that is made of it alone."""

    document: Document
    policies: tuple[Policy, ...]
    advice: tuple[Problem, ...]
    trials: tuple[Trial, ...]


def read_policies(
    files: Mapping[str, bytes],
    repositories: Collection[str] | None,
    sources: Collection[str] | None = None,
    ask: Ask = plainly,
) -> PolicySet:
    """Read all files; a problem in one stops only the app in it. `None` leaves names of that kind unchecked.

    With a bulkhead's `ask` a bug of ours that is met in reading a file is a problem of that file as well.
    """
    known = _Known(repositories, sources)
    read: dict[str, _Sound] = {}
    problems: list[Problem] = []
    for file, data in sorted(files.items()):
        found = ask(f"read the policy file {file}", partial(_sound, file, data, known))
        if isinstance(found, _Sound):
            read[file] = found
        else:
            problems += [Problem(file, 1, 1, str(found))] if isinstance(found, ImagebotError) else found
    policies = [policy for one in read.values() for policy in one.policies]
    claims: dict[str, list[Policy]] = defaultdict(list)
    for policy in policies:
        claims[str(policy)].append(policy)
    problems += [problem for claimed in claims.values() for problem in _rivals(claimed, read)]
    return PolicySet(
        policies=tuple(policy for policy in policies if len(claims[str(policy)]) == 1),
        problems=tuple(sorted(problems)),
        advice=tuple(sorted(advice for one in read.values() for advice in one.advice)),
        trials=tuple(trial for one in read.values() for trial in one.trials),
    )


def _sound(file: str, data: bytes, known: _Known) -> _Sound | tuple[Problem, ...]:
    """One file, and what it asks of imagebot.yaml, or what is wrong with it."""
    found = _read(file, data)
    if not isinstance(found, _Read):
        return found
    strangers = tuple(_strangers(found, known.repositories, known.sources))
    if strangers:
        return strangers
    return _Sound(found.document, policies_of(file, found.model), tuple(_advice(found)), tuple(_trials(found)))


@lru_cache(maxsize=4096)
def _read(file: str, data: bytes) -> _Read | tuple[Problem, ...]:
    """One file by itself. Kept, as the same bytes come in every pass and a quiet pass should parse no YAML."""
    document = parse(file, data)
    if not isinstance(document, Document):
        return document
    model = fill(PolicyFile, document)
    return _Read(document, model) if isinstance(model, PolicyFile) else model


def _strangers(one: _Read, repositories: Collection[str] | None, sources: Collection[str] | None) -> Iterator[Problem]:
    """Problems with names that imagebot.yaml does not have."""
    places: list[tuple[str, Path]] = [(one.model.repository, ("repository",))]
    places += [
        (environment.repository, ("environments", name, "repository"))
        for name, environment in one.model.environments.items()
        if environment.repository is not None
    ]
    yield from _unknown(one, "repository", places, repositories)
    places = [
        (watch.commit.source, ("images", index, "commit", "source"))
        for index, watch in enumerate(one.model.images)
        if watch.commit is not None
    ]
    yield from _unknown(one, "source", places, sources)


def _unknown(one: _Read, kind: str, places: list[tuple[str, Path]], known: Collection[str] | None) -> Iterator[Problem]:
    for name, place in places:
        if known is not None and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it knows {', '.join(sorted(known)) or 'none'}"
            yield one.document.problem(place, f"imagebot.yaml knows no {kind} {name!r}; {hint}")


def _rivals(claimed: list[Policy], read: Mapping[str, _Sound]) -> Iterator[Problem]:
    """Problems with all policies of one app and environment, if there are several: nobody can say which is meant."""
    places = [_place(policy, read[policy.file].document, "") for policy in claimed]
    for policy, here in zip(claimed, places, strict=True):
        others = ", ".join(f"{place.file}:{place.line}" for place in places if place is not here)
        if others:
            yield _place(policy, read[policy.file].document, f"{policy} is also in {others}; an app is in one file")


def _place(policy: Policy, document: Document, message: str) -> Problem:
    key = document.key(("environments", policy.environment))
    assert key is not None, "a policy without its key"
    return document.source.problem(message, key.start, key.end)


def _trials(one: _Read) -> Iterator[Trial]:
    for index, test in enumerate(one.model.tests):
        watch = watched(test, one.model.images)
        assert watch is not None, "the model lets no other through"
        key = "chosen" if test.chosen is not None else "tags"
        yield Trial(test, watch, one.document.problem(("tests", index, key), ""))


def _advice(one: _Read) -> Iterator[Problem]:
    for index, watch in enumerate(one.model.images):
        name = watch.image.familiar
        if watch.embedded and "/" not in name:
            message = f"in longer text `{name}:7` may also be a host and its port; numbers from 80 on are taken for one"
            yield one.document.problem(("images", index, "embedded"), message)
        pattern = watch.tags.match
        if pattern is None or (pattern.text.startswith(("^", r"\A")) and pattern.text.endswith(("$", r"\z"))):
            continue
        if watch.finds_inside:
            continue  # the version is looked for in what is around the match
        bare = pattern.text.removeprefix("^").removesuffix("$")
        whole = f"^(?:{bare})$" if "|" in bare else f"^{bare}$"
        message = f"match is found anywhere in a tag; if the whole tag is meant, write '{whole}'"
        yield one.document.problem(("images", index, "tags", "match"), message)
