"""Commits and release notes of a source: the same on every forge that is asked, and bounded."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.errors import Refused
from imagebot.forge import forges
from imagebot.forge.source_forge import MOST_COMMITS, MOST_NOTES, NO_SUCH_COMMITS, TOO_MANY, SourceForge, SourceSpan
from imagebot.images.source_changes import SourceChanges, SourceCommit
from imagebot.settings.resolve import read_settings
from tests.forge.conftest import FAST
from tests.support.source_server import PREFIXES, SourceRepo, serving
from tests.support.web_function import Answer, Asked, Served

OLD, NEW = "a" * 40, "b" * 40
KINDS = sorted(PREFIXES)
WANTED = SourceSpan((OLD, NEW), "1.4.2", "1.5.0")


def repo(count: int = 3, **facts: object) -> SourceRepo:
    """So many commits after the old one, the last of them the new one."""
    between = [(f"{number:040x}", f"commit {number}\n\nmore") for number in range(1, count)]
    made = SourceRepo(commits=[(OLD, "old"), *between, (NEW, "the newest")], **facts)  # type: ignore[arg-type]
    made.tags |= {f"v{version}" for version in ("1.4.2", "1.5.0")}
    return made


def forge(served: Served, kind: str, token: str = "") -> SourceForge:
    keys = f"forge: {kind}, apiUrl: '{served.url}{PREFIXES[kind]}'" + (
        f", credentials: {{tokenFile: {token}}}" if token else ""
    )
    text = (
        f"policies: [p/]\nrepositories: {{env: {{url: /srv/env.git}}}}\nreleaseNotes: {{git.acme.test: {{{keys}}}}}\n"
    )
    settings = read_settings("imagebot.yaml", text.encode(), Path("/"), {})
    return forges.source_forge(settings.source_forges["git.acme.test"], FAST)


@pytest.mark.parametrize("kind", KINDS)
def test_commits_come_newest_first_with_their_subjects_alone(kind: str) -> None:
    with serving(kind, repo()) as served:
        found = forge(served, kind).changes("acme/api", WANTED)
    assert [one.subject for one in found.commits] == ["the newest", "commit 2", "commit 1"]
    assert (found.commits[0].id, found.more_commits, found.parted) == (NEW, 0, False)


@pytest.mark.parametrize("kind", KINDS)
def test_ten_thousand_commits_are_the_newest_twenty(kind: str) -> None:
    with serving(kind, repo(10_000)) as served:
        found = forge(served, kind).changes("acme/api", SourceSpan((OLD, NEW)))
        assert len(served.asked) <= 3
    # GitLab does not say how many there are.
    assert found.more_commits == (None if kind == "gitlab" else 10_000 - MOST_COMMITS)
    assert [one.subject for one in found.commits[:2]] == ["the newest", "commit 9999"]
    assert len(found.commits) == MOST_COMMITS


@pytest.mark.parametrize("count", [20, 21, 40, 41, 45])
def test_pages_of_githubs_are_put_together(count: int) -> None:
    with serving("github", repo(count)) as served:
        found = forge(served, "github").changes("acme/api", SourceSpan((OLD, NEW)))
    assert [one.subject for one in found.commits][:2] == ["the newest", f"commit {count - 1}"]
    assert (len(found.commits), found.more_commits) == (MOST_COMMITS, count - MOST_COMMITS)


def test_what_changed_in_files_hides_no_commit() -> None:
    with serving("github", repo(60, files=4_000_000)) as served:
        found = forge(served, "github").changes("acme/api", SourceSpan((OLD, NEW)))
    assert (len(found.commits), found.more_commits) == (MOST_COMMITS, 40)


def test_a_comparison_too_large_to_read_is_said_to_be_so() -> None:
    with serving("github", repo(3, files=4_000_000)) as served:
        found = forge(served, "github").changes("acme/api", SourceSpan((OLD, NEW)))
    assert (found.commits, found.because) == ((), TOO_MANY)


NOTES = [
    ("v2.0.0", "not yet"),
    ("v1.5.0", "the new one"),
    ("helm-1.4.9", "a chart's"),
    ("v1.5.0-rc.1", "before it"),
    ("v1.4.3", "a patch"),
    ("nightly", "none"),
    ("v1.4.2", "the old one"),
    ("v1.4.1", "older"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("was", "becomes", "expected"),
    [
        pytest.param("1.4.2", "1.5.0", ["v1.5.0", "v1.5.0-rc.1", "v1.4.3"], id="all between"),
        pytest.param("1.4.2-alpine", "1.5.0-alpine", ["v1.5.0", "v1.5.0-rc.1", "v1.4.3"], id="variant of both"),
        pytest.param("", "1.5.0", ["v1.5.0"], id="old one unknown"),
        pytest.param("1.5.0", "1.4.2", ["v1.4.2"], id="backwards"),
        pytest.param("1.4.2", "1.5.1", ["v1.5.0", "v1.5.0-rc.1", "v1.4.3"], id="none of the new one yet"),
        pytest.param("1.4.2", "", [], id="no version"),
    ],
)
def test_release_notes_are_those_between_the_versions(kind: str, was: str, becomes: str, expected: list[str]) -> None:
    source = SourceRepo(releases=NOTES, tags={tag for tag, _ in NOTES})
    with serving(kind, source) as served:
        found = forge(served, kind).changes("acme/api", SourceSpan(None, was, becomes))
    assert [notes.version for notes in found.notes] == expected
    assert found.unwritten is (becomes == "1.5.1")


def test_tags_of_one_part_of_a_repository_are_those_that_count() -> None:
    releases = [("web/v1.5.0", "web"), ("api/v1.5.0", "api"), ("api/v1.4.3", "api"), ("web/v1.4.3", "web")]
    with serving("github", SourceRepo(releases=releases)) as served:
        found = forge(served, "github").changes("acme/api", SourceSpan(None, "1.4.2", "1.5.0"))
    assert [notes.version for notes in found.notes] == ["api/v1.5.0", "api/v1.4.3"]


def test_many_and_long_notes_are_cut() -> None:
    releases = [(f"v1.4.{number}", "x" * 100_000) for number in range(90, 2, -1)]
    with serving("github", SourceRepo(releases=releases)) as served:
        found = forge(served, "github").changes("acme/api", SourceSpan(None, "1.4.2", "1.4.90"))
    assert (len(found.notes), found.more_notes) == (MOST_NOTES, 83)
    assert len(found.to_json()) < 30_000
    assert SourceChanges.from_json(found.to_json()) == found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("tags", "untagged"),
    [
        pytest.param({"v0.69.3"}, True, id="Trivy 0.69.5"),
        pytest.param({"v0.69.3", "v0.69.5"}, False, id="tagged"),
        pytest.param({"0.69.3", "0.69.5"}, False, id="without a v"),
        pytest.param(set(), False, id="a source that tags nothing"),
    ],
)
def test_a_version_that_its_source_never_tagged_is_told(kind: str, tags: set[str], untagged: bool) -> None:
    with serving(kind, SourceRepo(tags=tags)) as served:
        found = forge(served, kind).changes("acme/api", SourceSpan(None, "0.69.3", "0.69.5"))
    assert found.untagged is untagged


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("prefix", ["v", "", "api/v"])
def test_images_that_name_no_commits_are_compared_by_the_tags_of_their_versions(kind: str, prefix: str) -> None:
    tagged = {f"{prefix}1.4.2": OLD, f"{prefix}1.5.0": NEW}
    source = repo(tagged=tagged, releases=[(tag, "") for tag in tagged] if "/" in prefix else [])
    source.tags = set(tagged)
    with serving(kind, source) as served:
        found = forge(served, kind).changes("acme/api", SourceSpan(None, "1.4.2", "1.5.0"))
    assert ([one.subject for one in found.commits][:2], found.by_tags) == (["the newest", "commit 2"], True)


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_what_is_left_behind_is_told(kind: str) -> None:
    source = SourceRepo(commits=[(NEW, "older"), (OLD, "newer")])
    with serving(kind, source) as served:
        found = forge(served, kind).changes("acme/api", SourceSpan((OLD, NEW)))
    assert (found.commits, found.parted) == ((), True)


@pytest.mark.parametrize("kind", KINDS)
def test_commits_that_the_source_does_not_know_lose_no_notes(kind: str) -> None:
    source = SourceRepo(releases=NOTES, tags={"v1.5.0"})
    with serving(kind, source) as served:
        found = forge(served, kind).changes("acme/api", WANTED)
    assert (found.commits, found.because) == ((), "its source shows us no such commits")
    assert [notes.version for notes in found.notes] == ["v1.5.0", "v1.5.0-rc.1", "v1.4.3"]


@pytest.mark.parametrize("kind", ["github", "gitea"])
def test_a_renamed_repository_is_asked_under_its_new_name(kind: str) -> None:
    with serving(kind, repo(renamed="acme/old")) as served:
        found = forge(served, kind).changes("acme/old", WANTED)
    assert found.commits[0] == SourceCommit(NEW, "the newest")


@pytest.mark.parametrize("location", ["//evil.test/repos/a/b", "http://127.0.0.1:1/api/v3/repositories/1", "/logout"])
def test_a_redirect_elsewhere_is_not_followed(location: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("canary")

    def away(_: Asked) -> Answer:
        return Answer(302, (("Location", location),), b"{}")

    with serving("github", repo(), away) as served:
        with pytest.raises(Refused):
            forge(served, "github", str(tmp_path / "token")).changes("acme/api", WANTED)
        assert {asked.path for asked in served.asked} <= {
            "/api/v3/repos/acme/api/releases",
            "/api/v3/repos/acme/api",
        }


@pytest.mark.parametrize(
    ("kind", "header"), [("github", "token canary"), ("gitlab", "Bearer canary"), ("gitea", "token canary")]
)
def test_credentials_are_sent_where_there_are_some(kind: str, header: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("canary")
    for token, expected in (("", None), (str(tmp_path / "token"), header)):
        source = repo()
        with serving(kind, source) as served:
            forge(served, kind, token).changes("acme/api", WANTED)
        assert source.authorizations == {expected}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_ever_changed(kind: str) -> None:
    with serving(kind, repo(30, releases=NOTES)) as served:
        forge(served, kind).changes("acme/api", WANTED)
        assert {asked.method for asked in served.asked} == {"GET"}
        assert len(served.asked) <= 8


def test_a_repository_that_is_not_there_is_that() -> None:
    with serving("gitlab", repo()) as served:
        found = forge(served, "gitlab").changes("acme/none", WANTED)
    assert (found.commits, found.notes, found.because) == ((), (), NO_SUCH_COMMITS)
