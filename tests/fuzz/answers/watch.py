"""What a case may cost, and how it may end."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from threading import RLock
from traceback import format_exception, walk_tb

from imagebot.errors import ImagebotError

MOST_MIB = 32.0
MOST_CPU_S = 2.0
"""Of the thread that asks; the slowest honest question takes a hundredth of it."""
_CLEAR = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Finding:
    """What must not be. `kind` is the same for what has the same cause, as far as one can tell."""

    kind: str
    case: str
    trace: str = ""


@dataclass
class Meter:
    """How far the process grows while answers are read. Making them happens here too, and does not count: whoever looks
    meanwhile, because they did not want to wait for an answer, looks when it is made.
    """

    base_mib: float = 0.0
    most_mib: float = 0.0
    _lock: RLock = field(default_factory=RLock, repr=False)

    def begin(self) -> None:
        """What is held from here on is not the answer's."""
        with self._lock:
            _CLEAR.write_text("5")
            self.base_mib = _field("VmRSS:")

    def look(self) -> None:
        """How far it grew since then."""
        with self._lock:
            self.most_mib = max(self.most_mib, _field("VmHWM:") - self.base_mib)

    @contextmanager
    def making(self) -> Iterator[None]:
        """Within, one answer is made."""
        with self._lock:
            self.look()
            yield
            self.begin()


METER = Meter()
"""A process has one peak, and an answer that nobody waited for may be made while the next one is read."""


class RawLines(logging.Handler):
    """What libraries say where nobody listens: that would stand raw in our log, which machines read line by line."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.name}: {record.getMessage()}")

    @contextmanager
    def listening(self) -> Iterator[None]:
        before, logging.lastResort = logging.lastResort, self
        try:
            yield
        finally:
            logging.lastResort = before


@dataclass
class Tally:
    """What came of all cases; of each kind of finding the first is kept."""

    words: Counter[str] = field(default_factory=Counter)
    findings: dict[str, Finding] = field(default_factory=dict)
    answers: int = 0
    most_mib: float = 0.0
    most_cpu_s: float = 0.0
    raw: RawLines = field(default_factory=RawLines)

    def add(self, finding: Finding) -> None:
        self.words["findings"] += 1
        self.findings.setdefault(finding.kind, finding)

    def take(self, other: Tally) -> None:
        """Add what another one counted, and show what is new in it."""
        for kind, finding in other.findings.items():
            if kind not in self.findings:
                self.findings[kind] = finding
                print(f"found: {kind}\n  {finding.case}\n{finding.trace}", flush=True)
        self.words += other.words
        self.answers += other.answers
        self.most_mib = max(self.most_mib, other.most_mib)
        self.most_cpu_s = max(self.most_cpu_s, other.most_cpu_s)

    def watch(self, case: str, ask: Callable[[], object], refusals: type[ImagebotError]) -> None:
        """Ask, and note how it went: an answer, or a refusal in words, and neither memory nor time to speak of."""
        METER.most_mib = 0.0
        METER.begin()
        began = time.thread_time()
        self.raw.said.clear()
        try:
            with self.raw.listening():
                answer = ask()
            self.words["answered"] += 1
            _spoken(answer)
        except refusals as error:
            self.words[type(error).__name__] += 1
            str(error).encode()
        except Exception as error:  # noqa: BLE001  that is what is looked for
            self.add(Finding(_kind(error), case, "".join(format_exception(error))[-3_000:]))
        spent = time.thread_time() - began
        METER.look()
        grown = METER.most_mib
        self.most_cpu_s, self.most_mib = max(self.most_cpu_s, spent), max(self.most_mib, grown)
        if self.raw.said:
            library = self.raw.said[0].partition(":")[0]
            self.add(Finding(f"a raw line of {library}", f"{case}: {self.raw.said[0][:300]}"))
        if grown > MOST_MIB:
            self.add(Finding(f"memory, {case.partition(' #')[0]}", f"{case}: {grown:.0f} MiB"))
        if spent > MOST_CPU_S:
            self.add(Finding(f"time, {case.partition(' #')[0]}", f"{case}: {spent:.1f} s of CPU"))


def _spoken(answer: object) -> None:
    """What came in has to be able to go out: into a log, a page, another request. Halves of characters are not."""
    plain = asdict(answer) if is_dataclass(answer) and not isinstance(answer, type) else answer
    json.dumps(plain, ensure_ascii=False, default=str).encode()


def _kind(error: BaseException) -> str:
    """By the innermost line of ours."""
    frames = [(frame.f_code, line) for frame, line in walk_tb(error.__traceback__)]
    ours = [(code, line) for code, line in frames if "/imagebot/" in code.co_filename] or frames
    code, line = ours[-1]
    return f"{type(error).__name__} at {Path(code.co_filename).name}:{line} in {code.co_name}"


def _field(name: str) -> float:
    text = _STATUS.read_text()
    at = text.index(name) + len(name)
    return int(text[at : text.index("kB", at)]) / 1024
