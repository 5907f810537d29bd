"""Who owns a file, by the rules that each forge documents; the words of the tables are ours."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imagebot.knownforges import FACTS, ForgeKind
from imagebot.plan.codeowners import owners
from imagebot.policy.key_grammar import CODEOWNERS, reviewer

READ_AS = {kind: facts.codeowners for kind, facts in FACTS.items() if facts.codeowners}
KINDS = tuple(READ_AS)


def owner(kind: ForgeKind, text: str, path: str) -> str:
    return " ".join(owners(READ_AS[kind], text, [path]))


GITHUB = """\
# whoever nobody else is named for
*            @all @acme/platform
*.js         @js        # the front end
/build/logs/ @logs
docs/*       @docs
apps/        @apps
/services/   @services
/services/open
**/secrets   @vault
charts/**    @charts
a/**/z.yaml  @deep
path\\ with\\ spaces/ @space
?.txt        @letter
*.go         docs@example.com
"""


@pytest.mark.parametrize(
    ("path", "owned_by"),
    [
        pytest.param("README.md", "all team:platform", id="the default"),
        pytest.param("src/a/b/c.js", "js", id="the last match wins, at any depth"),
        pytest.param("build/logs/2026/a.txt", "letter", id="a later line wins over a folder"),
        pytest.param("build/logs/2026/all.log", "logs", id="a folder at the root and all in it"),
        pytest.param("x/build/logs/all.log", "all team:platform", id="a slash at the beginning ties to the root"),
        pytest.param("docs/start.md", "docs", id="a file in the folder"),
        pytest.param("docs/more/start.md", "all team:platform", id="a star reaches no deeper, unlike in gitignore"),
        pytest.param("x/docs/start.md", "all team:platform", id="a slash within ties to the root"),
        pytest.param("x/apps/y/z.yaml", "apps", id="a folder anywhere"),
        pytest.param("apps", "all team:platform", id="a slash at the end wants a folder"),
        pytest.param("services/closed/a.yaml", "services", id="a folder"),
        pytest.param("services/open/a.yaml", "", id="no owners: nobody's, with all below"),
        pytest.param("services/opened", "services", id="a name is a whole name"),
        pytest.param("x/secrets/y", "vault", id="a folder at any depth"),
        pytest.param("secrets", "vault", id="or at none"),
        pytest.param("charts/a/b.yaml", "charts", id="all below"),
        pytest.param("a/z.yaml", "deep", id="stars for no folder"),
        pytest.param("a/b/c/z.yaml", "deep", id="stars for two folders"),
        pytest.param("path with spaces/x", "space", id="escaped spaces"),
        pytest.param("b.txt", "letter", id="one character"),
        pytest.param("bb.txt", "all team:platform", id="not two"),
        pytest.param("main.go", "", id="a mail address owns it and cannot be asked"),
        pytest.param("README.JS", "all team:platform", id="case matters"),
    ],
)
def test_github(path: str, owned_by: str) -> None:
    assert owner("github", GITHUB, path) == owned_by
    assert owner("local", GITHUB, path) == owned_by


@pytest.mark.parametrize(
    "line",
    ["!a.yaml @x", "[ab].yaml @x", "\\#a @x", "* nobody", "* @a/b/c", "* @ x@", "a//b @x", "/ @x", "# * @x", "   ", ""],
)
def test_a_line_that_github_does_not_read_is_passed_over(line: str) -> None:
    assert owners(READ_AS["github"], f"* @first\n{line}\n", ["a.yaml", "!a.yaml", "#a", "b"]) == ("first",)


def test_github_loads_no_file_of_3_mb() -> None:
    line = "* @a\n"

    assert owner("github", line + "#" * (3 * 1024 * 1024 - len(line) - 1), "a") == "a"
    assert owner("github", line + "#" * (3 * 1024 * 1024 - len(line)), "a") == ""


GITLAB = """\
* @all
!pom.xml
/pom.xml @too-late
\\#odd @hash
path\\ with\\ spaces/ @space
#comment @nobody
/flat/** @flat
/config/ maintainer @config not_an_owner mail@example.com

[Documentation][2] @docs
docs/
README.md
internal/README.md @internal

^[Database] @dba
/db/**/index.md
/db/*.sql @sql
[a-c].sql @set
**/secret-[!0-9] @vault
/k[!0-9]v @kv

[DOCUMENTATION]
/docs/api.md @api

[Ruby]
*.rb @acme/ruby @rubyist
!/config/**/*.rb
/config/routes.rb @ops

[Broken
[ ] @nobody
"""


@pytest.mark.parametrize(
    ("path", "owned_by"),
    [
        pytest.param("x", "all", id="before any section"),
        pytest.param("README.md", "all docs", id="each section has a say, with the owners of its heading"),
        pytest.param("internal/README.md", "all internal", id="the last match of a section"),
        pytest.param("pom.xml", "", id="excluded, and never let in again"),
        pytest.param("x/docs/y/z.md", "all docs", id="a folder anywhere"),
        pytest.param("docs/api.md", "all api", id="sections of one name are one"),
        pytest.param("db/a/b/index.md", "all dba", id="stars for folders, in an optional section"),
        pytest.param("db/index.md", "all dba", id="stars for none"),
        pytest.param("db/x.sql", "all sql", id="a star"),
        pytest.param("db/more/x.sql", "all", id="a star stays in its folder"),
        pytest.param("db/b.sql", "all set", id="a set of characters"),
        pytest.param("secret-a", "all vault", id="all but a set"),
        pytest.param("x/secret-1", "all", id="one of those"),
        pytest.param("a/.hidden.rb", "all rubyist", id="dots are characters; a group in a group is not asked"),
        pytest.param("config/routes.rb", "config", id="excluded from one section only; roles are not asked"),
        pytest.param("k/v", "all", id="a slash is no character of a set"),
        pytest.param("flat/x", "flat", id="stars at the end are one star"),
        pytest.param("flat/x/y", "all", id="which stays in its folder"),
        pytest.param("#odd", "hash", id="an escaped hash"),
        pytest.param("#comment", "all", id="a comment"),
        pytest.param("path with spaces/x", "space", id="escaped spaces"),
        pytest.param("README.md/x", "all", id="without a slash at the end a file is meant"),
    ],
)
def test_gitlab(path: str, owned_by: str) -> None:
    assert owner("gitlab", GITLAB, path) == owned_by


@pytest.mark.parametrize(
    ("text", "owned_by"),
    [
        pytest.param("[One]\n* @a\n[Two]\n* @b\n", "a b", id="two sections"),
        pytest.param("[One] @a\n* @b\n", "b", id="owners on the line are instead of the heading's"),
        pytest.param("[One] @a\n*\n[One]\n*\n", "", id="a heading's owners are for its own lines"),
        pytest.param("* @a\n*\n", "", id="no owners at all"),
        pytest.param("[One] @a\n* nobody\n", "", id="no owner that is one"),
        pytest.param("[One\n* @a\n", "a", id="no heading"),
        pytest.param("[]\n* @a\n", "a", id="a heading without a name"),
        pytest.param("[One]\n!x\n", "", id="a section that only leaves out"),
        pytest.param("[One]\n!x\n[Two]\nx @a\n", "a", id="what one section leaves out another has"),
        pytest.param("x @a # by @b\n", "a b", id="there are no comments in a line: owners in one are owners"),
        pytest.param("/**/* @a\n", "a", id="stars at the root"),
        pytest.param("** @a\n", "a", id="stars alone"),
    ],
)
def test_gitlab_sections(text: str, owned_by: str) -> None:
    assert owner("gitlab", text, "x") == owned_by


GITEA = r"""
.*\\.go @go @acme/gophers # who writes Go
.*\\.(yaml|yml) yaml
cmd/.* @cmd
docs/(aws|azure)/[^/]*\\.md @cloud
!docs/.* @not-docs
dir/with\#hash @hash
path\ with\ space @space
path/with\\\\backslash @slash
a|b @alternatives
(unclosed @nobody
alone
x @a/b/c @d/e mail@example.com
"""


@pytest.mark.parametrize(
    ("path", "owned_by"),
    [
        pytest.param("docs/x.go", "go team:gophers", id="anywhere"),
        pytest.param("cmd/main.go", "go team:gophers cmd not-docs", id="every line that matches counts"),
        pytest.param("docs/a.yml", "yaml", id="an owner without @"),
        pytest.param("docs/aws/a.md", "cloud", id="a group"),
        pytest.param("docs/aws/b/a.md", "", id="a whole path"),
        pytest.param("README", "not-docs", id="all but"),
        pytest.param("dir/with#hash", "hash not-docs", id="escaped hash"),
        pytest.param("path with space", "space not-docs", id="escaped space"),
        pytest.param("path/with\\backslash", "slash not-docs", id="escaped backslash"),
        pytest.param("abc", "alternatives not-docs", id="as Go reads it: ^a or b$"),
        pytest.param("xx/b", "alternatives not-docs", id="the other one"),
        pytest.param("x", "team:e not-docs", id="owners that are none are left out"),
    ],
)
def test_gitea(path: str, owned_by: str) -> None:
    assert owner("gitea", GITEA, path) == owned_by


def test_all_files_that_change_are_asked_about_and_nobody_is_named_twice() -> None:
    text = "a @ada @Bob\nb @BOB @acme/platform\n"

    assert owners(READ_AS["github"], text, ["b", "a", "c"]) == ("BOB", "team:platform", "ada")
    assert owners(READ_AS["github"], text, []) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_is_called_codeowners_would_be_taken_for_the_word(kind: ForgeKind) -> None:
    every = {"gitea": ".*"}.get(kind, "*")

    assert owner(kind, f"{every} @codeowners @CodeOwners @ada\n", "x") == "ada"


@pytest.mark.parametrize("kind", KINDS)
def test_line_ends_and_tabs(kind: ForgeKind) -> None:
    every = {"gitea": ".*"}.get(kind, "*")

    assert owner(kind, f"\r\n{every}\t@ada  @bob\r\n# end", "x") == "ada bob"


@pytest.mark.parametrize("kind", KINDS)
def test_one_file_in_one_of_a_few_places(kind: ForgeKind) -> None:
    first = {"bitbucket": ".bitbucket/CODEOWNERS", "github": ".github/CODEOWNERS", "local": ".github/CODEOWNERS"}
    assert len(set(READ_AS[kind].places)) == len(READ_AS[kind].places) >= (1 if kind == "bitbucket" else 3)
    assert all(place.rpartition("/")[2] == "CODEOWNERS" for place in READ_AS[kind].places)
    assert READ_AS[kind].places[0] == first.get(kind, "CODEOWNERS")


def test_bitbuckets_groups_cannot_be_asked_and_an_exclamation_mark_takes_owners_away() -> None:
    text = "* @ada\n/apps/ @@platform @bob dev@acme.test @group/x\n!/apps/free/\n"

    assert [owner("bitbucket", text, path) for path in ("x", "apps/a.yaml", "apps/free/a.yaml")] == ["ada", "bob", ""]


@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_lines_and_a_hundred_files(kind: ForgeKind) -> None:
    text = "".join(f"/apps/team{number}/ @user{number}\n" for number in range(10_000))
    if kind == "gitea":
        text = text.replace("/ @", "/.* @").replace("/apps", "apps")
    paths = [f"apps/team{number}/app.yaml" for number in range(0, 10_000, 100)]

    assert owners(READ_AS[kind], text, paths) == tuple(f"user{number}" for number in range(0, 10_000, 100))


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_the_last_of_many_lines_wins(kind: ForgeKind) -> None:
    text = "".join(f"* @user{number}\n" for number in range(250))

    assert owner(kind, text, "x") == "user249"


def test_many_large_patterns() -> None:
    text = "".join(f"[^/]{{1,600}}/x{number} @user{number}\n" for number in range(150))

    assert owner("gitea", text, "é/x7") == "user7"


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_break_is_a_character_of_a_file_name(kind: ForgeKind) -> None:
    assert owner(kind, {"gitea": "a/.* @ada"}.get(kind, "a/ @ada"), "a/b\nc/d") == "ada"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("gitea", ".{1000} @a\n" * 50_000),
        ("gitea", "((((.{100}){100}){100}){100}) @a\n"),
        ("gitea", "\\" * 1_000_001 + " @a"),
        ("gitlab", "[" * 1_000_000),
        ("gitlab", "[" + "a" * 1_000_000),
        ("gitlab", "[a]" * 300_000 + " @a"),
        ("gitlab", "?" * 1_000_000 + " @a"),
        ("github", "*a" * 500_000 + " @a"),
        ("github", "a @" + "a" * 1_000_000),
        ("github", "x @a\n" * 100_000),
    ],
    ids=["sum", "nested", "backslashes", "brackets", "no end", "sets", "marks", "stars", "a long name", "lines"],
)
def test_who_writes_an_absurd_file_gets_no_owners_and_soon(kind: ForgeKind, text: str) -> None:
    assert owners(READ_AS[kind], text, ["x"]) == ()


def test_stars_without_end_keep_nobody_busy() -> None:
    text = "".join(f"{'*a' * 30}{number} @x\n" for number in range(200))

    assert owners(READ_AS["github"], text, ["a" * 4000]) == ()


PATTERNS = st.text(alphabet="ab/*?[]!\\#^-. \t@{}()|+$0é\ud800\x00", max_size=12)
OWNERS = st.sampled_from(["", "@a", "@a/b", "maintainer", "a@b", "x", "# @c", "@codeowners"])
LINES = st.builds("{}{} {}".format, st.sampled_from(["", "", "!", "[x] ", "^[y][2] "]), PATTERNS, OWNERS)
PATHS = st.lists(st.text(alphabet="ab/.[]\\ é\ud800", min_size=1, max_size=8), max_size=3)


@given(st.sampled_from(KINDS), st.lists(LINES | st.text(max_size=20), max_size=6).map("\n".join), PATHS)
@example("gitlab", "[!]x @a", ["ax"])
def test_whatever_stands_there_the_answer_is_reviewers_that_a_policy_could_name(
    kind: ForgeKind, text: str, paths: list[str]
) -> None:
    found = owners(READ_AS[kind], text, paths)

    assert all(reviewer(name) == name != CODEOWNERS for name in found)
    assert len({name.casefold() for name in found}) == len(found)
