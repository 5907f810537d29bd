"""A sink that counts: events become the numbers of `metric_names.py`, here and nowhere else."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from imagebot import __version__, clock
from imagebot.errors import BUG, FINE, NOT_ALL_DONE, WRONG_INPUT
from imagebot.observe import metric_names as names
from imagebot.observe.events import (
    AnswerMissed,
    BugMet,
    ConfigurationRefused,
    Event,
    ForgeWarned,
    PassAbandoned,
    PassFailed,
    PassFinished,
    PassStarted,
    PullsCounted,
    ScheduleChanged,
    StateUnsaved,
    TickSkipped,
)
from imagebot.observe.figures import RegistryAsked, RepositoryPassed, WaitOrdered
from imagebot.observe.metric_names import BUCKETS_S, METRICS, Metric
from imagebot.observe.webhooks import WebhookCalled

MOST_SERIES = 2000
"""Of one metric. What policies name changes over months: what is more is counted as `other`."""
_RESULTS = {FINE: "ok", NOT_ALL_DONE: "not_all_done", WRONG_INPUT: "wrong_input", BUG: "bug"}

Series = dict[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Durations:
    """How many passes took no longer than each of `BUCKETS_S`, all of them last; and seconds in sum."""

    counts: tuple[int, ...]
    total_s: float


@dataclass(frozen=True, slots=True)
class CountedNumbers:
    """All of them at one moment, by the values of their labels."""

    series: Mapping[Metric, Series]
    durations: Durations


class PassMetrics:
    """What one process counts. Gauges change together when a pass ends, so that no scrape sees half of one."""

    def __init__(self, every_s: float, wall: Callable[[], float] = clock.wall) -> None:
        self._wall = wall
        self._lock = threading.Lock()
        self._totals: dict[Metric, Series] = defaultdict(dict)
        self._last: dict[Metric, Series] = {}
        self._coming: dict[Metric, Series] = defaultdict(dict)
        self._lasting: dict[Metric, Series] = {
            names.INTERVAL: {(): every_s},
            names.BUILD: {(__version__,): 1.0},
            names.FINISHED: {(): 0.0},
            names.SUCCEEDED: {(): 0.0},
        }
        self._succeeded: Series = {}
        self._open: dict[str, int] = {}
        self._refused = self._part = False
        self._buckets = [0] * (len(BUCKETS_S) + 1)
        self._total_s = 0.0
        for metric in METRICS:
            if metric.kind == "counter" and not metric.labels:
                self._totals[metric][()] = 0.0
        # What is not there cannot rise: an alert would miss the first one.
        self._totals[names.PASSES] = {(result,): 0.0 for result in (*_RESULTS.values(), "failed", "abandoned")}

    def numbers(self) -> CountedNumbers:
        """As they are now."""
        with self._lock:
            every = {**self._totals, **self._last, **self._lasting}
            counts = tuple(sum(self._buckets[: end + 1]) for end in range(len(self._buckets)))
            series = {metric: dict(every[metric]) for metric in METRICS if metric in every}
            return CountedNumbers(series, Durations(counts, self._total_s))

    def tell(self, event: Event) -> None:
        """Count what an event says, if it is one that counts."""
        with self._lock:
            self._count_figures(event)
            self._count_passes(event)
            self._count_troubles(event)

    def _count_figures(self, event: Event) -> None:
        match event:
            case RepositoryPassed():
                self._repository(event)
            case RegistryAsked():
                for outcome, count in event.answers.items():
                    self._add(names.REQUESTS, (event.registry, outcome), count)
            case WaitOrdered():
                self._coming[names.WAIT][event.party, event.host] = _seconds(event.until)
            case WebhookCalled():
                self._add(names.CALLS, (event.receiver, event.answer))
            case PullsCounted():
                self._coming[names.PULLS_LEFT][(event.registry,)] = event.left

    def _count_passes(self, event: Event) -> None:
        match event:
            case PassStarted():
                self._part = event.part
                # A part leaves the gauges of all else as they are.
                kept = self._last if event.part else {}
                self._coming = defaultdict(dict, {metric: dict(series) for metric, series in kept.items()})
            case PassFinished():
                self._finished(event)
            case PassFailed():
                self._add(names.PASSES, ("failed",))
                self._settings_were_read()
            case PassAbandoned():
                self._add(names.PASSES, ("abandoned",))
            case ScheduleChanged():
                self._lasting[names.INTERVAL] = {(): event.every}
            case ConfigurationRefused():
                self._refused = True

    def _count_troubles(self, event: Event) -> None:
        match event:
            case StateUnsaved():
                self._coming[names.UNSAVED][()] = 1.0
            case ForgeWarned():
                self._add(names.WARNINGS, (event.repository,))
            case AnswerMissed():
                self._add(names.MISSED)
            case TickSkipped():
                self._add(names.SKIPPED)
            case BugMet():
                self._add(names.BUGS)

    def _add(self, metric: Metric, labels: tuple[str, ...] = (), count: float = 1.0) -> None:
        series = self._totals[metric]
        if labels not in series and len(series) >= MOST_SERIES:
            labels = ("other",) * len(metric.labels)
        series[labels] = series.get(labels, 0.0) + count

    def _repository(self, event: RepositoryPassed) -> None:
        if not self._part:
            self._gauges(event)
        place = (event.repository,)
        self._add(names.FORGE_WRITES, place, event.forge_writes)
        actions = {"opened": event.opened, "updated": event.updated, "closed": event.closed, "failed": event.failed}
        for action, count in {**actions, "ended": self._ended(event)}.items():
            self._add(names.ACTIONS, (event.repository, action), count)

    def _gauges(self, event: RepositoryPassed) -> None:
        place = (event.repository,)
        for state, count in event.policies.items():
            self._coming[names.POLICIES][event.repository, state] = count
        if event.ok:
            self._succeeded[place] = self._wall()
        self._coming[names.REPOSITORY_SUCCEEDED][place] = self._succeeded.get(place, 0.0)
        self._coming[names.WAITING][place] = event.waiting
        self._coming[names.FAILED][place] = event.failed
        if event.open is not None:
            self._coming[names.OPEN][place] = event.open
        if event.unknown_since:
            self._coming[names.UNKNOWN_SINCE][place] = _seconds(event.unknown_since)
        if event.oldest_open_since:
            self._coming[names.OLDEST][place] = _seconds(event.oldest_open_since)

    def _ended(self, event: RepositoryPassed) -> int:
        """How many were open when the forge was asked before, and are no more, without the bot."""
        if event.listed is None or event.open is None:
            return 0
        before, self._open[event.repository] = self._open.get(event.repository, event.listed), event.open
        return max(before - event.listed, 0)

    def _finished(self, event: PassFinished) -> None:
        self._add(names.FETCHES, count=event.git_fetches)
        self._add(names.PUSHES, count=event.git_pushes)
        if not event.part:
            self._whole(event)
        self._last = dict(self._coming)
        self._settings_were_read()

    def _whole(self, event: PassFinished) -> None:
        now = self._wall()
        self._add(names.PASSES, (_RESULTS[event.exit_code],))
        self._buckets[bisect_left(BUCKETS_S, event.seconds)] += 1
        self._total_s += event.seconds
        self._coming[names.PROBLEMS][()] = event.refused
        self._coming[names.UNSAVED].setdefault((), 0.0)
        self._lasting[names.FINISHED] = {(): now}
        if event.exit_code == FINE:
            self._lasting[names.SUCCEEDED] = {(): now}

    def _settings_were_read(self) -> None:
        """Those of this pass; the next one reads them again."""
        self._lasting[names.REFUSED] = {(): float(self._refused)}
        self._refused = False


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
