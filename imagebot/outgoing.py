"""What leaves the process as text: report, log, pull request, error. Known secrets are masked in it.

Known is every `Secret` that was made and every secret file that was read: they tell themselves to this module, so that
no sink can be forgotten and no caller has to remember. For that the process shares one list, the only thing in it that
nobody is handed. A server that repeats what it was sent, a page that shows a command line, a trace: all come through.

A secret of fewer than six characters is not masked: it stands in every third line as a part of some word, and a log of
dots tells nobody anything. (GitLab masks none below eight.)
"""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from threading import Lock
from unicodedata import combining
from urllib.parse import quote, quote_plus, unquote, urlsplit

from imagebot.errors import printable

MASK = "…"
_CUT_THROUGH = re.compile(r"\\(?:x[0-9a-f]?|u[0-9a-f]{0,3}|U[0-9a-f]{0,7})?\Z")
SHORTEST = 6
# Where a text was cut in the middle of a secret, so much of its beginning tells that it is one. `github_pat_` has 11.
_TELLING = 12
_MOST = 2_000
_ESCAPED_IN_JSON = {"&": r"\u0026", "<": r"\u003c", ">": r"\u003e"}
_ESCAPED_IN_PAGES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}
_ESCAPED_BY_GO = {"&quot;": "&#34;", "&#x27;": "&#39;"}
_ESCAPED_IN_TEMPLATES_OF_GO = {"+": "&#43;"}


def outgoing(text: str) -> str:
    """One line for a person or a terminal: secrets masked, and what moves a cursor or fools a reader written out."""
    return printable(masked(text))


def outgoing_lines(text: str) -> str:
    """The same for a text of several lines, which stay lines."""
    return "\n".join(printable(line) for line in masked(text).split("\n"))


def shortened(text: str, most: int) -> str:
    """No more than `most` characters of one line: whole words, and `…` for the rest.

    Secrets must be masked in it before, as nobody knows the half of one. A word that is longer than that is cut, but
    through nothing that `printable` wrote out, and through no letter with its accents.
    """
    if len(text) <= most:
        return text
    head = text[: most - 1]
    words = head.rpartition(" ")[0].rstrip()
    if 3 * len(words) > most:
        return f"{words} …"
    end = len(head)
    while end and combining(text[end]):
        end -= 1
    return f"{_CUT_THROUGH.sub('', head[:end])}…"


class KnownSecrets:
    """Secrets in every form in which somebody may repeat them, found by how each form begins. Threads may share it."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._lock = Lock()
        self._forms: dict[str, frozenset[str]] = {}
        self._starts: dict[str, tuple[str, ...]] = {}

    def add(self, secret: str) -> None:
        """Know this one from now on. Of very many, as tokens are made all day, those last used stay."""
        with self._lock:
            known = self._forms.pop(secret, None)
            self._forms[secret] = known or frozenset(_forms(secret))
            if len(self._forms) > self._most:
                self._forms = dict(list(self._forms.items())[self._most // 2 :])
                self._starts = _by_start({}, frozenset[str]().union(*self._forms.values()))
            elif known is None:
                _by_start(self._starts, self._forms[secret])

    def masked(self, text: str) -> str:
        """The text without them. Time grows with the text, not with how many there are."""
        starts = self._starts
        if not starts:
            return text
        parts, done = [], 0
        for at in [at for at in range(len(text) - SHORTEST + 1) if text[at : at + SHORTEST] in starts]:
            length = max(_shared(form, text, at) for form in starts[text[at : at + SHORTEST]]) if at >= done else 0
            if length:
                parts += [text[done:at], MASK]
                done = at + length
        return "".join(parts) + text[done:]


_KNOWN = KnownSecrets()
remember = _KNOWN.add
masked = _KNOWN.masked


def _by_start(starts: dict[str, tuple[str, ...]], forms: Iterable[str]) -> dict[str, tuple[str, ...]]:
    for form in forms:
        start = form[:SHORTEST]
        starts[start] = (*starts.get(start, ()), form)
    return starts


def _shared(form: str, text: str, at: int) -> int:
    """How many characters of the text are this form, or its beginning where that tells it; else 0."""
    if text.startswith(form, at):
        return len(form)
    here = text[at : at + len(form)]
    length = next(
        (index for index, (one, other) in enumerate(zip(form, here, strict=False)) if one != other), len(here)
    )
    return length if length >= _TELLING else 0


def _forms(secret: str) -> Iterator[str]:
    """How a secret looks where it is repeated: plain, escaped for JSON, addresses, pages and shells, or encoded.

    A key of several lines is known by each of them. In base64 it is also known within a longer text, such as
    `user:password`: three bytes become four characters, so there are three ways to begin.
    """
    plain = [line for line in secret.splitlines() if not line.startswith("-----")]
    with suppress(ValueError):
        inside = urlsplit(secret).password
        plain += [inside, unquote(inside)] if inside else []
    for text in (*plain, *_encoded(_bytes(secret))):
        yield from (form for form in _spellings(text) if len(form) >= SHORTEST)


def _bytes(secret: str) -> bytes:
    """As the environment gave it; JSON can spell halves of characters that no environment has."""
    try:
        return secret.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return secret.encode(errors="surrogatepass")


def _encoded(data: bytes) -> Iterator[str]:
    if len(data) < SHORTEST:
        return
    yield data.hex()
    for before in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            # Without the characters that depend on what stands around it.
            first, last = (before * 8 + 5) // 6, (before + len(data)) * 8 // 6
            yield encode(bytes(before) + data).decode()[first:last]


def _spellings(text: str) -> Iterable[str]:
    addresses = {
        quote(text, errors="replace"),
        quote(text, safe="", errors="replace"),
        quote_plus(text, errors="replace"),
    }
    in_json, in_pages = json.dumps(text)[1:-1], _replaced(text, _ESCAPED_IN_PAGES)
    by_go = _replaced(in_pages, _ESCAPED_BY_GO)
    return {
        text,
        printable(text),
        repr(text)[1:-1],
        text.replace("'", "'\"'\"'"),
        text.replace("'", r"'\''"),
        *addresses,
        *map(_lower_escapes, addresses),
        in_json,
        json.dumps(text, ensure_ascii=False)[1:-1],
        in_json.replace("/", r"\/"),
        _replaced(in_json, _ESCAPED_IN_JSON),
        in_pages,
        by_go,
        _replaced(by_go, _ESCAPED_IN_TEMPLATES_OF_GO),
    }


def _lower_escapes(address: str) -> str:
    first, *rest = address.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])


def _replaced(text: str, by: dict[str, str]) -> str:
    for old, new in by.items():
        text = text.replace(old, new)
    return text
