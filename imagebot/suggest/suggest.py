"""The whole suggestion for one repository: sorted, grouped, written, and checked as the bot will read it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from imagebot.fields.embedded import find_embedded
from imagebot.fields.field import Found
from imagebot.fields.find import find
from imagebot.fields.screen import Screen
from imagebot.fields.unclear import unclear
from imagebot.images.name_prefix import NamePrefix
from imagebot.plan.claims import FileFields, FileIndex, claims
from imagebot.policy.model import Policy
from imagebot.policy.read import read_policies
from imagebot.selection.verdict import Unknown
from imagebot.suggest.apps import Holders, Page, Unit, apart, distinct, pages, units
from imagebot.suggest.copies import copied
from imagebot.suggest.layout import Layout
from imagebot.suggest.page import policy_page
from imagebot.suggest.sort import Held, Placed, UnplacedField, left_out, sort_fields

_POLICY_KEYS = (b"app:", b"repository:", b"environments:", b"images:")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Policy files by name; how many fields they reach; how many others had a policy already; what nobody reaches."""

    files: Mapping[str, bytes]
    policies: tuple[Policy, ...]
    placed: int
    taken: int
    left_out: tuple[UnplacedField, ...]


@dataclass(frozen=True, slots=True)
class SurveyedRepository:
    """What is suggested for: a repository's name in the settings, what its files hold, and all their paths."""

    name: str
    files: Mapping[str, FileFields]
    paths: frozenset[str]


def survey(name: str, contents: Mapping[str, bytes], paths: Iterable[str]) -> SurveyedRepository:
    """What there is in a repository. `contents` are the files to look into, `paths` all files: folders tell much.

    Policies that lie in the repository itself name images, and deploy none.
    """
    found = {file: find(file, data) for file, data in contents.items() if not _is_policy(file, data)}
    names = frozenset(field.name for one in found.values() for field in one.fields)
    screen = Screen(names)
    files = {file: _known(file, contents[file], one, screen) for file, one in found.items()}
    return SurveyedRepository(name, files, frozenset(paths))


def _is_policy(file: str, data: bytes) -> bool:
    return all(key in data for key in _POLICY_KEYS) and not read_policies({file: data}, None).problems


def _known(file: str, data: bytes, found: Found, screen: Screen) -> FileFields:
    near = frozenset(screen.held(data))
    doubtful = near if found.unreadable else ()
    doubts = {name: doubt for name in doubtful if (doubt := unclear(data, found, name))}
    return FileFields(found, doubts, find_embedded(file, data, found, near))


def suggest(
    repository: SurveyedRepository, existing: Sequence[Policy], schema: str, caches: Collection[NamePrefix] = ()
) -> Suggestion:
    """Policy files for every field that no `existing` policy has; `schema` is where editors find their JSON Schema.

    What is in `caches` is known to be a copy, and of what, without a word in its policy.
    """
    theirs = [policy for policy in existing if policy.repository == repository.name]
    taken = _taken(theirs, repository.files)
    placed, left = sort_fields(repository.files, taken)
    held_by = Holders(repository.files, {name for _, name in placed})
    homes = Layout(repository.paths).homes(file for file, _ in placed)
    whole = units(placed, homes, repository.name)
    free, owned = _without_rivals(distinct([one for unit in whole for one in apart(unit, held_by)]), existing)
    names = {name for _, name in placed if not any(cache.holds(name) for cache in caches)}
    copies = {name: upstream for name in names if (upstream := copied(name)) is not None}
    written = [(page, policy_page(page, repository.name, held_by, schema, copies)) for page in pages(free)]
    sound, policies, wrong = _checked(written, theirs, repository)
    return Suggestion(
        files={page.file: data for page, data in sound},
        policies=policies,
        placed=sum(len(fields) for page, _ in sound for fields in _fields(page.units)),
        taken=sum(
            (file, field.name) in taken for file, known in repository.files.items() for field in known.found.fields
        ),
        left_out=tuple(sorted([*left, *owned, *wrong])),
    )


def _taken(policies: Sequence[Policy], files: Mapping[str, FileFields]) -> frozenset[Held]:
    """The files and images in them that policies reach already, whatever comes of it."""
    index = FileIndex(files)
    return frozenset(
        (file, watch.image) for policy in policies for watch in policy.watches for file in index.naming(policy, watch)
    )


def _without_rivals(found: Sequence[Unit], existing: Sequence[Policy]) -> tuple[list[Unit], list[UnplacedField]]:
    """Units whose app has no policy in that environment yet, and the fields of the others: an app is in one file."""
    files = {str(policy): policy.file for policy in existing}
    free = [unit for unit in found if f"{unit.app}@{unit.environment}" not in files]
    left: list[UnplacedField] = []
    for unit in found:
        name = f"{unit.app}@{unit.environment}"
        if name in files:
            why = f"belongs to {name}: add its image to {files[name]}"
            left += [left_out(one.field, why) for fields in _fields([unit]) for one in fields]
    return free, left


def _checked(
    written: Sequence[tuple[Page, bytes]], existing: Sequence[Policy], repository: SurveyedRepository
) -> tuple[list[tuple[Page, bytes]], tuple[Policy, ...], list[UnplacedField]]:
    """The pages that the bot will read as they are meant, each field claimed once; the fields of the others."""
    read = read_policies({page.file: data for page, data in written}, [repository.name])
    wrong = {problem.file: problem.message for problem in read.problems}
    telling = {file: known for file, known in repository.files.items() if known != FileFields(Found())}
    claimed = claims([*existing, *read.policies], telling)
    for policy in read.policies:
        for index in range(len(policy.watches)):
            verdict = claimed[str(policy), index]
            if isinstance(verdict, Unknown):
                wrong.setdefault(policy.file, verdict.because)
    sound = [(page, data) for page, data in written if page.file not in wrong]
    policies = tuple(policy for policy in read.policies if policy.file not in wrong)
    left = [
        left_out(one.field, f"has no policy that holds: {wrong[page.file]}")
        for page, _ in written
        if page.file in wrong
        for fields in _fields(page.units)
        for one in fields
    ]
    return sound, policies, left


def _fields(found: Iterable[Unit]) -> Iterable[tuple[Placed, ...]]:
    return (fields for unit in found for fields in unit.images.values())
