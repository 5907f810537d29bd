"""`imagebot run`: passes on a schedule."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import click

from imagebot.cli.compose import load_settings, read_policies, tell_proxies, world_of
from imagebot.cli.options import config_option
from imagebot.cycle.bulkhead import Bulkhead
from imagebot.cycle.run import run
from imagebot.cycle.tag_lists import lister
from imagebot.cycle.world import World
from imagebot.errors import ImagebotError, Stopped
from imagebot.observe.events import (
    ConfigurationRefused,
    ConfigurationStillRefused,
    Event,
    PassAbandoned,
    PassFailed,
    StateMoved,
)
from imagebot.observe.log import FromLibraries
from imagebot.observe.monitor import Monitor
from imagebot.observe.webhooks import WebhookHeeded
from imagebot.policy.read import PolicySet
from imagebot.serve import Heart, serve
from imagebot.settings.resolve import Settings
from imagebot.stop import Stop
from imagebot.store.lock import Lock, only_bot
from imagebot.webhooks.concerned import are_about_policies, concerned
from imagebot.webhooks.hints import Hints
from imagebot.webhooks.listener import Listener
from imagebot.webhooks.subject import Subject, words

T = TypeVar("T")


@click.command()
@config_option
def command(config: Path | None) -> int:
    """Do a pass now and then every few minutes (`every` in imagebot.yaml), until SIGTERM or SIGINT.

    Policies and settings are read again for every pass; while imagebot.yaml is wrong, the last good one is kept. SIGHUP
    has a pass begin now. What a pass did is in the log on standard error. A signal ends a pass between two steps,
    within ten seconds; a second one at once.

    \b
    Example:
      imagebot run --config /etc/imagebot/imagebot.yaml
    """
    stop = Stop()
    stop.reload_by(signal.SIGHUP)  # early: what nobody handles yet would end the process
    settings = load_settings(config)
    monitor = Monitor(settings.every.total_seconds())
    with only_bot(settings.state) as lock, closing(monitor):
        passes = _Passes(config, stop, monitor, _world(settings, stop, monitor), lock)
        FromLibraries.listen(passes.tell)
        tell_proxies(settings, passes.tell)
        monitor.listen(settings.metrics_address, passes.tell, passes.ask)
        heart = Heart(settings.every, passes.one, passes.tell, called=passes.called)
        with closing(Listener(partial(_heard, passes.hints, heart))) as listener:
            passes.listener = listener
            listener.listen(settings.webhooks, passes.tell, passes.ask)
            return serve(heart, stop)


def _heard(hints: Hints, heart: Heart, receiver: str, subjects: Sequence[Subject]) -> bool:
    """Remember what a call is about, and have somebody look."""
    remembered = hints.add(receiver, subjects)
    heart.look_soon()
    return remembered


def _world(settings: Settings, stop: Stop, monitor: Monitor) -> World:
    world = world_of(settings, stop, locked=True)
    return replace(world, tell=monitor.beside(world.tell))


class _Passes:
    """One pass after the other, each with what the settings say by then, and under the lock of its state."""

    def __init__(self, config: Path | None, stop: Stop, monitor: Monitor, world: World, lock: Lock) -> None:
        self._config = config
        self._stop = stop
        self._monitor = monitor
        self._world = world
        self._lock = lock
        self.hints = Hints()
        self.listener: Listener | None = None

    def tell(self, event: Event) -> None:
        self._world.tell(event)

    def ask(self, task: str, question: Callable[[], T]) -> T | ImagebotError:
        """The answer to a question that is no pass's, or why there is none."""
        return Bulkhead(self.tell).ask(task, question)

    def one(self, now: datetime) -> timedelta:
        """Carry it out, tell what became of it, and return how long after its beginning the next one is due.

        A bug of ours is told, and costs this pass only.
        """
        self._carry_out("carry out a pass", self._pass, now)
        return self._world.settings.every

    def called(self, now: datetime) -> float | None:
        """Look at what somebody called about; return after how many seconds there is more of that, None: there is none.

        A bug of ours is told, and costs this look only.
        """
        subjects = self.hints.take()
        if subjects:
            self._carry_out("look at what a webhook is about", partial(self._part, subjects), now)
        return self.hints.seconds_left()

    def _carry_out(self, task: str, run_pass: Callable[[datetime], None], now: datetime) -> None:
        bulkhead = Bulkhead(self.tell)
        read = bulkhead.ask("read the settings", self._reload)
        if isinstance(read, ImagebotError):
            loud = self._world.said.is_due("settings", "refused", str(read), now)
            self.tell((ConfigurationRefused if loud else ConfigurationStillRefused)(str(read)))
        else:
            self._world.said.is_over("settings", "refused")
        try:
            done = bulkhead.ask(task, partial(run_pass, now))
        except Stopped as error:
            self.tell(PassAbandoned(str(error)))
        else:
            if isinstance(done, ImagebotError):
                self.tell(PassFailed(str(done)))

    def _reload(self) -> None:
        """Settings as they are now, if they are sound and what they name of state and port is nobody else's."""
        fresh = load_settings(self._config)
        if fresh == self._world.settings:
            return
        world = _world(fresh, self._stop, self._monitor)
        before, served = self._lock.state, self._world.settings
        moved = self._lock.move(fresh.state)
        try:
            self._listen(fresh)
        except ImagebotError:
            self._lock.move(before)
            self._listen(served)
            raise
        if moved:
            world.tell(StateMoved(str(before), str(fresh.state)))
        if fresh.proxies_told != self._world.settings.proxies_told:
            tell_proxies(fresh, world.tell)
        self._world = world

    def _listen(self, settings: Settings) -> None:
        """Serve metrics and webhooks as these say. Raises `BadInput` where that cannot be, all of it."""
        self._monitor.listen(settings.metrics_address, self.tell, self.ask)
        if self.listener is not None:
            self.listener.listen(settings.webhooks, self.tell, self.ask)

    def _pass(self, now: datetime) -> None:
        self._lock.renew()
        self.hints.forget()
        run(self._world, self._policies(), now)

    def _part(self, subjects: Sequence[Subject], now: datetime) -> None:
        self._lock.renew()
        settings = self._world.settings
        if are_about_policies(settings, subjects):
            self._pass(now)
            return
        policies = self._policies()
        part = concerned(policies, settings.repositories, partial(lister, self._world), subjects)
        self.tell(WebhookHeeded(words(subjects[0]), len(subjects) - 1, len(part.policies)))
        if part.policies:
            run(self._world, part, now)

    def _policies(self) -> PolicySet:
        return read_policies(self._world.settings, self._world.tell, self._world)
