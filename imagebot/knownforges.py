"""What is known of each forge before anything is asked of it: one row of facts for each.

Whatever differs between forges and is no request stands here. Rooms ask the row, never which forge it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from imagebot.gitnames import GitUrl

ForgeKind = Literal["gitea", "github", "gitlab", "local"]

EVERYBODYS_WRITES_PER_MINUTE = 60
"""GitHub asks for a second between writes, and counts 80 a minute at most that create content; GitLab.com takes 60
notes a minute; Codeberg names no figure, and lives on donations.
"""
OWN_WRITES_PER_MINUTE = 600
"""On a forge of one's own, which limits nothing unless its owner says so: a tenth of a second between two writes leaves
it most of its time for people, and fifty pull requests with all that goes on them take half a minute.
"""
GITHUBS_WRITES_PER_HOUR = 400
"""Of the 500 requests an hour that may create content, says GitHub; people with the same credentials need some too."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One forge. What is not said is as on GitHub.

    `hosts` are those that everybody knows, each with the URL of its API; hosts that end with one of `host_endings` are
    run for everybody too. Elsewhere the API is at the `api_path` of the repository's host.
    """

    name: str
    noun: str = "pull request"
    hosts: Mapping[str, str] = field(default_factory=dict)
    host_endings: tuple[str, ...] = ()
    api_path: str = ""
    writes_per_hour: int | None = None
    """How many writes an hour the hosts that everybody knows take; None where there is no such limit."""
    draft_prefix: str = ""
    """What the title of a draft of ours begins with; empty where a draft is told by a flag."""
    opens_whole: bool = False
    """Whether labels, reviewers and assignees go with the opening. Where they come after it, the body is unfinished
    until then."""
    no_auto_merge: str = ""
    """Why nothing is merged by itself there, and what to do instead; empty where it can be."""
    slash_commands: bool = False
    """Whether a line that begins with a slash is carried out: what we write is kept from that."""
    hides_html_comments: bool = True
    """Whether Markdown shows no HTML comments. Where it does, our marks are link definitions: `[//]: # (…)`."""
    labels: bool = True
    """Whether pull requests have labels. Where not, people ask by comments in place of labels and boxes."""


FACTS: Mapping[ForgeKind, Facts] = {
    "gitea": Facts(
        "Gitea",
        hosts={"codeberg.org": "https://codeberg.org/api/v1", "gitea.com": "https://gitea.com/api/v1"},
        api_path="/api/v1",
        # On servers that were not told otherwise (`WORK_IN_PROGRESS_PREFIXES`).
        draft_prefix="WIP: ",
    ),
    "github": Facts(
        "GitHub",
        hosts={"github.com": "https://api.github.com", "ssh.github.com": "https://api.github.com"},
        # GitHub Enterprise Cloud, run by GitHub for one company each.
        host_endings=(".ghe.com",),
        api_path="/api/v3",
        writes_per_hour=GITHUBS_WRITES_PER_HOUR,
    ),
    "gitlab": Facts(
        "GitLab",
        noun="merge request",
        hosts={"gitlab.com": "https://gitlab.com/api/v4", "altssh.gitlab.com": "https://gitlab.com/api/v4"},
        api_path="/api/v4",
        draft_prefix="Draft: ",
        opens_whole=True,
        slash_commands=True,
    ),
    "local": Facts(
        "the local forge",
        opens_whole=True,
        no_auto_merge="a local forge has no checks to wait for; merge it with `imagebot pr merge`",
    ),
}
"""Every forge that settings may name."""


def kind_of(url: GitUrl) -> ForgeKind | None:
    """The forge at a well-known host; None where nobody can tell."""
    if url.scheme == "local":
        return "local"
    return next((kind for kind, facts in FACTS.items() if _name(url) in facts.hosts), None)


def api_of(url: GitUrl, kind: ForgeKind) -> str:
    """Where a forge's API is for a repository there: well known, or under the forge's own path."""
    facts = FACTS[kind]
    if _name(url) in facts.hosts:
        return facts.hosts[_name(url)]
    # The port of an ssh URL is not where the API is.
    host = _name(url) if url.scheme == "ssh" else url.host
    return f"{'http' if url.scheme == 'http' else 'https'}://{host}{facts.api_path}"


def writes_per_minute(url: GitUrl) -> int:
    """How often a forge may be asked to change something, if nobody says otherwise."""
    everybodys = any(_is_everybodys(url, facts) for facts in FACTS.values())
    return EVERYBODYS_WRITES_PER_MINUTE if everybodys else OWN_WRITES_PER_MINUTE


def writes_per_hour(url: GitUrl, kind: ForgeKind) -> int | None:
    """The same in an hour; None where there is no such limit."""
    everybodys = any(_is_everybodys(url, facts) for facts in FACTS.values())
    return FACTS[kind].writes_per_hour if everybodys else None


def _name(url: GitUrl) -> str:
    return url.host.partition(":")[0]


def _is_everybodys(url: GitUrl, facts: Facts) -> bool:
    return _name(url) in facts.hosts or any(_name(url).endswith(ending) for ending in facts.host_endings)
