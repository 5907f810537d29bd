"""The pull request of the README is one that a pass makes, and the picture of it is there."""

from __future__ import annotations

from pathlib import Path

from tests.picture.__main__ import PICTURE
from tests.picture.page import page
from tests.picture.story import pull_request


def test_the_story_has_something_to_decide_about(tmp_path: Path) -> None:
    pull = pull_request(tmp_path)

    assert pull.title == "deps(production): checkout 1.42.0 → 1.43.1"
    assert {"image-update", "env/production", "minor"} <= set(pull.labels)
    assert "`1.43.2` may run from 2026-01-04 12:00 UTC on" in pull.body
    assert (
        "**Not taken**: `1.44.0-rc.1` is a prerelease, and `^1.42` names none; `2.0.0` is not in `^1.42`." in pull.body
    )
    assert "127.0.0.1" not in pull.body
    assert page(pull).count('<input type="checkbox" disabled>') == 3


def test_the_picture_is_small_and_in_the_readme() -> None:
    assert PICTURE.read_bytes().startswith(b"\x89PNG")
    assert PICTURE.stat().st_size < 200_000
    assert "](docs/pull-request.png)" in (PICTURE.parent.parent / "README.md").read_text()
