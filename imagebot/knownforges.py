"""What is known of each forge before anything is asked of it: one row of facts for each.

Whatever differs between forges and is no request stands here. Rooms ask the row, never which forge it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from imagebot.gitnames import GitUrl

ForgeKind = Literal["azure", "bitbucket", "gitea", "github", "gitlab", "local"]
SourceForgeKind = Literal["gitea", "github", "gitlab"]
"""Those that can be asked what changed in a source."""

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
class CodeOwners:
    """Where a forge looks for the file, of which the first that exists is the only one, and how it reads it: with the
    patterns of `.gitignore`, with those and lines that take owners away, with those in sections, or as regular
    expressions.
    """

    dialect: Literal["gitignore", "exclusions", "sections", "regexps"]
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SourceLinks:
    """Pages of a repository whose path has so many `parts`: `{repository}` is its URL, the rest speaks for itself.

    `versions` is a search, so that it does not matter whether the tags of the source have a `v`.
    """

    compare: str
    versions: str
    parts: range = range(2, 3)


@dataclass(frozen=True, slots=True)
class ForgeFacts:
    """One forge. What is not said is as on GitHub.

    `hosts` are those that everybody knows, each with the URL of its API, and `ssh_hosts` other names of theirs for git
    alone. Hosts that end with one of `host_endings` are run for everybody too. Elsewhere the API is at the `api_path`
    of the repository's host.
    """

    name: str
    noun: str = "pull request"
    hosts: Mapping[str, str] = field(default_factory=dict)
    ssh_hosts: Mapping[str, str] = field(default_factory=dict)
    host_endings: tuple[str, ...] = ()
    api_path: str = ""
    takes_apps: bool = False
    """Whether it knows us as a GitHub App as well as by a token; only to those it shows commits as verified."""
    committer: str = ""
    """By which address it commits what it writes itself, whoever asked for it."""
    merge_subject: str = ""
    """What the message of a merge begins with, as a regular expression whose group is the pull request's number."""
    merge_trailer: str = ""
    """The same of what stands anywhere in that message."""
    pull_ref: str = ""
    """By which ref git itself shows the head of a pull request, `*` for its number: of those that are open and, mostly,
    for ever. Empty where there is none."""
    links: SourceLinks | None = None
    linked_as: Mapping[str, str] = field(default_factory=dict)
    """Hosts that only send the reader on: a link to them leaves no mark in what it links to."""
    codeowners: CodeOwners | None = None
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
    folds: bool = True
    """Whether Markdown may hold HTML, of which we write what folds details away."""
    body_limit: int = 65_536
    """How many characters a body may have."""
    block_in_body: bool = True
    """Whether the machine block stands in the body. Where not, the forge keeps it elsewhere, and it takes no room."""
    labels: bool = True
    """Whether pull requests have labels, and boxes in them tick. Where not, people ask by comments."""
    assignees: bool = True
    """Whether somebody can be assigned to a pull request."""

    def room(self, of: int) -> int:
        """What of a body's limit is for something that has `of` characters of GitHub's."""
        return of * self.body_limit // 65_536


_GITHUBS_OWNERS = CodeOwners("gitignore", (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"))

FACTS: Mapping[ForgeKind, ForgeFacts] = {
    "github": ForgeFacts(
        "GitHub",
        hosts={"github.com": "https://api.github.com"},
        ssh_hosts={"ssh.github.com": "github.com"},
        # GitHub Enterprise Cloud, run by GitHub for one company each.
        host_endings=(".ghe.com",),
        api_path="/api/v3",
        writes_per_hour=GITHUBS_WRITES_PER_HOUR,
        takes_apps=True,
        committer="noreply@github.com",
        merge_subject=r"Merge pull request #([0-9]{1,9}) ",
        pull_ref="refs/pull/*/head",
        links=SourceLinks("{repository}/compare/{old}...{new}", "{repository}/releases?q={version}&expanded=true"),
        linked_as={"github.com": "redirect.github.com"},
        codeowners=_GITHUBS_OWNERS,
    ),
    "gitlab": ForgeFacts(
        "GitLab",
        noun="merge request",
        hosts={"gitlab.com": "https://gitlab.com/api/v4"},
        ssh_hosts={"altssh.gitlab.com": "gitlab.com"},
        api_path="/api/v4",
        # https://docs.gitlab.com/user/project/merge_requests/versions/
        pull_ref="refs/merge-requests/*/head",
        merge_trailer=r"See merge request \S*!([0-9]{1,9})",
        links=SourceLinks(
            "{repository}/-/compare/{old}...{new}", "{repository}/-/tags?search={version}", parts=range(2, 21)
        ),
        codeowners=CodeOwners("sections", ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")),
        draft_prefix="Draft: ",
        opens_whole=True,
        slash_commands=True,
    ),
    "gitea": ForgeFacts(
        "Gitea",
        hosts={"codeberg.org": "https://codeberg.org/api/v1", "gitea.com": "https://gitea.com/api/v1"},
        api_path="/api/v1",
        pull_ref="refs/pull/*/head",
        links=SourceLinks("{repository}/compare/{old}...{new}", "{repository}/tags?q={version}"),
        # The last is Forgejo's own.
        codeowners=CodeOwners("regexps", ("CODEOWNERS", "docs/CODEOWNERS", ".gitea/CODEOWNERS", ".forgejo/CODEOWNERS")),
        # On servers that were not told otherwise (`WORK_IN_PROGRESS_PREFIXES`).
        draft_prefix="WIP: ",
    ),
    "bitbucket": ForgeFacts(
        "Bitbucket",
        hosts={"bitbucket.org": "https://api.bitbucket.org/2.0"},
        ssh_hosts={"altssh.bitbucket.org": "bitbucket.org"},
        # Data Center's.
        api_path="/rest/api/latest",
        # The last is Cloud's.
        merge_subject=r"(?:Merge pull request #|Pull request #|Merged in \S+ \(pull request #)([0-9]{1,9})\b",
        # Cloud's: Data Center's repositories have longer paths.
        links=SourceLinks("{repository}/branches/compare/{new}%0D{old}", "{repository}/downloads/?tab=tags"),
        codeowners=CodeOwners("exclusions", (".bitbucket/CODEOWNERS",)),
        # Of 1 000 requests an hour for what is below a repository, with what is only asked.
        writes_per_hour=300,
        hides_html_comments=False,
        folds=False,
        body_limit=32_768,
        labels=False,
        assignees=False,
    ),
    "azure": ForgeFacts(
        "Azure DevOps",
        # Below it are the organisations; on a server of one's own, the collections.
        hosts={"dev.azure.com": "https://dev.azure.com"},
        ssh_hosts={"ssh.dev.azure.com": "dev.azure.com", "vs-ssh.visualstudio.com": "dev.azure.com"},
        host_endings=(".visualstudio.com",),
        merge_subject=r"Merged PR ([0-9]{1,9}): ",
        links=SourceLinks(
            "{repository}/branchCompare?baseVersion=GC{old}&targetVersion=GC{new}",
            "{repository}/tags",
            parts=range(4, 5),
        ),
        opens_whole=True,
        assignees=False,
        body_limit=4000,
        block_in_body=False,
    ),
    "local": ForgeFacts(
        "the local forge",
        codeowners=_GITHUBS_OWNERS,
        opens_whole=True,
        no_auto_merge="a local forge has no checks to wait for; merge it with `imagebot pr merge`",
    ),
}
"""Every forge that settings may name."""
USUAL = FACTS["github"]
"""What is assumed where nobody says which it is."""
OF_APPS: ForgeKind = "github"
"""The one that `app` credentials are for."""


def kind_of(url: GitUrl) -> ForgeKind | None:
    """The forge at a well-known host; None where nobody can tell."""
    if url.scheme == "local":
        return "local"
    return next((kind for kind, facts in FACTS.items() if _known(url, facts)), None)


def api_of(url: GitUrl, kind: ForgeKind) -> str:
    """Where a forge's API is for a repository there: well known, or under the forge's own path."""
    facts = FACTS[kind]
    if known := _known(url, facts):
        return facts.hosts[known]
    # The port of an ssh URL is not where the API is.
    host = _name(url) if url.scheme == "ssh" else url.host
    return f"{'http' if url.scheme == 'http' else 'https'}://{host}{facts.api_path}"


def writes_per_minute(url: GitUrl) -> int:
    """How often a forge may be asked to change something, if nobody says otherwise."""
    return EVERYBODYS_WRITES_PER_MINUTE if _at_everybodys(url) else OWN_WRITES_PER_MINUTE


def writes_per_hour(url: GitUrl, kind: ForgeKind) -> int | None:
    """The same in an hour; None where there is no such limit."""
    return FACTS[kind].writes_per_hour if _at_everybodys(url) else None


def _name(url: GitUrl) -> str:
    return url.host.partition(":")[0]


def _known(url: GitUrl, facts: ForgeFacts) -> str:
    """The well-known host of this forge that a URL names; empty for none."""
    name = facts.ssh_hosts.get(_name(url), _name(url))
    return name if name in facts.hosts else ""


def _at_everybodys(url: GitUrl) -> bool:
    """Whether the host is run for everybody, by whatever forge."""
    endings = tuple(ending for facts in FACTS.values() for ending in facts.host_endings)
    return _name(url).endswith(endings) or any(_known(url, facts) for facts in FACTS.values())
