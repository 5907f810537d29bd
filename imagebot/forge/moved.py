"""A forge that sends us elsewhere is not followed: a person writes down where to, and we say what that is."""

from __future__ import annotations

from urllib.parse import urlsplit

from imagebot.errors import Refused
from imagebot.forge.refusals import quoted


def moved(host: str, task: str, location: str, url: str) -> Refused:
    """What to tell where `host` answered `task` with a redirect to `location`; `url` is the repository's, if known."""
    sent = f"{host} sends us elsewhere when asked to {task}"
    if url:
        return Refused(f"{sent}: the repository was renamed or moved to {quoted(url)}: write that as its url")
    shown = _without_secrets(location)
    where = f", to {shown}; nothing was sent there" if shown else ""
    advice = "if the repository was renamed or moved, change its url in the settings, else its apiUrl"
    return Refused(f"{sent}{where}: {advice}")


def netloc(location: str) -> str | None:
    """Host and port that a redirect leads to; empty for the one it came from, None where nobody can tell."""
    try:
        return urlsplit(location).netloc
    except ValueError:
        return None


def renamed(name: str, now: str) -> Refused:
    """What to tell where the forge answers about a repository of another name, with its URL, its name, or nothing."""
    return Refused(f"{name} is called {quoted(now) or 'otherwise'} now: write that as its url in the settings")


def _without_secrets(location: str) -> str:
    """A URL's host and path: what stands before and behind may be for nobody's eyes."""
    try:
        parts = urlsplit(location)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return quoted(f"{parts.scheme}://{host}{port}{parts.path}" if host else parts.path)
