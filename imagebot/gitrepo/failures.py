"""What git says when a remote does not do as asked, as one line with what to do; the whole table is here.

Git's exit codes do not tell these apart, so its words must. They are English, because the sealed environment says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from imagebot.errors import BadResponse, NotFound, Refused, Unavailable, WorldError, printable
from imagebot.gitrepo.process import GitOutput, last_line
from imagebot.gitrepo.remote import Remote, mask
from imagebot.outgoing import shortened

_LONGEST = 400
_KIND = re.compile(r"^(?:(?:fatal|error|remote|warning): *)+", re.ASCII | re.IGNORECASE)

_LINE_END = re.compile(r"[\r\n]+")
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])", re.ASCII)
_WORD = re.compile(r"\w")
# What forges say to whoever pushes, refused or not; and git, of every refusal.
_HINT = re.compile(r"(?:To )?(?:create|view|visit) (?:an? )?(?:new )?(?:pull|merge) request", re.ASCII | re.IGNORECASE)
_ALWAYS_SAID = re.compile(
    r"error: hook declined to update |Resolving deltas|Counting objects|Processed [0-9]+ references", re.ASCII
)


@dataclass(frozen=True, slots=True)
class _Rule:
    words: re.Pattern[str]
    error: type[WorldError]
    advice: str


def _rule(words: str, error: type[WorldError], advice: str) -> _Rule:
    return _Rule(re.compile(words, re.ASCII | re.IGNORECASE), error, advice)


_RULES = (
    _rule(
        r"HTTP code 407 from proxy|CONNECT tunnel failed, response 407",
        Refused,
        "the proxy wants another user name and password: see `proxy` in imagebot.yaml, or HTTPS_PROXY",
    ),
    _rule(
        r"HTTP code 5\d\d from proxy|CONNECT tunnel failed, response 5\d\d",
        Unavailable,
        "the proxy cannot reach it now; the next pass tries again",
    ),
    _rule(r"HTTP code \d+ from proxy|CONNECT tunnel failed", Refused, "the proxy does not let it be asked"),
    _rule(r"resolve proxy", Unavailable, "the proxy is not found; see `proxy` in imagebot.yaml, or HTTPS_PROXY"),
    _rule(
        r"could not read (Username|Password)|terminal prompts disabled",
        Refused,
        "it asks for credentials, and none that it takes are configured: see `credentials` in imagebot.yaml",
    ),
    _rule(
        r"Authentication failed|returned error: 401",
        Refused,
        "it does not accept the token; check that it is right and has not expired",
    ),
    _rule(
        r"returned error: 403|permission to \S+ denied|denied to |not allowed to push|write access",
        Refused,
        "the credentials may not do this; give them read and write access to the repository's contents",
    ),
    _rule(
        r"Host key verification failed",
        Refused,
        "its host key is not the one in the known hosts file; add it only after checking it",
    ),
    _rule(r"Load key |bad permissions|Identity file ", Refused, "the ssh key file cannot be used"),
    _rule(r"Permission denied \(", Refused, "it does not accept the ssh key; add its public half to the repository"),
    _rule(r"dubious ownership", Refused, "the repository belongs to another user; run as its owner"),
    _rule(r"No space left on device|Disk quota exceeded", Unavailable, "make room in the state folder"),
    _rule(
        r"repository( '.*')? not found|does not appear to be a git repository|project you were looking for"
        r"|returned error: 404",
        NotFound,
        "there is no such repository, or the credentials do not let it be seen; check the URL",
    ),
    _rule(
        r"returned error: 30[12378]", NotFound, "it has moved; write its new URL (often the same with .git at the end)"
    ),
    _rule(r"\bfsck\b|fsckObjects", BadResponse, "the repository holds an object that git takes for damaged or hostile"),
    _rule(
        r"returned error: (429|5\d\d)|failed to connect|couldn't connect|connection (refused|reset|closed)"
        r"|timed out|no route|unreachable|early EOF|hung up|unexpected disconnect|too slow|RPC failed|empty reply"
        r"|transfer closed",
        Unavailable,
        "it cannot be reached now; the next pass tries again",
    ),
    _rule(r"resolve host", Unavailable, "its host is not found; check the URL, or the network"),
    _rule(r"returned error: 4\d\d", BadResponse, "it does not answer like a git server; check the URL"),
    _rule(
        r"certificate|SSL|TLS",
        Unavailable,
        "no safe connection to it; check its certificate, and that caFile names who signed it",
    ),
)


def explain(doing: str, remote: Remote, answer: GitOutput, environment: Mapping[str, str]) -> WorldError | None:
    """The error that `answer` stands for; None if its words are in no rule: it may be the mirror's own fault."""
    lines = [line.strip() for line in answer.err.splitlines() if line.strip()]
    for rule in _RULES:
        for line in lines:
            if rule.words.search(line):
                return rule.error(
                    f"{_line(doing, remote, line, environment)}{_beside(line, answer, environment)}; {rule.advice}"
                )
    return None


def unexplained(doing: str, remote: Remote, answer: GitOutput, environment: Mapping[str, str]) -> str:
    """One line for an answer that is in no rule."""
    line = last_line(answer.err)
    return _line(doing, remote, line, environment) + _beside(line, answer, environment)


def failed(doing: str, remote: Remote, answer: GitOutput, environment: Mapping[str, str]) -> WorldError:
    """The error that `answer` stands for, whatever its words are."""
    return explain(doing, remote, answer, environment) or BadResponse(unexplained(doing, remote, answer, environment))


def remote_words(said: str, environment: Mapping[str, str]) -> str:
    """What the remote itself said, on one line, without secrets; empty if it said nothing but what git always says."""
    lines = [clean(line[len("remote:") :]) for line in _LINE_END.split(said) if line.startswith("remote:")]
    told: dict[str, None] = {}
    hint = False
    for line in lines:
        hint = _HINT.match(line) is not None or (hint and "://" in line)
        if _WORD.search(line) and not hint and not _ALWAYS_SAID.match(line):
            told[line] = None
    return shortened(mask(" ".join(told), environment), _LONGEST)


def clean(text: str) -> str:
    """Text of a remote's, without what moves a terminal's cursor or colours it."""
    return printable(_TERMINAL.sub("", text)).strip()


def _beside(line: str, answer: GitOutput, environment: Mapping[str, str]) -> str:
    """What the remote said besides the line that is shown already."""
    words = remote_words(answer.err, environment)
    return "" if not words or words in mask(clean(line), environment) else f" (it says: {words.rstrip('.')})"


def _line(doing: str, remote: Remote, said: str, environment: Mapping[str, str]) -> str:
    said = _KIND.sub("", mask(clean(said), environment))
    for repeated in (f" for '{remote.url}/'", f" '{remote.url}/'", f" '{remote.url}'"):
        said = said.replace(repeated, "")
    return f"cannot {doing} {remote.url}: {shortened(said, _LONGEST).rstrip('.')}"
