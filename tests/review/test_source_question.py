"""What is asked about a source: of a label nothing gets into a question but what is plain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from imagebot.images.about import About
from imagebot.review.source_question import SourceQuestion, SourceRepository, question
from imagebot.selection.verdict import Version
from tests.support.abouts import ABOUTS, NEW, OLD, about
from tests.support.changes import UPDATE

API = SourceRepository("github.com", "acme/api")
BOTH = ("1" * 40, "2" * 40)


def test_two_images_of_one_source_make_a_whole_question() -> None:
    assert question(OLD, NEW, UPDATE) == SourceQuestion(API, BOTH, "1.4.2", "1.5.0")


@pytest.mark.parametrize(
    "source",
    [
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://github.com@evil.example/acme/api",
        "https://github.com/acme/../../user",
        "https://github.com/acme/api?x=1",
        "https://github.com//acme/api",
        "https://github.com/acme/api%2F..%2F..",
        "git@github.com:acme/api.git",
        "x" * 2000,
    ],
)
def test_a_source_that_is_no_plain_repository_is_asked_nothing(source: str) -> None:
    both = [about(labels={"source": source, "revision": commit}) for commit in BOTH]
    assert question(both[0], both[1], UPDATE) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(OLD, None, id="image unknown"),
        pytest.param(OLD, about(labels={"source": ""}), id="no source"),
        pytest.param(OLD, about(labels={"source": "https://github.com/eve/api"}), id="source moved"),
        pytest.param(
            OLD, about(labels={"source": "https://github.com/x/debian", "base.name": "debian"}), id="inherited"
        ),
    ],
)
def test_a_source_that_is_not_believed_is_asked_nothing(old: About, new: About | None) -> None:
    assert question(old, new, UPDATE) is None


@pytest.mark.parametrize("said", ["../../user", "1.5.0/../x", "1..2", "a b", "", "latest"])
def test_a_version_that_is_none_is_not_asked_for(said: str) -> None:
    """Tags have a grammar; this is for whatever else comes to be one."""
    found = question(OLD, NEW, replace(UPDATE, new=Version(said, NEW.digest)))
    assert found is not None
    assert (found.commits, found.becomes) == (BOTH, "")


def test_what_a_policy_says_goes_before_what_labels_say() -> None:
    source = "https://git.acme.test:8443/group/sub/api.git"
    found = question(OLD, about(labels={"source": "https://github.com/eve/api"}), replace(UPDATE, source=source))
    assert found is not None
    assert found.repository == SourceRepository("git.acme.test:8443", "group/sub/api")


@given(ABOUTS, ABOUTS)
def test_any_labels_make_a_plain_question_or_none(old: About, new: About) -> None:
    found = question(old, new, UPDATE)
    assert found is None or (found.asks and not {"", ".", ".."} & set(found.repository.parts))
