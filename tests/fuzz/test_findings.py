"""What the fuzzers found once, each named after the regret. Add the case that `make fuzz` prints."""

from __future__ import annotations

import pytest

from tests.fuzz.oracle import Case, check


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case(b'a: {b: "v1"}\n', 3, 14), id="a quote in double quotes turned them into single ones"),
        pytest.param(Case(b"a: |\n  d", 806797475, 239849233), id="a blank moved a block to the right"),
        pytest.param(Case(b"aaaaa\r\n", 215428348, 955027500), id="three dots ended the document"),
        pytest.param(Case(b"a: !%ed%a0%80 x\n", 0, 0), id="a tag whose escapes are no characters crashed"),
        pytest.param(
            Case(
                b'{{- if x }}\n# imagebot: ghcr.io/acme/app\nimage: "{{ .regis\xf0\x9f\x9a\x80try }}/acme/app:v1"\n',
                0,
                0,
            ),
            id="characters beside a marked word broke",
        ),
        pytest.param(
            Case(b"containers:\n- image: nginx\n  digest: sha256:aaaa\n", 2, 5),
            id="a stale digest was left beside an image without a tag",
        ),
        pytest.param(
            Case("a: |\n  d\u2029ocker: v1\n".encode(), 3, 4),
            id="a block that ends in a separator took in what follows it",
        ),
        pytest.param(
            Case(b"images:\n  digest: ''\n  image: ghcr.io/acme/api:v1\n", 2, 3),
            id="an image in a map of images was two fields",
        ),
        pytest.param(Case(b"\r--\r\t", 2527, 47930), id="new quotes bared a tab on the next line"),
        pytest.param(
            Case(b"images:\n  repository: ghcr.io/acme/app\n  tag: v1\n", 2, 3),
            id="a tag was taken for an image called v2",
        ),
    ],
)
def test_what_was_found_once(case: Case) -> None:
    check(case, second_opinion=True)
