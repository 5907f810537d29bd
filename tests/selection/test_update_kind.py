"""How far an update goes."""

from __future__ import annotations

from typing import Any

import pytest

from imagebot.selection.update_kind import kind
from tests.support.watches import watch


@pytest.mark.parametrize(
    ("old", "new", "keys", "expected"),
    [
        ("1.4.2", "1.4.3", {}, "patch"),
        ("1.4.2", "1.5.0", {}, "minor"),
        ("1.4.2", "2.0.0", {}, "major"),
        ("1.4.2", "1.5.0-rc.1", {}, "minor"),
        ("1.5.0-rc.1", "1.5.0", {}, "prerelease"),
        ("1.5.0-rc.1", "1.5.0-rc.2", {}, "prerelease"),
        ("1.5.0", "1.5.0", {}, "digest"),
        ("v1.5.0", "1.5.0", {}, "other"),
        ("latest", "1.5.0", {}, "other"),
        (None, "1.5.0", {}, "other"),
        ("", "1.5.0", {}, "other"),
        ("1.4", "1.4.1", {}, "patch"),
        ("1.4.2-alpine", "1.5.0-alpine", {"tags": {"match": "^(.+)-alpine$", "extract": "$1"}}, "minor"),
        ("build-7", "build-8", {"tags": {"match": "^build-([0-9]+)$", "extract": "1.0.$1"}}, "patch"),
    ],
)
def test_kinds(old: str | None, new: str, keys: dict[str, Any], expected: str) -> None:
    assert kind(old, new, watch(**keys)) == expected
