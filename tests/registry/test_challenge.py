"""Whatever a registry writes into WWW-Authenticate is read, or passed over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.registry.challenge import Challenge, parse_challenges

BEARER = Challenge("bearer", {"realm": "https://r.test/token", "service": "r.test"})


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        pytest.param("", (), id="nothing"),
        pytest.param("Basic", (Challenge("basic"),), id="no parameters"),
        pytest.param('Bearer realm="https://r.test/token",service="r.test"', (BEARER,), id="docker"),
        pytest.param('bearer  Realm = "https://r.test/token" , SERVICE=r.test', (BEARER,), id="spaces and case"),
        pytest.param(
            'Bearer realm="https://r.test/token",service="r.test",Basic realm="Gitea"',
            (BEARER, Challenge("basic", {"realm": "Gitea"})),
            id="codeberg",
        ),
        pytest.param(
            "Negotiate, Basic realm=x", (Challenge("negotiate"), Challenge("basic", {"realm": "x"})), id="iis"
        ),
        pytest.param("Negotiate YII+/abc==, Basic", (Challenge("negotiate"), Challenge("basic")), id="token68"),
        pytest.param(
            'Basic realm="a, Bearer realm=b"', (Challenge("basic", {"realm": "a, Bearer realm=b"}),), id="quoted"
        ),
        pytest.param(r'Basic realm="a\"b\\c"', (Challenge("basic", {"realm": r'a"b\c'}),), id="escaped"),
        pytest.param(
            'Basic realm="Artifactory Realm"', (Challenge("basic", {"realm": "Artifactory Realm"}),), id="jfrog"
        ),
        pytest.param(
            'Bearer realm="a",scope="repository:r.test:5000/a:pull"',
            (Challenge("bearer", {"realm": "a", "scope": "repository:r.test:5000/a:pull"}),),
            id="scope",
        ),
    ],
)
def test_every_challenge_is_read(header: str, challenges: tuple[Challenge, ...]) -> None:
    assert parse_challenges(header) == challenges


def test_the_last_of_two_equal_parameters_counts() -> None:
    assert parse_challenges("Bearer realm=a, realm=b") == (Challenge("bearer", {"realm": "b"}),)


@given(st.text(alphabet=st.sampled_from('Bearer Basic realm="\\,;= \t\x00é=')) | st.text())
def test_no_header_is_too_strange(header: str) -> None:
    for challenge in parse_challenges(header):
        assert challenge.scheme == challenge.scheme.lower()


@pytest.mark.parametrize("piece", ['"', "\\", "=", "a=", 'a="', "a ", ", ", '"\\', "a=b", 'Bearer realm="x",'])
def test_sixty_four_kilobytes_of_anything_are_read_in_one_go(piece: str) -> None:
    """Quadratic reading of the longest header that gets here would run into the test's time limit."""
    assert isinstance(parse_challenges("Bearer " + piece * (65536 // len(piece))), tuple)


def test_thousands_of_parameters_are_read_in_one_go() -> None:
    header = "Bearer " + ",".join(f"p{number}=v" for number in range(7000))
    assert len(parse_challenges(header)[0].parameters) == 7000
