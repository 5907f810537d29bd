"""`kubectl diff` right after `kubectl apply` shows nothing: manifests are written as the API server returns them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.test_kubernetes import MANIFESTS

README = Path(__file__).parent.parent.parent / "README.md"
QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti|)")
STEPS = {"m": 1000, "": 1000, "k": 1000, "M": 1000, "G": 1000, "Ki": 1024, "Mi": 1024, "Gi": 1024}


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Everything without anything in it, and where it stands."""
    match node:
        case dict() if node:
            for key, value in node.items():
                yield from leaves(value, f"{path}.{key}")
        case list() if node:
            for index, value in enumerate(node):
                yield from leaves(value, f"{path}[{index}]")
        case _:
            yield path, node


LEAVES = [
    pytest.param(path, value, id=f"{name} {path}") for name, one in MANIFESTS.items() for path, value in leaves(one)
]


@pytest.mark.parametrize(("path", "value"), LEAVES)
def test_regret_nothing_is_written_that_the_server_leaves_out(path: str, value: Any) -> None:
    """Empty lists, maps and texts, nulls and zeros are not kept: what is not kept differs for ever."""
    assert value not in ([], {}, "", None)
    assert value is False or value != 0


@pytest.mark.parametrize(
    ("path", "value"), [leaf for leaf in LEAVES if re.search(r"\.(requests|limits)\.|sizeLimit", str(leaf.values[0]))]
)
def test_quantities_are_written_as_the_server_writes_them(path: str, value: Any) -> None:
    """Without a fraction, in the largest unit that allows for it: `1` and not `1000m`, `1Gi` and not `1024Mi`."""
    found = QUANTITY.fullmatch(value)
    assert found, f"{path}: {value!r} is no text with a unit"
    number, unit = found.groups()
    assert "." not in number
    assert int(number) % STEPS[unit] != 0


def test_what_is_lost_with_the_state_is_said_alike() -> None:
    claim = README.parent / "deploy" / "kubernetes" / "persistentvolumeclaim.yaml"
    said = [" ".join(path.read_text().replace("#", "").split()) for path in (claim, README)]
    for words in ("soak begins anew", "holds are gone", "nothing else"):
        assert [words in text for text in said] == [True, True], words
