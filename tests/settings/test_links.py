"""Settings are read where they are named, and through links no further than their folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from imagebot.errors import BadInput
from imagebot.settings.resolve import load


def test_regret_settings_that_are_a_link_to_a_secret_show_no_byte_of_it(tmp_path: Path) -> None:
    """A repository that somebody else may write to is a folder to run `imagebot lint` in."""
    (tmp_path / "token").write_text("ghp_0123456789abcdefABCDEF")
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "imagebot.yaml").symlink_to(tmp_path / "token")
    with pytest.raises(BadInput) as caught:
        load(tmp_path / "repo" / "imagebot.yaml")
    assert str(caught.value) == (
        f"the settings {tmp_path}/repo/imagebot.yaml are a link to {(tmp_path / 'token').resolve()}, in another folder;"
        " name that file by --config"
    )


def test_settings_of_a_config_map_are_read(tmp_path: Path) -> None:
    (tmp_path / "..2026_01_01").mkdir()
    (tmp_path / "..2026_01_01" / "imagebot.yaml").write_text(
        "policies: [policies/]\nrepositories: {e: {url: /srv/e}}\n"
    )
    (tmp_path / "..data").symlink_to("..2026_01_01")
    (tmp_path / "imagebot.yaml").symlink_to("..data/imagebot.yaml")
    assert load(tmp_path / "imagebot.yaml").policies == (tmp_path / "policies",)


def test_a_pipe_for_settings_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "imagebot.yaml")
    with pytest.raises(BadInput, match="no regular file"):
        load(tmp_path / "imagebot.yaml")
