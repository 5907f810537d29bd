"""What `imagebot history` prints: tables on a terminal, the same as JSON or CSV, always in the same order."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rich.table import Table
from rich.text import Text

from imagebot.cli.tables import console, print_json, print_table
from imagebot.documents.duration import format_duration
from imagebot.errors import ImagebotError
from imagebot.fields.field import Value
from imagebot.history.attribution import squashed
from imagebot.history.entry import HistoryEntry, How
from imagebot.history.figures import LIMITS, Figures, Period, Portion, Spread, figures
from imagebot.images.reference import ImageName
from imagebot.operations.base_history import BaseHistory
from imagebot.outgoing import outgoing
from imagebot.selection.reasons import shown

NOT_KNOWN = "not known"
_BACK = ", back)"
_OWN = (How.IMAGEBOT, How.ROLLBACK)
_HEX = len("sha256:") + 12
# What a spreadsheet takes for a formula: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StandingField:
    """A field at some moment, and since when it said that; no `since`: for longer than was read."""

    app: str
    environment: str
    image: ImageName
    file: str
    line: int
    value: Value
    since: datetime | None
    dated: bool


def print_entries(entries: Sequence[HistoryEntry], notes: Sequence[str], form: str | None) -> None:
    """What happened, newest first."""
    if form == "json":
        print_json({"changes": [_data(entry) for entry in entries], "notes": list(notes)})
        return
    if form == "csv":
        _print_csv([_flat(entry) for entry in entries], _COLUMNS, notes)
        return
    reviewed = any(entry.review is not None for entry in entries)
    heads = ("SINCE", "APP", "ENVIRONMENT", "IMAGE", "CHANGE", "BY", "MERGED BY", "TOOK")
    rows = [_cells(entry) + (_review_cells(entry) if reviewed else ()) for entry in entries]
    _print_table((*heads, *(("APPROVED BY", "PULL REQUEST") if reviewed else ())), rows, notes)


def print_standing(pasts: Mapping[str, BaseHistory | ImagebotError], notes: Sequence[str], form: str | None) -> None:
    """What every field said, in the order of apps, environments, images and files."""
    found = [each for past in pasts.values() if isinstance(past, BaseHistory) for each in _standing(past)]
    found.sort(key=lambda each: (each.app, each.environment, each.image, each.file, each.line))
    rows = [
        {
            "app": each.app,
            "environment": each.environment,
            "image": str(each.image),
            "tag": each.value.tag,
            "digest": each.value.digest,
            "file": each.file,
            "line": each.line,
            "since": None if each.since is None else each.since.isoformat(),
            "sinceExactly": each.dated,
        }
        for each in found
    ]
    if form == "json":
        commits = [
            {"repository": name, "commit": past.arrived[-1].commit.id, "since": past.arrived[-1].at.isoformat()}
            for name, past in pasts.items()
            if isinstance(past, BaseHistory) and past.arrived
        ]
        print_json({"commits": commits, "fields": rows, "notes": list(notes)})
    elif form == "csv":
        columns = ("app", "environment", "image", "tag", "digest", "file", "line", "since", "sinceExactly")
        _print_csv(rows, columns, notes)
    else:
        heads = ("APP", "ENVIRONMENT", "IMAGE", "VERSION", "SINCE", "WHERE")
        _print_table(heads, [_standing_cells(each) for each in found], notes)


def print_figures(entries: Sequence[HistoryEntry], window: Period, notes: Sequence[str], form: str | None) -> None:
    """Figures of each app in each environment, and of all together."""
    names = sorted({(entry.app, entry.environment) for entry in entries})
    parts = [(app, env, [e for e in entries if (e.app, e.environment) == (app, env)]) for app, env in names]
    found = [(app, env, figures(part, window)) for app, env, part in (*parts, ("all", "all", entries))]
    if form == "json":
        span = {
            "since": None if window.since is None else window.since.isoformat(),
            "until": window.now.isoformat(),
            "failedWithinSeconds": int(window.failed_within.total_seconds()),
        }
        rows = [{"app": app, "environment": env, **_figures_data(each)} for app, env, each in found]
        print_json({"span": span, "figures": rows, "limits": dict(LIMITS), "notes": list(notes)})
    elif form == "csv":
        rows = [{"app": app, "environment": env, **_figures_flat(each)} for app, env, each in found]
        _print_csv(rows, tuple(rows[0]), notes)
    else:
        heads = ("APP", "ENVIRONMENT", "DEPLOYMENTS", "LEAD TIME", "FAILED", "RECOVERY", "REWORK", "IMAGEBOT", "EDITED")
        _print_table(heads, [(app, env, *_figures_cells(each)) for app, env, each in found], _limits(notes))


def _cells(entry: HistoryEntry) -> tuple[str, ...]:
    old, new = _versions(entry.old, entry.new)
    return (
        ("" if entry.dated else "≥ ") + shown(entry.at),
        entry.app,
        entry.environment,
        entry.image.familiar,
        f"{old} → {new} ({entry.kind}{_BACK if entry.back else ')'}",
        entry.how.value if entry.how in _OWN else f"{entry.how.value}: {', '.join(entry.authors)}",
        _merged_by(entry) or (NOT_KNOWN if _was_merged(entry) else ""),
        _time(entry.open_for),
    )


def _was_merged(entry: HistoryEntry) -> bool:
    """Whether somebody must have merged it: not what people pushed."""
    return entry.how is not How.BY_HAND or squashed(entry.commit)


def _review_cells(entry: HistoryEntry) -> tuple[str, ...]:
    review = entry.review
    return (", ".join(review.approvers), review.url) if review is not None else ("", "")


def _merged_by(entry: HistoryEntry) -> str:
    return (entry.review.merged_by if entry.review is not None else "") or entry.merged_by


def _versions(old: Sequence[Value], new: Sequence[Value]) -> tuple[str, str]:
    """Tags, and digests where tags alone do not show a difference."""
    tags = [value.tag for value in old], [value.tag for value in new]
    digests = None in (*tags[0], *tags[1]) or bool(set(tags[0]) & set(tags[1]))
    texts = [dict.fromkeys(_short(value, digest=digests) for value in values) for values in (old, new)]
    return ", ".join(texts[0]) or "nothing", ", ".join(texts[1]) or "nothing"


def _short(value: Value, *, digest: bool) -> str:
    if not digest or value.digest is None:
        return value.tag or "untagged"
    return f"{value.tag or ''}@{value.digest[:_HEX]}…"


def _standing(past: BaseHistory) -> Iterator[StandingField]:
    owners = {str(policy): policy for policy in past.policies}
    for (name, index), tracks in past.ledger.tracks.items():
        policy = owners[name]
        for track in tracks:
            place = track.steps[-1].place
            came = None if place is None else past.arrived[place]
            yield StandingField(
                app=policy.app,
                environment=policy.environment,
                image=policy.watches[index].image,
                file=track.said.file,
                line=track.said.line,
                value=track.said.value,
                since=None if came is None else came.at,
                dated=came is not None and came.dated,
            )


def _standing_cells(each: StandingField) -> tuple[str, ...]:
    since = "" if each.since is None else ("" if each.dated else "≥ ") + shown(each.since)
    version = _short(each.value, digest=True)
    return each.app, each.environment, each.image.familiar, version, since, f"{each.file}:{each.line}"


def _data(entry: HistoryEntry) -> Row:
    review = entry.review
    return {
        "repository": entry.repository,
        "app": entry.app,
        "environment": entry.environment,
        "image": str(entry.image),
        "since": entry.at.isoformat(),
        "sinceExactly": entry.dated,
        "kind": entry.kind,
        "back": entry.back,
        "how": entry.how.value,
        "authors": list(entry.authors),
        "mergedBy": _merged_by(entry) or None,
        "tookSeconds": _seconds(entry.open_for),
        "commit": entry.commit.id,
        "subject": entry.commit.subject,
        "number": entry.number if review is None else review.number,
        "fields": [
            {
                "file": move.file,
                "line": move.line,
                "path": move.path,
                "kind": move.kind,
                "back": move.back,
                "old": _value(move.old),
                "new": _value(move.new),
            }
            for move in entry.moves
        ],
        "review": None
        if review is None
        else {
            "url": review.url,
            "opened": None if review.opened is None else review.opened.isoformat(),
            "merged": None if review.merged is None else review.merged.isoformat(),
            "approvers": list(review.approvers),
        },
    }


def _value(value: Value | None) -> Row | None:
    return None if value is None else {"tag": value.tag, "digest": value.digest}


_COLUMNS = (
    "repository",
    "app",
    "environment",
    "image",
    "since",
    "sinceExactly",
    "old",
    "new",
    "kind",
    "back",
    "how",
    "authors",
    "mergedBy",
    "tookSeconds",
    "approvers",
    "commit",
    "number",
    "url",
    "subject",
    "fields",
)


def _flat(entry: HistoryEntry) -> Row:
    data = _data(entry)
    review = data.pop("review") or {"url": None, "approvers": ()}
    return {
        **data,
        "old": " ".join(map(str, entry.old)),
        "new": " ".join(map(str, entry.new)),
        "authors": ", ".join(entry.authors),
        "approvers": ", ".join(review["approvers"]),
        "url": review["url"],
        "fields": " ".join(f"{move.file}:{move.line}" for move in entry.moves),
    }


def _figures_data(each: Figures) -> Row:
    return {
        "deployments": each.deployments,
        "deploymentsPerWeek": None if each.per_week is None else round(each.per_week, 2),
        "changeLeadTime": _spread(each.lead_time),
        "changeFailRate": _share(each.failed),
        "recoveryTime": _spread(each.recovery),
        "reworkRate": _share(each.rework),
        "imagebot": _share(each.by_imagebot),
        "edited": _share(each.edited),
    }


def _figures_flat(each: Figures) -> Row:
    """Nested figures as `changeLeadTime.p50Seconds`; what is not known is an empty cell."""
    nested = _figures_data(each)
    spread, share = ("p50Seconds", "p95Seconds", "of"), ("part", "whole", "percent")
    flat: Row = {key: nested[key] for key in ("deployments", "deploymentsPerWeek")}
    for key in ("changeLeadTime", "recoveryTime"):
        flat |= {f"{key}.{name}": (nested[key] or {}).get(name) for name in spread}
    for key in ("changeFailRate", "reworkRate", "imagebot", "edited"):
        flat |= {f"{key}.{name}": (nested[key] or {}).get(name) for name in share}
    return flat


def _spread(spread: Spread | None) -> Row | None:
    if spread is None:
        return None
    return {"p50Seconds": _seconds(spread.p50), "p95Seconds": _seconds(spread.p95), "of": spread.count}


def _share(share: Portion | None) -> Row | None:
    if share is None:
        return None
    return {"part": share.part, "whole": share.whole, "percent": round(share.percent, 1)}


def _figures_cells(each: Figures) -> tuple[str, ...]:
    rate = "" if each.per_week is None else f" ({each.per_week:.1f} a week)"
    return (
        f"{each.deployments}{rate}",
        _spread_text(each.lead_time),
        _share_text(each.failed),
        _spread_text(each.recovery),
        *(_share_text(share) for share in (each.rework, each.by_imagebot, each.edited)),
    )


def _spread_text(spread: Spread | None) -> str:
    if spread is None:
        return NOT_KNOWN
    return f"p50 {_time(spread.p50)}, p95 {_time(spread.p95)} (of {spread.count})"


def _share_text(share: Portion | None) -> str:
    return NOT_KNOWN if share is None else f"{share.percent:.0f} % ({share.part} of {share.whole})"


_NAMES = {
    "deploymentFrequency": "DEPLOYMENTS",
    "changeLeadTime": "LEAD TIME",
    "changeFailRate": "FAILED",
    "recoveryTime": "RECOVERY",
    "reworkRate": "REWORK",
    "imagebot": "IMAGEBOT, EDITED",
}


def _limits(notes: Iterable[str]) -> list[str]:
    return [*(f"{_NAMES[name]}: {text}" for name, text in LIMITS.items()), *notes]


def _print_table(heads: Sequence[str], rows: Iterable[Sequence[str]], notes: Iterable[str]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        style = "yellow" if any(cell.endswith(_BACK) for cell in row) else ""
        table.add_row(*(Text(outgoing(cell), style=style) for cell in row))
    out = console()
    print_table(table, out)
    for number, note in enumerate(notes):
        if not number:
            out.print()
        out.print(Text(outgoing(note), style="dim"), soft_wrap=True)


def _print_csv(rows: Iterable[Row], columns: Sequence[str], notes: Iterable[str]) -> None:
    """Rows on standard output, notes on standard error: a spreadsheet has no place for them."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(columns)
    out.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    for note in notes:
        print(f"imagebot: {outgoing(note)}", file=sys.stderr)


def _cell(value: object) -> str:
    """A cell that no spreadsheet runs and no terminal obeys."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "" if value is None else outgoing(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _time(time: timedelta | None) -> str:
    """To the minute, or to the second below one."""
    if time is None:
        return NOT_KNOWN
    seconds = int(time.total_seconds())
    return format_duration(timedelta(seconds=seconds if seconds < 60 else seconds - seconds % 60))


def _seconds(time: timedelta | None) -> int | None:
    return None if time is None else int(time.total_seconds())
