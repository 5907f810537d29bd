"""The words of verdicts: the same in the log, in `explain`, in the pull request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from imagebot.selection.rank import Ranking, tie
from imagebot.selection.verdict import Candidate, Deployed
from imagebot.versions.order import Key

SHORT_DIGEST = len("sha256:") + 12


def shown(moment: datetime) -> str:
    """`2026-01-02 08:00 UTC`: never a relative time, so that the same facts give the same words."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def newest(ranking: Ranking, best: Candidate) -> str:
    """Why `best` is the one, in words."""
    equal = f"; {tie(best.tag, best.twins, ranking.deployed)}" if best.twins else ""
    return f"{best.tag} is {ranking.praise}{equal}"


def nothing_fits(ranking: Ranking) -> str:
    total = sum(count for _, count in ranking.refused_by)
    if not total:
        return f"the registry lists no tags of {ranking.watch.image.familiar}"
    counts = ", ".join(f"{count} refused by {rule}" for rule, count in ranking.refused_by)
    return f"{'the only tag does not fit' if total == 1 else f'none of {total} tags fits'}: {counts}"


def downgrade(ranking: Ranking, above: Deployed, name: str | None, why: str) -> str:
    """Why a field keeps what it has; `name` is a tag that its digest is known by."""
    if name not in (above.tag, None) and above.tag is not None and ranking.place(above.tag) is not None:
        return f"{above.where} {_misnamed(above, name or '')}; {why}: only a person takes a step down"
    said = above.tag if name == above.tag else f"{_described(above)}, which is {name}"
    unlisted = "" if name in ranking.tags else ", which is not in the list of tags"
    return f"{above.where} is at {said}{unlisted}; {why}: only a person takes a step down"


def cannot_tell(ranking: Ranking, field: Deployed, best: Candidate, true: str = "") -> str:
    """Why a field is left alone of which nobody knows whether it would go back, and what to do about it.

    `true` is the tag that its digest is known by, if that is another than the field says.
    """
    mend = "move it by hand once, or write `downgrade: allow`"
    if true:
        strange = f"{field.where} {_misnamed(field, true)}, and {true} {ranking.unread(true)}"
        return f"{strange}: whether {best.tag} is older than that cannot be told; {mend}"
    if field.tag is not None:
        strange = f"{field.where} is at {field.tag}, which {ranking.unread(field.tag)}"
        return f"{strange}: whether {best.tag} is older than that cannot be told; {mend}"
    strange = f"{field.where} says {short(field.digest or '')} alone, and no tag is known that stood for it"
    return f"{strange}: whether {best.tag} is older cannot be told; write its tag beside it, {mend}"


def now_says(
    ranking: Ranking, best: Candidate, due: Iterable[Deployed], known: Mapping[str, str] = MappingProxyType({})
) -> str:
    """What the fields say that are to change, the highest version first, with a warning about what has no version.

    `known` are the tags that digests are known by.
    """
    placed: dict[str, Key] = {}
    strange: dict[str, None] = {}
    for field in due:
        key = ranking.place(field.tag) if field.tag is not None else None
        name = known.get(field.digest or "")
        if key is None and name is not None and (named := ranking.place(name)) is not None:
            placed[f"{_described(field)}, which is {name}"] = named
        elif field.tag is None or key is None:
            strange[_described(field)] = None
        elif field.tag != best.tag:
            placed[field.tag] = key
        else:
            placed[f"{field.tag}{f'@{short(field.digest)}' if field.digest else ' without a digest'}"] = key
    names = [*sorted(placed, key=lambda name: (placed[name], name), reverse=True), *sorted(strange)]
    verb = "says" if len(strange) == 1 else "say"
    warning = f"; {listed(sorted(strange))} {verb} nothing about a version" if strange else ""
    return f"now {listed(names)}{warning}"


def short(digest: str) -> str:
    return digest[:SHORT_DIGEST]


def _misnamed(field: Deployed, true: str) -> str:
    return f"says {field.tag}, and its digest, which is what runs, is that of {true}"


def _described(field: Deployed) -> str:
    if field.tag is not None:
        return field.tag
    return f"{short(field.digest)} without a tag" if field.digest else "no tag"
