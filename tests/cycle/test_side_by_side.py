"""Questions side by side: who does not answer costs nobody but themselves, and no thread that is joined."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from imagebot.cycle.bulkhead import Bulkhead
from imagebot.cycle.side_by_side import AT_ONCE, Budgets, Lanes, SideBySide, Step
from imagebot.errors import Bug, Stopped, Unavailable
from imagebot.observe.events import AnswerDropped, AnswerMissed, Event

LONG = 60.0
PATIENT = Budgets(party=LONG)


@dataclass
class Table:
    """What was asked and answered; parties that hang do so until `over`."""

    lanes: Lanes = field(default_factory=Lanes)
    told: list[Event] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)
    came: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def a_pass(self, budgets: Budgets = PATIENT) -> SideBySide:
        return SideBySide(self.lanes, Bulkhead(self.tell).ask, self.tell, budgets)

    def tell(self, event: Event) -> None:
        self.told.append(event)
        if isinstance(event, AnswerDropped):
            self.came.release()

    def keep(self, name: str) -> Callable[[Any], None]:
        return lambda answer: self.answers.update({name: answer})

    def hang(self) -> str:
        self.over.wait(LONG)
        return "too late"


@pytest.fixture
def table() -> Iterator[Table]:
    table = Table()
    yield table
    table.over.set()


def finish(work: SideBySide) -> None:
    while len(work):
        work.wait(LONG)


def test_who_answers_is_heard_while_another_is_silent(table: Table) -> None:
    work = table.a_pass()
    for number in range(9):
        work.start(Step("silent", "wait", table.hang, LONG), table.keep(f"silent {number}"))
    work.start(Step("prompt", "answer", lambda: 7), table.keep("prompt"))

    while "prompt" not in table.answers:
        work.wait(LONG)

    assert table.answers == {"prompt": 7}
    assert len(work) == 9
    work.abandon(0.0)


def test_who_is_late_is_given_up_told_and_asked_no_more(table: Table) -> None:
    work = table.a_pass()
    for number in range(2 * AT_ONCE):
        work.start(Step("silent", f"show {number}", table.hang, 0.01), table.keep(str(number)))

    finish(work)

    assert [type(answer) for answer in table.answers.values()] == [Unavailable] * 2 * AT_ONCE
    assert str(table.answers["0"]) == "silent did not answer within 0.01 s, asked to show 0"
    assert str(table.answers[str(AT_ONCE)]).startswith(f"silent leaves {AT_ONCE} questions without an answer")
    late = [event for event in table.told if isinstance(event, AnswerMissed)]
    assert [event.task for event in late] == [f"show {number}" for number in range(AT_ONCE)]


def test_threads_that_hang_are_no_more_however_many_passes_ask(table: Table) -> None:
    for _ in range(3):
        work = table.a_pass()
        for number in range(AT_ONCE):
            work.start(Step("silent", "wait", table.hang, 0.01), table.keep(str(number)))
        finish(work)

    hanging = [thread for thread in threading.enumerate() if thread.name == "ask silent"]
    assert len(hanging) == AT_ONCE


def test_an_answer_that_nobody_waits_for_is_dropped_and_its_party_asked_again(table: Table) -> None:
    work = table.a_pass()
    for number in range(AT_ONCE):
        work.start(Step("slow", "wait", table.hang, 0.01), table.keep(str(number)))
    finish(work)
    assert all(isinstance(answer, Unavailable) for answer in table.answers.values())

    table.over.set()
    for _ in range(AT_ONCE):
        assert table.came.acquire(timeout=LONG)
    again = table.a_pass()
    again.start(Step("slow", "answer", lambda: "well"), table.keep("again"))
    finish(again)

    assert table.answers["again"] == "well"
    assert all(isinstance(table.answers[str(number)], Unavailable) for number in range(AT_ONCE))


def test_a_party_has_a_budget_for_all_its_questions(table: Table) -> None:
    work = table.a_pass(Budgets(party=0.0))
    for number in range(2 * AT_ONCE):
        work.start(Step("slow", "wait", table.hang, LONG), table.keep(str(number)))

    finish(work)

    assert {str(answer) for answer in table.answers.values()} == {"slow took 0 s of this pass; the next one goes on"}


def test_what_ends_by_itself_is_waited_for_whatever_the_budget(table: Table) -> None:
    work = table.a_pass(Budgets(question=0.0, party=0.0))
    work.start(Step("git", "push", lambda: "pushed"), table.keep("push"))

    finish(work)

    assert table.answers == {"push": "pushed"}


def test_a_bug_and_an_error_come_as_answers(table: Table) -> None:
    def broken() -> int:
        raise ValueError("year 11476 is out of range")

    def refused() -> int:
        raise Unavailable("no")

    work = table.a_pass()
    work.start(Step("a", "break", broken), table.keep("bug"))
    work.start(Step("b", "refuse", refused), table.keep("error"))

    finish(work)

    assert isinstance(table.answers["bug"], Bug)
    assert str(table.answers["error"]) == "no"


def test_being_told_to_stop_ends_the_waiting(table: Table) -> None:
    def stop() -> int:
        raise Stopped("stopped")

    work = table.a_pass()
    work.start(Step("a", "stop", stop), table.keep("a"))

    with pytest.raises(Stopped):
        finish(work)


SCRIPT = """
import threading
from imagebot.cycle.side_by_side import Budgets, Lanes, SideBySide, Step
from imagebot.errors import plainly

work = SideBySide(Lanes(), plainly, lambda event: None, Budgets())
work.start(Step("silent", "hang", threading.Event().wait, 0.01), print)
while len(work):
    work.wait(1)
"""


def test_a_process_ends_without_the_threads_that_nobody_waits_for() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=LONG, check=True)

    assert done.stdout == "silent did not answer within 0.01 s, asked to hang\n"
