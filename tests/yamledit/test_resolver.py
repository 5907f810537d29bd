"""Which plain values need quotes, held against two loaders' own resolvers."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.resolver import VersionedResolver

from imagebot.yamledit.resolver import is_text, same_number

STRING = "tag:yaml.org,2002:str"
ONE_ONE = yaml.resolver.Resolver()
ONE_TWO = VersionedResolver(version=(1, 2), loader=YAML())
VALUES = st.text(alphabet="0123456789eExXobtfnyNYruslaf.:_-+~TZ<= ", min_size=1, max_size=12)


def types(value: str) -> set[str]:
    """What a YAML 1.1 loader and a YAML 1.2 loader take a plain value for."""
    one_one = ONE_ONE.resolve(yaml.ScalarNode, value, (True, False))  # type: ignore[no-untyped-call]
    one_two = ONE_TWO.resolve(ScalarNode, value, (True, False))
    return {str(one_one), str(one_two)}


@given(VALUES | st.from_regex(r"[0-9]{1,4}[.:_-][0-9]{1,2}([.:_-][0-9]{1,2})?", fullmatch=True))
@example("1.20")
@example("20260101")
@example("1_000")
@example("12:30")
@example("017")
@example("1e5")
@example("0o17")
@example("no")
@example("~")
@example("2026-01-02")
def test_what_any_loader_takes_for_more_than_text_is_none(value: str) -> None:
    if types(value) != {STRING}:
        assert not is_text(value)


@pytest.mark.parametrize(
    "value", ["y", "N", "1e5", "12e4567", "0x1F", "089", "1_0.5", "1.", ".5", "+1", ".inf", "1:20.5"]
)
def test_what_some_loader_takes_for_a_number_or_a_word_is_no_text(value: str) -> None:
    assert not is_text(value)


@pytest.mark.parametrize(
    "value",
    ["v1", "1.2.3", "1.29-alpine", "latest", "1f834a5", "server-vulkan", "sha256:ab", "nginx:1.25", "e5", "v1_2"],
)
def test_usual_tags_are_text(value: str) -> None:
    assert types(value) == {STRING}
    assert is_text(value)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        pytest.param("40", "41", True, id="whole numbers"),
        pytest.param("1.25", "1.26", True, id="fractions"),
        pytest.param("1.30", "1.31", True, id="out of a fraction that reads short"),
        pytest.param("1.25", "1.30", False, id="reads as 1.3"),
        pytest.param("1.9", "2.0", False, id="prints as 2"),
        pytest.param("999999", "1000000", False, id="Go prints 1e+06"),
        pytest.param("40", "041", False, id="octal to some"),
        pytest.param("40", "4_1", False, id="underscore"),
        pytest.param("40", "1.5", False, id="another type"),
        pytest.param("1.5", "40", False, id="the other way"),
        pytest.param("v40", "41", False, id="was text"),
        pytest.param("yes", "no", False, id="words"),
    ],
)
def test_a_number_may_only_become_one_that_prints_as_it_is_written(old: str, new: str, same: bool) -> None:
    assert same_number(old, new) is same
