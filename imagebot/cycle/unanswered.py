"""What a question without an answer means for a verdict."""

from __future__ import annotations

from imagebot.bans import ToldToWait
from imagebot.errors import ImagebotError
from imagebot.selection.verdict import Unknown, Waiting


def unanswered(error: ImagebotError, before: str = "") -> Unknown:
    """The verdict that `error` leaves: told to wait, we wait, and nothing failed. `before` stands before its words."""
    because = f"{before}{error}"
    return Waiting(because, error.ban.until) if isinstance(error, ToldToWait) else Unknown(because)
