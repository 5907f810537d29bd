"""Moments as people write them."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(text: str) -> datetime:
    """A moment as RFC 3339 and ISO 8601 write it; UTC where it has no zone. Raises `ValueError`."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no moment; write one such as 2026-01-31T12:00:00Z or 2026-01-31") from None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
