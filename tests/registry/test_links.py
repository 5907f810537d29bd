"""Where a tag list goes on is found however it is written; what cannot be read is no end of the list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.errors import BadResponse
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.registry.limits import HEAD_BYTES, LINKS
from imagebot.registry.links import next_link
from imagebot.settings.resolve import RegistrySettings
from tests.support.fake_registry import tag_list
from tests.support.web_function import Answer, Asked, serving

NEXT = "/v2/acme/api/tags/list?last=1.0.0"
WRITTEN = [
    pytest.param([f'<{NEXT}>; rel="next"'], id="as usual"),
    pytest.param([f"<{NEXT}>;rel=next"], id="bare"),
    pytest.param([f'<{NEXT}>; rel="Next"'], id="Next"),
    pytest.param([f"<{NEXT}>; REL=next"], id="REL"),
    pytest.param([f'<{NEXT}>; Rel = "NEXT"'], id="spaces"),
    pytest.param([f'<{NEXT}>; rel="prev next"'], id="two values"),
    pytest.param([f'<{NEXT}>; rel="next\t prev"'], id="two values, the other way"),
    pytest.param([f'<{NEXT}>; title="a, <b>; rel=prev"; rel=next'], id="another parameter before"),
    pytest.param([f'<{NEXT}>; title="\\"; rel=prev"; rel=next; type=x'], id="quotes within"),
    pytest.param([f"</first>; rel=first, <{NEXT}>; rel=next"], id="another link before"),
    pytest.param([f"<{NEXT}>; rel=next,</last>; rel=last,"], id="another link behind"),
    pytest.param(["</first>; rel=first", f"<{NEXT}>; rel=next"], id="two headers"),
    pytest.param([f"<{NEXT}>; rel=next", f"<{NEXT}>; rel=next"], id="the same twice"),
    pytest.param([f'<{NEXT}>;\r\n rel="next"'], id="folded"),
    pytest.param([f"<{NEXT}>; crossorigin; rel=next"], id="a parameter without a value"),
    pytest.param([f"<{NEXT},with;such>; rel=next"], id="a target with a comma"),
]


@pytest.mark.parametrize("links", WRITTEN)
def test_a_next_page_is_found_however_its_link_is_written(links: list[str]) -> None:
    def function(asked: Asked) -> Answer:
        if "last" in asked.query:
            return tag_list("2.0.0")
        return tag_list("1.0.0", headers=[("Link", link) for link in links])

    with serving(function) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)})
        found = registries.tags(ImageName(served.host, "acme/api"))
    assert found.tags == ("1.0.0", "2.0.0")
    assert found.complete


@pytest.mark.parametrize(
    "header",
    [
        "",
        ",",
        "</a>",
        "</a>; rel=prev",
        '</a>; rel=""',
        "</a>; rel",
        "</a>; rel=nextpage",
        '</a>; rel="prev"; rel="next"',
        "</a>; title=next",
        '</a>; title="rel=next"; rel=prev',
        "</a>; rev=next",
        "</a>; rel=prev; title=rel, </b>; rel=prev",
    ],
)
def test_what_is_no_next_page_is_none(header: str) -> None:
    assert next_link(header) is None


@pytest.mark.parametrize(
    "header",
    [
        "/a; rel=next",
        "</a; rel=next",
        '</a>; rel="next',
        "</a> rel=next",
        "</a>; rel=next </b>; rel=prev",
        "</a>; rel=next, </b>; rel=next",
        "next",
        ", ".join(["</a>; rel=prev"] * (LINKS + 1)),
    ],
)
def test_a_link_that_cannot_be_read_is_no_end_of_the_list(header: str) -> None:
    with serving(lambda _: tag_list("1.0.0", headers=[("Link", header)])) as served:
        registries = Registries({served.host: RegistrySettings(plain_http=True)})
        with pytest.raises(BadResponse, match="a link to the next page that cannot be read"):
            registries.tags(ImageName(served.host, "acme/api"))


@given(st.text(st.characters(max_codepoint=255)) | st.text(st.sampled_from('<>;,="\\ \tarelnxt')))
def test_any_text_is_links_or_is_refused(header: str) -> None:
    try:
        target = next_link(header)
    except ValueError:
        return
    assert target is None or f"<{target}>" in header


@pytest.mark.parametrize("piece", [",<", "<", "<>,", "<>;", '<>;a="', ";", "; ", " ", '"', '\\"', "<>;a=b,", "a", '";'])
@pytest.mark.parametrize("before", ["", "<>;", '<>;rel="'])
def test_the_longest_header_is_read_in_one_go(before: str, piece: str) -> None:
    """Quadratic reading would run into the test's time limit."""
    for _ in range(20):
        try:
            next_link(before + piece * (HEAD_BYTES // len(piece)))
        except ValueError:
            continue
