"""What a Dockerfile takes from where, by its instructions and not by its text."""

from __future__ import annotations

import pytest

from imagebot.fields.assign import assign
from imagebot.fields.field import Value
from imagebot.fields.find import find
from imagebot.images.reference import ImageName
from tests.support.pins import OLD

NGINX = ImageName("docker.io", "library/nginx")


def used(text: str) -> list[tuple[str, int, str, str]]:
    """Path, line, name and value of each image."""
    found = find("Dockerfile", text.encode())
    return [(field.path, field.line, field.name.familiar, str(field.value)) for field in found.fields]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("FROM nginx:1", [("FROM[0]", 1, "nginx", "1")], id="from"),
        pytest.param("from nginx:1 as web", [("FROM[0]", 1, "nginx", "1")], id="small letters"),
        pytest.param("FROM nginx", [("FROM[0]", 1, "nginx", "")], id="without a tag"),
        pytest.param(f"FROM nginx:1@{OLD}", [("FROM[0]", 1, "nginx", f"1@{OLD}")], id="digest"),
        pytest.param("FROM --platform=$TARGETPLATFORM nginx:1 AS x", [("FROM[0]", 1, "nginx", "1")], id="platform"),
        pytest.param("\tFROM  nginx:1\t AS x\r\n", [("FROM[0]", 1, "nginx", "1")], id="blanks"),
        pytest.param("FROM \\\n# why\n\n  nginx:1 AS x", [("FROM[0]", 4, "nginx", "1")], id="over lines"),
        pytest.param("# escape=`\nFROM `\n nginx:1", [("FROM[0]", 3, "nginx", "1")], id="another escape"),
        pytest.param("# one \\\nFROM nginx:1", [("FROM[0]", 2, "nginx", "1")], id="comments do not go on"),
        pytest.param(
            "FROM a:1 AS B\nFROM b\nFROM c:1", [("FROM[0]", 1, "a", "1"), ("FROM[2]", 3, "c", "1")], id="stage"
        ),
        pytest.param("COPY --from=nginx:1 /a /b", [("COPY[0].from", 1, "nginx", "1")], id="copy"),
        pytest.param("COPY --link --from=nginx:1 a b", [("COPY[0].from", 1, "nginx", "1")], id="copy with flags"),
        pytest.param("ONBUILD COPY --from=nginx:1 a b", [("COPY[0].from", 1, "nginx", "1")], id="on build"),
        pytest.param(
            "RUN --mount=type=cache,target=/a --mount=from=nginx:1,target=/b x",
            [("RUN[0].mount[1].from", 1, "nginx", "1")],
            id="mount",
        ),
        pytest.param("FROM ${IMAGE:-nginx:1}", [("FROM[0]", 1, "nginx", "1")], id="default"),
        pytest.param("FROM nginx:${VERSION:-1}", [("FROM[0]", 1, "nginx", "1")], id="default of a tag"),
        pytest.param("RUN <<A cat <<-B\nFROM a\nA\n\tB\nFROM nginx:1", [("FROM[0]", 5, "nginx", "1")], id="two texts"),
        pytest.param("é\nRUN é\nFROM nginx:1", [("FROM[0]", 3, "nginx", "1")], id="characters of many bytes"),
    ],
)
def test_images_of_a_build(text: str, expected: list[tuple[str, int, str, str]]) -> None:
    assert used(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("FROM scratch", id="scratch"),
        pytest.param("COPY --from=0 a b", id="number of a stage"),
        pytest.param("COPY a --from=nginx:1", id="no flag"),
        pytest.param("RUN echo --mount=from=nginx:1", id="argument"),
        pytest.param("RUN echo FROM nginx:1", id="words"),
        pytest.param("RUN x \\\nFROM nginx:1", id="rest of a line"),
        pytest.param("RUN <<EOF\nFROM nginx:1\nEOF", id="text"),
        pytest.param("RUN <<EOF\nFROM nginx:1", id="text without an end"),
        pytest.param("# FROM nginx:1", id="comment"),
        pytest.param("FROM ngi\\\nnx:1", id="a torn word"),
        pytest.param("FROM ${BASE}", id="argument only"),
        pytest.param("FROM ${REGISTRY}/nginx:1", id="argument before"),
        pytest.param("LABEL from=nginx:1", id="label"),
        pytest.param("FROM", id="nothing"),
        pytest.param("FROM a:1 # imagebot: nginx", id="no comment can stand there"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_no_image_of_a_build(text: str) -> None:
    assert [item for item in used(text) if item[2] == "nginx"] == []
    assert find("Dockerfile", text.encode()).refusals == ()


def test_a_tag_from_a_build_argument_says_what_to_do() -> None:
    [refusal] = find("Dockerfile", b"ARG V=1\nFROM nginx:$V").refusals
    assert (refusal.name, refusal.problem.line, refusal.problem.column) == (NGINX, 2, 6)
    assert "`# imagebot: nginx` on the line above its `ARG`" in refusal.problem.message


def test_a_marked_argument_is_the_field() -> None:
    data = b"# imagebot: nginx\nARG V=1.27\nFROM nginx:$V\n"
    assert assign("Dockerfile", data, NGINX, Value("1.28")).data == data.replace(b"1.27", b"1.28")


def test_a_marker_beside_a_known_image_makes_no_second_field() -> None:
    assert used("# imagebot: nginx\nFROM nginx:1") == [("FROM[0]", 2, "nginx", "1")]


def test_bytes_that_are_no_text_are_left_as_they_are() -> None:
    data = b"# \xff\xfe\nFROM nginx:1\nRUN \xff\n"
    assert assign("Dockerfile", data, NGINX, Value("2")).data == data.replace(b"nginx:1", b"nginx:2")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"RUN <<A\n" * 300_000, id="texts without an end"),
        pytest.param(b"FROM a \\\n" * 50_000, id="one long instruction"),
        pytest.param(b"FROM a:1 AS b\n" * 10_000, id="many stages"),
        pytest.param(b"\\ " * 200_000, id="one long line"),
        pytest.param(b"# escape\n" * 300_000, id="comments"),
    ],
)
def test_a_hostile_dockerfile_costs_no_more_than_its_size(data: bytes) -> None:
    assert find("Dockerfile", data).unreadable is None


def test_a_dockerfile_beyond_the_limit_is_not_read() -> None:
    assert find("Dockerfile", b"#" * (8 * 1024 * 1024 + 1)).unreadable
