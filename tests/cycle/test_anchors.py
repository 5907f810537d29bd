"""Keys and Sigstore's root are read from files of people's, which may be anything."""

from __future__ import annotations

from pathlib import Path

from imagebot.cycle.anchors import key_in, root_in
from imagebot.publickey import MOST_BYTES

MOST_ROOT_BYTES = 1 << 20


def test_a_root_is_read_up_to_a_mebibyte_and_no_further(tmp_path: Path) -> None:
    file = tmp_path / "root.json"
    file.write_bytes(bytes(MOST_ROOT_BYTES))
    assert root_in(file) == bytes(MOST_ROOT_BYTES)

    file.write_bytes(bytes(MOST_ROOT_BYTES + 1))
    assert root_in(file) == f"the trusted root {file} is larger than anything of its kind"


def test_a_key_of_the_size_of_a_picture_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "release.pub"
    file.write_bytes(bytes(MOST_BYTES + 1))

    assert key_in("release", file) == f"the key release {file} is larger than anything of its kind"
