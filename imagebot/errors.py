"""Every error raised on purpose. Anything else that escapes is a bug and gets a stack trace.

ImagebotError           one clear line for a person
├── BadInput            a file, flag or setting is wrong: a person must change it          exit 2
├── CannotEdit          these bytes cannot be changed without touching others              exit 1
├── Bug                 our own code broke inside a bulkhead: all else was still done      exit 3
├── Stopped             the process was told to stop: no party's fault, so no bulkhead keeps it
└── WorldError          something outside did not do what it was asked                     exit 1
    ├── Unavailable     it did not answer, or said "later": the next pass tries again
    ├── Refused         it does not accept our credentials: a person must act
    ├── NotFound        it answered, and what was asked for is not there
    └── BadResponse     it answered something that makes no sense: as good as no answer
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

T = TypeVar("T")

FINE = 0
NOT_ALL_DONE = 1
WRONG_INPUT = 2
BUG = 3


class HoldsSecret(ValueError):
    """A text with a credential in it: neither the text nor its line may be shown."""

    hide = True


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in a file that a person wrote: where, what, and what to do.

    Lines and columns count from 1; `source` is the whole line, `length` the characters to underline.
    """

    file: str
    line: int
    column: int
    message: str
    source: str = ""
    length: int = 1

    @property
    def headline(self) -> str:
        """Where and what, on one line, for a reason that stands in a table or a pull request."""
        return f"{printable(self.file)}:{self.line}:{self.column}: {self.message}"

    def __str__(self) -> str:
        if not self.source.strip():
            return self.headline
        indent = len(self.source) - len(self.source.lstrip())
        before, under, rest = self._cut(indent)
        marker = "^" + "~" * max(len(under) - 1, 0)
        return f"{self.headline}\n    {before}{under}{rest}\n    {' ' * len(before)}{marker}"

    def _cut(self, indent: int) -> tuple[str, str, str]:
        """The source before what is wrong, that, and the rest, as they are shown: some characters are written out."""
        start = max(self.column - 1, indent)
        end = start + self.length
        return printable(self.source[indent:start]), printable(self.source[start:end]), printable(self.source[end:])


# Letters that nobody sees: joiners and fillers that count as printable.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")


def printable(text: str) -> str:
    r"""`text` with everything that could move a terminal's cursor or fool a reader written out: `\x1b`, `\u202e`.

    Controls, invisible and bidirectional characters, ends of lines, odd blanks, and what is no character at all, such
    as the bytes of a file name that are no UTF-8.
    """
    if text.isprintable() and _UNSEEN.isdisjoint(text):
        return text
    return "".join(char if char.isprintable() and char not in _UNSEEN else _written_out(char) for char in text)


def _written_out(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class ImagebotError(Exception):
    """Base of every error raised on purpose; `str()` of it is what a person reads."""

    exit_code = NOT_ALL_DONE


class BadInput(ImagebotError):
    """A person must change a file, a flag or a setting; trying again cannot help."""

    exit_code = WRONG_INPUT

    def __init__(self, *problems: Problem | str) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class CannotEdit(ImagebotError):
    """An image value that cannot be changed without touching other bytes, or not for sure."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Bug(ImagebotError):
    """What a bulkhead made of an exception that nobody meant: it concerns what was asked there, and nothing else."""

    exit_code = BUG


class Stopped(ImagebotError):
    """The process was told to stop: the work is abandoned between two steps, and the next pass takes it up again."""


class WorldError(ImagebotError):
    """Something outside this process did not do what it was asked."""


class Unavailable(WorldError):
    """No answer in time, a connection that failed, or "later" (429, 5xx): the next pass tries again."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(WorldError):
    """Credentials are missing, wrong or not enough; only a person can change that."""


class NotFound(WorldError):
    """The other side answered, and what was asked for is not there.

    `absent` is what it said to be missing: the whole `name` of an image, one `manifest` of it, or nothing of the kind.
    """

    def __init__(self, message: str, *, absent: Literal["name", "manifest", ""] = "") -> None:
        super().__init__(message)
        self.absent = absent


class BadResponse(WorldError):
    """An answer that breaks the protocol: as good as none, but counted apart."""


class Ask(Protocol):
    """How a room that has many parties before it asks about each: a bulkhead's `ask`, or `plainly`."""

    def __call__(self, task: str, question: Callable[[], T]) -> T | ImagebotError:
        """The answer, or why there is none; `task` says for people what was tried."""


def plainly(task: str, question: Callable[[], T]) -> T | ImagebotError:
    """Ask without a bulkhead, for who has one party only: what is raised goes to the caller."""
    del task
    return question()


def worst(codes: Iterable[int]) -> int:
    """The exit code of a whole run: the worst of its parts."""
    return max(codes, default=FINE)


def causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and all that is inside it, each once.

    What HTTP libraries raise nests as cause, as context, as `reason` and as argument.
    """
    queue = [error]
    seen: set[int] = set()
    while queue:
        cause = queue.pop()
        if id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            inner = (cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args)
            queue += [each for each in inner if isinstance(each, BaseException)]
