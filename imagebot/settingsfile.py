"""imagebot.yaml as its author sees it."""

from __future__ import annotations

from typing import Literal

from imagebot.documents.model import Model

ForgeKind = Literal["github", "local"]


class Author(Model):
    """Who the bot's commits are by."""

    name: str = "imagebot"
    email: str = "imagebot@noreply.invalid"


class Limits(Model):
    """How many pull requests of the bot may be open at once; none: no limit of its own."""

    open_pull_requests: int | None = None


class Log(Model):
    """What is logged on standard error, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "text"] = "auto"
