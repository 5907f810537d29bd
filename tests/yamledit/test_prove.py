"""The proof sees every change that was not meant, whatever the splicing did."""

from __future__ import annotations

import pytest

from imagebot.errors import CannotEdit
from imagebot.yamledit.prove import prove
from imagebot.yamledit.splice import Edit

BEFORE = b"# c\na: &x v1\nb: [*x, 'two']\n---\n- |\n  text\n"
GOOD = Edit(BEFORE.index(b"v1"), b"v1", b"v2")
AFTER = BEFORE.replace(b"v1", b"v2")


def test_a_good_edit_passes() -> None:
    prove("f.yaml", BEFORE, AFTER, [GOOD], {GOOD.end: "v2"})


@pytest.mark.parametrize(
    ("after", "intended", "what"),
    [
        pytest.param(AFTER.replace(b"# c", b"# d"), {GOOD: "v2"}, "outside the value", id="comment"),
        pytest.param(AFTER + b"\n", {GOOD: "v2"}, "another length", id="longer"),
        pytest.param(AFTER[:-1], {GOOD: "v2"}, "outside the value", id="shorter"),
        pytest.param(AFTER, {GOOD: "v3"}, "read differently", id="another value"),
        pytest.param(
            AFTER, {GOOD._replace(new=b"v2"): "v2", Edit(0, b"", b""): "x"}, "not found again", id="no scalar"
        ),
        pytest.param(BEFORE.replace(b"v1", b"v2: 3"), {GOOD._replace(new=b"v2: 3"): "v2: 3"}, "read", id="a map"),
        pytest.param(BEFORE.replace(b"v1", b"v2 # 3"), {GOOD._replace(new=b"v2 # 3"): "v2 # 3"}, "read", id="comment"),
        pytest.param(BEFORE.replace(b"v1", b"v2\nz: 1"), {GOOD._replace(new=b"v2\nz: 1"): "v2"}, "read", id="new key"),
        pytest.param(BEFORE.replace(b"v1", b"*x"), {GOOD._replace(new=b"*x"): "v2"}, "read", id="alias"),
        pytest.param(BEFORE.replace(b"v1", b"@"), {GOOD._replace(new=b"@"): "@"}, "not YAML", id="breaks"),
        pytest.param(BEFORE.replace(b"v1", b"[v2]"), {GOOD._replace(new=b"[v2]"): "v2"}, "read", id="list"),
    ],
)
def test_anything_else_is_caught(after: bytes, intended: dict[Edit, str], what: str) -> None:
    with pytest.raises(CannotEdit, match="not proved") as caught:
        prove("f.yaml", BEFORE, after, intended, {edit.end: value for edit, value in intended.items()})
    assert what in str(caught.value)


def test_a_new_document_at_the_end_is_caught() -> None:
    before, after = b"a: v1", b"a: v2\n---\nb: 1"
    with pytest.raises(CannotEdit, match=r"ends elsewhere|read differently"):
        prove("f.yaml", before, after, [Edit(3, b"v1", b"v2\n---\nb: 1")], {5: "v2"})


def test_quotes_do_not_become_others() -> None:
    with pytest.raises(CannotEdit, match="read differently"):
        prove("f.yaml", b"a: 'v1'", b'a: "v2"', [Edit(3, b"'v1'", b'"v2"')], {7: "v2"})


def test_a_document_beside_that_is_no_yaml_stands_in_no_ones_way() -> None:
    rest = b"\n---\n{{ if .Values.x }}\n: - [\n---\nb: 1\n"
    prove("f.yaml", b"a: v1" + rest, b"a: v2" + rest, [Edit(3, b"v1", b"v2")], {5: "v2"})


def test_a_value_that_would_begin_a_document_is_caught() -> None:
    with pytest.raises(CannotEdit, match="not proved"):
        prove("f.yaml", b"x: 1\n--v1\n", b"x: 1\n--- \n", [Edit(7, b"v1", b"- ")], {9: "- "})
