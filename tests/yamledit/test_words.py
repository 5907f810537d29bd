"""Words of a file that is no YAML: only they change, and that is proved token for token."""

from __future__ import annotations

import pytest

from imagebot.errors import CannotEdit
from imagebot.yamledit.replace import Patch
from imagebot.yamledit.tree import WORD, Scalar
from imagebot.yamledit.words import replace_words

DATA = b"a v1 b\r\n{{ v1 }} v1\n"


def word(start: int, end: int, line: int) -> Scalar:
    return Scalar(DATA[start:end].decode(), WORD, start, end, line, 1)


def test_words_on_several_lines_change_and_nothing_else() -> None:
    patches = [(word(17, 19, 2), Patch(0, 2, "v2")), (word(2, 4, 1), Patch(1, 2, "3"))]
    assert replace_words("f", DATA, patches) == b"a v3 b\r\n{{ v1 }} v2\n"


def test_a_patch_that_changes_nothing_is_none() -> None:
    assert replace_words("f", DATA, [(word(2, 4, 1), Patch(0, 2, "v1"))]) == DATA


def test_an_insertion_is_one_of_its_word() -> None:
    assert replace_words("f", DATA, [(word(2, 4, 1), Patch(2, 2, "@x"))]) == DATA.replace(b"a v1", b"a v1@x")


@pytest.mark.parametrize(
    ("scalar", "text"),
    [
        pytest.param(word(2, 4, 1), "v 2", id="two words"),
        pytest.param(word(2, 4, 1), "v\n2", id="two lines"),
        pytest.param(word(2, 4, 1), "v2 #", id="a comment"),
        pytest.param(word(2, 4, 1), "", id="nothing"),
        pytest.param(word(2, 4, 2), "v2", id="another line"),
        pytest.param(word(0, 4, 1), "b v2", id="more than a word"),
        pytest.param(word(1, 4, 1), "v2", id="joined to the word before"),
    ],
)
def test_more_than_one_token_is_no_edit(scalar: Scalar, text: str) -> None:
    with pytest.raises(CannotEdit, match="not proved"):
        replace_words("f", DATA, [(scalar, Patch(0, len(scalar.value), text))])
