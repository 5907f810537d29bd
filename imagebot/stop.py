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
        """Be told by SIGTERM and SIGINT, as process 1 too: there no signal does anything that nobody handles."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.by_signal)

    def reload_by(self, number: int) -> None:
        """Let a signal mean that settings are to be read again."""

        def order(number: int, frame: FrameType | None) -> None:
            del number, frame
            self.orders.put("reload")

        signal.signal(number, order)


class Ended(BaseException):
    """A signal ends what is being done, wherever that is: for verbs that leave nothing half done."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def end_by_signal() -> None:
    """Have SIGTERM and SIGINT raise `Ended` in the main thread; the second one ends the process at once."""
    told: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        if told:
            os._exit(128 + number)
        told.append(number)
        raise Ended(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
