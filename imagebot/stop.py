"""Signals that say stop, or read your settings again; good for a process 1 too, where none does anything by itself."""

from __future__ import annotations

import os
import signal
import threading
from queue import SimpleQueue
from types import FrameType
from typing import Literal

Order = Literal["stop", "reload"]


class Stop:
    """Whether to stop; a pass asks it between steps. `number` is the signal that said so, or 0.

    `orders` is where whoever waits for something to do hears of it.
    """

    def __init__(self) -> None:
        self.number = 0
        self.orders: SimpleQueue[Order] = SimpleQueue()
        self._reloads: set[int] = set()
        self._event = threading.Event()

    def __call__(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        """Stop."""
        self._event.set()
        self.orders.put("stop")

    def by_signal(self, number: int, frame: FrameType | None) -> None:
        """Stop. Who says it twice does not want to wait: the next start repairs what is left now."""
        if self._event.is_set():
            os._exit(128 + number)
        self.number = number
        self.set()

    def heed(self) -> None:
        """Be told by every signal that ends; as process 1 too: there no signal does anything that nobody handles."""
        for number in _ending() - self._reloads:
            signal.signal(number, self.by_signal)

    def reload_by(self, number: int) -> None:
        """Let a signal mean that settings are to be read again."""

        def order(number: int, frame: FrameType | None) -> None:
            del number, frame
            self.orders.put("reload")

        self._reloads.add(number)
        signal.signal(number, order)


class Ended(BaseException):
    """A signal ends what is being done, wherever that is: for verbs that leave nothing half done."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def exit_code(self) -> int:
        """What shells expect of who was ended by this signal."""
        return 128 + self.number

    def __str__(self) -> str:
        return f"imagebot: ended by {signal.Signals(self.number).name}"


def end_by_signal(*, but_hangup: bool = False) -> None:
    """Have every signal that ends raise `Ended` in the main thread; the second one ends the process at once.

    `but_hangup`: SIGHUP does nothing until somebody asks for it by `Stop.reload_by`.
    """
    if but_hangup:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    told: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        if told:
            os._exit(128 + number)
        told.append(number)
        raise Ended(number)

    for number in _ending():
        signal.signal(number, end)


def _ending() -> set[int]:
    """SIGTERM and SIGINT, and SIGHUP unless it is ignored: `nohup` has a process outlive its terminal."""
    hangup = () if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else (signal.SIGHUP,)
    return {signal.SIGTERM, signal.SIGINT, *hangup}
