"""Secrets show themselves to nobody by accident."""

from __future__ import annotations

import copy
import os
import pickle
from dataclasses import dataclass
from pathlib import Path

import pytest

from imagebot.errors import BadInput
from imagebot.secret import Secret, SecretFile


@dataclass(frozen=True)
class Holder:
    secret: Secret


@pytest.mark.parametrize(
    "shown",
    [
        str(Secret("hunter2")),
        repr(Secret("hunter2")),
        f"{Secret('hunter2')}",
        f"{Secret('hunter2')!r:>20}",
        f"{Secret('hunter2'):>20}",
        "%s %r" % (Secret("hunter2"), Secret("hunter2")),  # noqa: UP031
        repr([Secret("hunter2")]),
        repr(Holder(Secret("hunter2"))),
    ],
)
def test_a_secret_shows_itself_to_nobody(shown: str) -> None:
    assert "hunter2" not in shown
    assert "…" in shown


def test_but_to_who_asks() -> None:
    assert Secret("hunter2").reveal() == "hunter2"


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a") != "a"


def test_a_secret_leaves_the_process_in_no_pickle() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("hunter2"))
    with pytest.raises(TypeError):
        copy.copy(Secret("hunter2"))


@pytest.mark.parametrize(
    ("written", "read"), [("a\n", "a"), ("a\r\n", "a"), ("a", "a"), (" a b \n", " a b "), ("a\n\n", "a")]
)
def test_a_file_without_the_line_end_that_editors_add(tmp_path: Path, written: str, read: str) -> None:
    path = tmp_path / "token"
    path.write_bytes(written.encode())
    assert SecretFile(path).reveal() == read


def test_a_file_is_read_again_at_each_use(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    secret = SecretFile(path)
    assert secret.reveal() == "old"
    path.write_text("new")
    assert secret.reveal() == "new"


@pytest.mark.parametrize(
    ("content", "because"),
    [
        pytest.param(None, "cannot read the secret file .*token: No such file", id="missing"),
        pytest.param(b"\n", "the secret file .*token is empty", id="empty"),
        pytest.param(b"\xffhunter2", "cannot read the secret file .*token: it is not UTF-8 text", id="binary"),
        pytest.param(b"a" * (64 * 1024 + 1), "the secret file .*token is too large", id="too large"),
    ],
)
def test_a_file_that_is_no_secret(tmp_path: Path, content: bytes | None, because: str) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=because) as caught:
        SecretFile(path).reveal()
    assert "hunter2" not in str(caught.value)


def test_a_secret_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "token")
    with pytest.raises(BadInput, match=r"cannot read the secret file .*token: this is no regular file"):
        SecretFile(tmp_path / "token").reveal()


def test_a_secret_that_never_ends_is_not_read() -> None:
    with pytest.raises(BadInput, match="this is no regular file"):
        SecretFile(Path("/dev/zero")).reveal()


def test_a_secret_behind_a_link_is_read(tmp_path: Path) -> None:
    """As Kubernetes mounts them."""
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "token").write_text("hunter2")
    (tmp_path / "token").symlink_to("..data/token")
    assert SecretFile(tmp_path / "token").reveal() == "hunter2"
