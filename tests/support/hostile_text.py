"""Text that wants to act in a pull request, and a reader that tells whether it did."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

COMMITS = ("1a2b3c4", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "sha256:" + "ab" * 32)
"""Titles and messages keep the ids of commits: tags are called so, and a link leads to a commit of this repository."""
HOSTILE = (
    # mentions and references, as GitHub, GitLab and Gitea know them
    "@acme/everyone",
    "@admin",
    "(@admin)",
    "cc:@admin",
    "closes #1",
    "fixes acme/env#12",
    "Resolves: https://github.com/acme/env/issues/1",
    "GH-12",
    "v1-gh-12",
    "!12",
    "group/project!12",
    "%milestone",
    '%"a milestone"',
    "~label",
    '~"a label"',
    "&epic",
    "$123",
    "^alert#1",
    "*iteration:3",
    "[vulnerability:12]",
    *COMMITS,
    ":+1:",
    ":rocket:",
    # links, images, HTML
    "https://evil.example",
    "www.evil.example",
    "someone@evil.example",
    "[click](javascript:alert(1))",
    "[click](https://evil.example)",
    "[click][1]\n\n[1]: https://evil.example",
    "<https://evil.example>",
    "![x](https://evil.example/beacon.png)",
    '<img src=x onerror="alert(1)">',
    '"><script>alert(1)</script>',
    "</code></summary></details><b>",
    "<details><summary>more</summary>",
    "<!-- hidden",
    "-->",
    "--><!-- imagebot:v1 e30= -->",
    "<!-- imagebot:v1 eyJhcHAiOiJ4In0= -->",
    "<![CDATA[x]]>",
    "&#64;admin",
    "&lt;img&gt;",
    # out of the code span, the cell, the line
    "`",
    "``",
    "` @admin `",
    "`` ` ``",
    "\\`@admin",
    "a\\",
    "a|b|c",
    "a\\|b",
    "\n\n# heading\n\n@admin",
    "a\r\n/merge",
    "/approve",
    "- [x] <!-- imagebot:rebuild --> please",
    "\n- [x] <!-- imagebot:hold -->\n",
    "```\n@admin",
    "~~~",
    "$$\\sum$$",
    "| cell | cell |",
    # trailers and commands in commit messages
    "a\n\nSigned-off-by: Eve <eve@evil.example>",
    "a\rImage-Update: x 1 -> 2",
    "[skip ci]",
    "[ci-skip]",
    "---",
    # what cannot be seen
    "\u202egpj.exe",
    "\u2066hidden\u2069",
    "zero\u200bwidth@admin",
    "\x1b[31mred",
    "\x00",
    "\u2028@admin",
    " ",
    "",
)

_OUR_HTML = re.compile(
    r"<details><summary>(?:<code>[^<>]*</code> <code>[^<>]*</code>|[A-Za-z0-9, ]+)</summary>\s*"
    r"|</details>\s*|<!-- imagebot:(?:begin|rebuild|hold|retry) -->\s*|<!-- imagebot:v1 [A-Za-z0-9_=-]+ -->\s*"
)
_OUR_LINKS = ("https://redirect.github.com/", "https://gitlab.com/", "https://codeberg.org/", "https://gitea.com/")
_PIPE = re.compile(r"(?<!\\)\|")
_REFERENCE = re.compile(
    r"(?<![\w])@\w|(?<!\w)[!#]\d|\w#\d|\bgh-\d|://|\bwww\.|(?<!\w)[%&~][\w\"]|:[a-z+-][\w+-]*:"
    r"|\b(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b|\w@\w+\.\w",
    re.ASCII | re.IGNORECASE,
)


def acting(markdown: str) -> list[str]:
    """What in this Markdown does more than be read, and is not the template's: an empty list if nothing does."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    return [words for token in _flat(tokens) if (words := _acting(token))]


def referring(text: str) -> list[str]:
    """What a forge would take for a reference in text that is no Markdown."""
    return [found[0] for found in _REFERENCE.finditer(text)]


def cells(markdown: str) -> list[int]:
    """How many cells each row of each table has as it is written: a parser would drop those that are too many."""
    return [len(_PIPE.findall(line)) - 1 for line in markdown.splitlines() if line.startswith("|")]


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or []


def _acting(token: Token) -> str:
    match token.type:
        case "fence" if token.info == "text":
            return ""  # ours, if nothing comes out of it
        case "image" | "fence" | "code_block" | "blockquote_open" | "hr" | "ordered_list_open":
            return f"{token.type} {token.content}"
        case "link_open":
            href = str(token.attrGet("href"))
            return "" if href.startswith(_OUR_LINKS) else f"link to {href}"
        case "html_block" | "html_inline":
            alien = _OUR_HTML.sub("", token.content).strip()
            return f"HTML {alien}" if alien or _tags(token.content) - {"details", "summary", "code"} else ""
        case "text":
            found = _REFERENCE.search(token.content)
            return f"reference {found[0]} in {token.content}" if found else ""
    return ""


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag if not attrs else f"{tag} {attrs}")


def _tags(html: str) -> set[str]:
    parser = _Tags()
    parser.feed(html)
    return parser.seen
