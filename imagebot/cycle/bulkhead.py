"""Where parties part: what goes wrong in one question to the world stays in that question, a bug of ours too.

The only broad `except` of a pass. It stands where one registry, repository, forge, policy, branch or pull request ends
and the next begins, and nowhere else: inside, errors travel as they are.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from imagebot.errors import Bug, ImagebotError, Stopped
from imagebot.observe.events import BugMet, Event

T = TypeVar("T")


@dataclass
class Bulkhead:
    """One pass's; `bugs` are those that it met, for its exit code. Threads may share it."""

    tell: Callable[[Event], None]
    bugs: list[Bug] = field(default_factory=list)

    def ask(self, task: str, question: Callable[[], T]) -> T | ImagebotError:
        """The answer, or why there is none. `task` says for people what was tried: `list tags of ghcr.io/acme/api`.

        Raises only `Stopped`, and what ends a process: `KeyboardInterrupt`, `SystemExit`.
        """
        try:
            return question()
        except Stopped:
            raise
        except ImagebotError as error:
            return error
        except Exception as error:  # noqa: BLE001 the bulkhead: told with its trace, and exit code 3 at the end
            bug = Bug(f"a bug of imagebot, met when it was to {task}: {type(error).__name__}; its trace is in the log")
            self.tell(BugMet(task, f"{type(error).__name__}: {error}", "".join(traceback.format_exception(error))))
            self.bugs.append(bug)
            return bug
