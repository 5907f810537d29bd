"""One policy file, with its defaults and within its fences: what can be followed, or every problem in it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from imagebot.documents.merge import Taken, taken
from imagebot.documents.read import fill
from imagebot.documents.tree import Node, ParsedFile, parse
from imagebot.errors import Problem
from imagebot.policy.beyond import beyond, images
from imagebot.policy.defaults import DefaultsFile, applied, together
from imagebot.policy.fence import FolderFence
from imagebot.policy.model import Policy, PolicyFile, policies_of
from imagebot.policy.trial import Trial, watched
from imagebot.policy.verify import NO_ROOT


@dataclass(frozen=True, slots=True)
class InSettings:
    """What imagebot.yaml has that images of policy files are held against.

    `keys` are the names of its public keys, None where nobody knows them. `registries` are the only ones that may be
    asked, by canonical host; None: any. `root`: whether it names what keyless signatures are held against.
    """

    keys: frozenset[str] | None = None
    registries: frozenset[str] | None = None
    root: bool = True


UNCHECKED = InSettings()


@dataclass(frozen=True, slots=True)
class Given:
    """What a policy file stands in: names that imagebot.yaml has (`None`: not asked), sound defaults, fences."""

    repositories: frozenset[str] | None
    sources: frozenset[str] | None
    defaults: tuple[DefaultsFile, ...] = ()
    fences: tuple[FolderFence, ...] = ()
    settings: InSettings = UNCHECKED


@dataclass(frozen=True, slots=True)
class SoundFile:
    """One file that can be followed, with all that is made of it alone."""

    document: ParsedFile
    policies: tuple[Policy, ...]
    advice: tuple[Problem, ...]
    trials: tuple[Trial, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """One file without a problem of its own."""

    document: ParsedFile
    model: PolicyFile
    inherited: tuple[Taken, ...]


def check_file(file: str, data: bytes, given: Given) -> SoundFile | tuple[Problem, ...]:
    """One file, and what it asks of imagebot.yaml, or what is wrong with it."""
    found = _read(file, data, given.defaults)
    if not isinstance(found, _Read):
        return found
    strangers = [
        *_beyond(found, given.fences),
        *_strangers(found, given),
        *_unlisted(found, given.settings.registries),
        *_rootless(found, given.settings),
    ]
    if strangers:
        return tuple(strangers)
    policies = policies_of(file, found.model, given.fences, found.inherited)
    return SoundFile(found.document, policies, tuple(_advice(found)), tuple(_trials(found)))


def _read(file: str, data: bytes, layers: tuple[DefaultsFile, ...]) -> _Read | tuple[Problem, ...]:
    """One file by itself."""
    document = parse(file, data)
    if not isinstance(document, ParsedFile):
        return document
    own, defaults = document.source, together(layers)
    if defaults is not None:
        document = ParsedFile(own, applied(document.root, defaults), document.problems)
    model = fill(PolicyFile, document)
    if not isinstance(model, PolicyFile):
        return model
    return _Read(document, model, tuple(taken(document.root, own)) if defaults is not None else ())


def _beyond(one: _Read, fences: tuple[FolderFence, ...]) -> Iterator[Problem]:
    for fence in fences:
        for place, message in beyond(one.model, fence):
            is_key = len(place) == 2 and place[0] == "environments"
            node: Node | None = one.document.key(place) if is_key else None
            yield (node or one.document.node(place)).problem(message)


def _strangers(one: _Read, given: Given) -> Iterator[Problem]:
    """Problems with names that imagebot.yaml does not have."""
    all_known = {"repository": given.repositories, "source": given.sources, "key": given.settings.keys}
    for kind, place, name in (*one.model.named_in_settings(), *one.model.named_keys()):
        known = all_known[kind]
        if known is not None and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it knows {', '.join(sorted(known)) or 'none'}"
            yield one.document.problem(place, f"imagebot.yaml knows no {kind} {name!r}; {hint}")


def _rootless(one: _Read, settings: InSettings) -> Iterator[Problem]:
    """Keyless signatures that nobody could ever verify."""
    for index, watch in enumerate(() if settings.root else one.model.images):
        for at, requirement in enumerate(watch.verify):
            if requirement.keyless is not None:
                yield one.document.problem(("images", index, "verify", at, "keyless"), NO_ROOT)


def _unlisted(one: _Read, registries: frozenset[str] | None) -> Iterator[Problem]:
    """Images from where imagebot.yaml lets nobody ask."""
    if registries is None:
        return
    for place, image in images(one.model):
        if image.registry not in registries:
            words = (
                f"{image.registry} is not asked: imagebot.yaml has onlyListedRegistries, and not this under registries"
            )
            yield one.document.problem(place, words)


def _trials(one: _Read) -> Iterator[Trial]:
    for index, test in enumerate(one.model.tests):
        watch = watched(test, one.model.images)
        assert watch is not None, "the model lets no other through"
        key = "chosen" if test.chosen is not None else "tags"
        yield Trial(test, watch, one.document.problem(("tests", index, key), ""))


def _advice(one: _Read) -> Iterator[Problem]:
    for index, watch in enumerate(one.model.images):
        name = watch.image.familiar
        if watch.verify and watch.pin == "none":
            message = "a tag alone may stand for another image when it is pulled: `pin: digest` runs what was signed"
            yield one.document.problem(("images", index, "verify"), message)
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
