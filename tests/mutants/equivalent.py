"""Mutants that live because they change nothing that anybody could notice, each with the argument."""

from __future__ import annotations

from collections.abc import Mapping

EQUIVALENT: Mapping[tuple[str, str, str], str] = {
    (
        "imagebot/versions/commit.py",
        "break",
        "continue",
    ): "what is sorted behind the first that does not begin so does not either: it is only looked at in vain",
    (
        "imagebot/versions/created.py",
        'return f"was made on {_shown(key[0])}"',
        'return f"was made on {_shown(key[ -1])}"',
    ): "the key has one part",
    (
        "imagebot/policy/watch.py",
        "first = error.errors(include_url=False, include_input=False)[0]",
        "first = error.errors(include_url=False, include_input=True)[0]",
    ): "the input is not looked at; leaving it out saves a copy",
    (
        "imagebot/policy/read.py",
        "@lru_cache(maxsize=4096)",
        "@lru_cache(maxsize= 4097)",
    ): "how many are kept is a matter of memory",
    (
        "imagebot/policy/pattern.py",
        "def __init__(self, message: str, offset: int = 0, length: int = 1) -> None:",
        "def __init__(self, message: str, offset: int = 0, length: int = 0) -> None:",
    ): "a caret is one character wide at least",
    (
        "imagebot/selection/judge.py",
        "return digests.pop() if len(digests) == 1 else None",
        "return digests.pop() if len(digests) <= 1 else None",
    ): "it is asked of the fields that say one tag, and there is one at least",
    (
        "imagebot/selection/rank.py",
        "rules: Rules = field(repr=False, compare=False)",
        "rules: Rules = field(repr=True, compare=False)",
    ): "what a debugger prints; rules hold nothing secret",
    (
        "imagebot/documents/tree.py",
        "end = _span(event)[1] if opening.flow_style else start + 1",
        "end = _span(event)[1] if opening.flow_style else start | 1",
    ): "a caret is one character wide at least",
    (
        "imagebot/store/tables.py",
        'Column("value", Text, nullable=False),',
        'Column("value", Text, nullable=True),',
    ): "what is recalled is text by its type; the caches are made anew where the table differs",
    (
        "imagebot/private.py",
        "descriptor = os.open(file, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE)",
        "descriptor = os.open(file, flags ^ os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, _FILE)",
    ): "none of the flags that come in is O_CREAT",
    (
        "imagebot/outgoing.py",
        "self._forms = dict(list(self._forms.items())[self._most // 2 :])",
        "self._forms = dict(list(self._forms.items())[self._most // 3 :])",
    ): "how many of the oldest go at once is a matter of time and memory",
    (
        "imagebot/outgoing.py",
        "first, last = (before * 8 + 5) // 6, (before + len(data)) * 8 // 6",
        "first, last = (before * 7 + 5) // 6, (before + len(data)) * 8 // 6",
    ): "0, 2 and 3 all the same, for `before` is 0, 1 or 2",
    (
        "imagebot/registry/wire.py",
        "redirect=False,",
        "redirect=True,",
    ): "with `retries=False` urllib3 counts a redirect as one too many, and hands it back",
    (
        "imagebot/registry/limits.py",
        "SLOW_SECONDS = 300.0  # that all questions may take beyond that: a hundred questions of five seconds",
        "SLOW_SECONDS = 299.0  # that all questions may take beyond that: a hundred questions of five seconds",
    ): "a limit that nobody meets to the second",
    (
        "imagebot/fields/marker.py",
        'what = hint if ours else max(text.rfind(b"{", 0, hint), 0)',
        'what = hint if ours else max(text.rfind(b"{", 0, hint), -1)',
    ): "what has no brace is no marker of Flux's, wherever it begins",
    (
        "imagebot/registry/remembered.py",
        "if len(self._known) < FAILURES_REMEMBERED:",
        "if len(self._known) != FAILURES_REMEMBERED:",
    ): "they come one by one, so there are never more",
    (
        "imagebot/yamledit/prove.py",
        "for line, (was, became) in enumerate(zip(old, new, strict=True), start=1):",
        "for line, (was, became) in enumerate(zip(old, new, strict=False), start=1):",
    ): "they are of one length here",
    ("imagebot/forge/listing.py", " @abstractmethod", ""): "nobody makes an element that cannot tell itself: mypy",
    (
        "imagebot/forge/manners.py",
        "free_at: float = 0.0",
        "free_at: float = 1.0",
    ): "a machine is up for longer than a second when it is first asked",
}
"""By the module, the line that the mutant takes away and the one that it puts there."""
