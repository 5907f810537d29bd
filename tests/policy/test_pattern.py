"""Patterns on tags, and templates of what they found."""

from __future__ import annotations

import re

import pytest

from imagebot.policy.pattern import BadPattern, ExtractTemplate, Match, Pattern, check_extract
from imagebot.selection.rank import rank
from tests.support.evil import EVIL_PATTERNS, EVIL_TAGS
from tests.support.watches import ordered


@pytest.mark.parametrize(
    ("text", "tag", "groups"),
    [
        ("1", "v1.2", ("1",)),
        ("^v", "1.2v", None),
        ("^v(?P<version>.+)-alpine$", "v1.2-alpine", ("v1.2-alpine", "1.2")),
        ("^(?<version>[0-9.]+)(-alpine)?$", "1.2", ("1.2", "1.2", None)),
        ("(?i)RC", "1.2-rc.1", ("rc",)),
        (r"^\d+$", "12", ("12",)),
        ("x?", "abc", ("",)),
    ],
)
def test_a_pattern_is_found_anywhere_in_a_tag(text: str, tag: str, groups: tuple[str | None, ...] | None) -> None:
    pattern = Pattern.parse(text)
    assert str(pattern) == text
    assert pattern.search(tag) == (None if groups is None else Match(groups))
    assert pattern.matches(tag) is (groups is not None)


@pytest.mark.parametrize("text", EVIL_PATTERNS)
def test_evil_patterns_are_as_quick_as_others(text: str) -> None:
    """Python's `re` needs longer than the test run may take for most of these; this test has its time limit."""
    pattern = Pattern.parse(text)
    for tag in EVIL_TAGS:
        pattern.search(tag)


@pytest.mark.parametrize("text", EVIL_PATTERNS)
@pytest.mark.parametrize("key", ["match", "ignore"])
def test_evil_patterns_of_a_policy_keep_nobody_waiting(key: str, text: str) -> None:
    tags = {"match": text} if key == "match" else {"ignore": [{"match": text}]}
    rank(ordered(alphabetical="asc", tags=tags), EVIL_TAGS)


@pytest.mark.parametrize("text", [r"^\pN+\z", r"^(?<year>[[:digit:]]+)$"])
@pytest.mark.parametrize("key", ["match", "ignore"])
def test_no_pattern_of_a_policy_reaches_re(key: str, text: str) -> None:
    """These are RE2's own: Python's `re` refuses the one with an error and the other with a warning, which is one."""
    tags = {"match": text} if key == "match" else {"ignore": [{"match": text}]}
    ranking = rank(ordered(alphabetical="asc", tags=tags), ["2026", "main"])
    assert {one.tag for one in ranking.candidates} == ({"2026"} if key == "match" else {"main"})


@pytest.mark.parametrize(
    ("text", "marked", "says"),
    [
        ("", "", "empty pattern"),
        ("ab[z-a]", "z-a", "invalid character class range"),
        ("a(b", "a(b", "missing )"),
        ("a**", "**", "bad repetition operator"),
        ("a{1001}", "{1001}", "invalid repetition size"),
        (r"v(?=1)", "(?=", "no look-ahead"),
        (r"v(?!.*rc)", "(?!", "look for the tags to keep, and put the others under ignore"),
        (r"(?<=v)1", "(?<=", "no look-behind"),
        (r"(?<!v)1", "(?<!", "no look-behind"),
        (r"(a)\1", r"\1", "no back-reference"),
        (r"(?P<a>a)(?P=a)", "(?P=", "no back-reference"),
        ("(?>a)", "(?>", "no atomic group"),
        pytest.param(r"\pL{100}", r"\pL{100}", "too large", id="too much memory"),
        pytest.param("a" * 513, "a" * 513, "at most 512 characters, this one 513", id="too long"),
        pytest.param("ab\ud800", "\ud800", "no Unicode text", id="half a character"),
    ],
)
def test_patterns_that_cannot_be_used(text: str, marked: str, says: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadPattern, match=re.escape(says)) as caught:
        Pattern.parse(text)
    assert text[caught.value.offset : caught.value.offset + caught.value.length] == marked
    assert capfd.readouterr() == ("", ""), "RE2 logs to standard error unless told not to"


PATTERN = Pattern.parse("^(?P<branch>[a-z]+)-(?P<version>[0-9.]+)(?:-(alpine))?$")


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$version", "1.2.3"),
        ("${version}", "1.2.3"),
        ("$2", "1.2.3"),
        ("${2}", "1.2.3"),
        ("${2}x", "1.2.3x"),
        ("$2-$1", "1.2.3-main"),
        ("$0", "main-1.2.3"),
        ("v$version", "v1.2.3"),
        ("$version.$branch", "1.2.3.main"),
        ("$$$version", "$1.2.3"),
        ("$2$3", "1.2.3"),
    ],
)
def test_templates(text: str, expanded: str) -> None:
    found = PATTERN.search("main-1.2.3")
    assert found is not None
    assert ExtractTemplate.parse(text, PATTERN).expand(found) == expanded


@pytest.mark.parametrize(
    ("text", "marked", "says"),
    [
        ("$4", "$4", "the pattern has 3 groups"),
        ("v${9}", "${9}", "the pattern has 3 groups"),
        ("$1x", "$1x", "write ${1}x"),
        ("$version_", "$version_", "write ${version}_"),
        ("$verson", "$verson", "it has branch, version"),
        ("$-", "$", "write $$"),
        ("${version", "$", "write $$"),
        ("a$", "$", "write $$"),
        ("version", "version", "takes nothing from the tag"),
        ("$$", "$$", "takes nothing from the tag"),
        ("", "", "takes nothing from the tag"),
        pytest.param("$1" * 300, "$1" * 300, "at most 512", id="too long"),
    ],
)
def test_templates_that_cannot_be_filled(text: str, marked: str, says: str) -> None:
    with pytest.raises(BadPattern, match=re.escape(says)) as caught:
        check_extract(text, PATTERN)
    assert text[caught.value.offset : caught.value.offset + caught.value.length] == marked


def test_a_pattern_without_names_says_how_to_name() -> None:
    with pytest.raises(BadPattern, match=re.escape("(?P<version>...)")):
        check_extract("$version", Pattern.parse("^v(.+)$"))
