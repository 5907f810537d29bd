"""YAML that few write and every parser must take: the image is set alone, or it is said why not."""

from __future__ import annotations

import pytest

from imagebot.fields.assign import assign
from imagebot.fields.field import Value
from imagebot.images.reference import ImageName
from imagebot.yamledit.limits import MAX_DEPTH

API = ImageName("ghcr.io", "acme/api")
OLD, NEW = "ghcr.io/acme/api:v1", "ghcr.io/acme/api:v2"
LONG = "x" * 100_000


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# a\u2028# b\u2029# c\x85\nimage: @", id="line ends of YAML 1.1 in a comment"),
        pytest.param("a: 'b\u2028c'\nimage: @", id="line separator in quotes"),
        pytest.param("a: b\x85image: @\x85c: d", id="NEL ends a line"),
        pytest.param("a: b\rimage: @\rc: d\r", id="lone carriage returns"),
        pytest.param("a: b\r\nimage: @\nc: d\r", id="mixed line ends"),
        pytest.param("a: \xa0b\nimage: @", id="no-break space"),
        pytest.param("%YAML 1.2\n---\nimage: @\n...\n# end", id="YAML directive"),
        pytest.param("%YAML 1.1\n# c\n%TAG !e! tag:e.com,2000:\n---\na: !e!b c\nimage: @", id="TAG directive"),
        pytest.param("---\nimage: @\n--- # c\na: b\n...\n---\n", id="empty documents"),
        pytest.param("--- {image: @}\n--- [1]\n", id="on the line of its document"),
        pytest.param("? image\n: @", id="explicit key"),
        pytest.param("? 'image'\n# c\n:   @", id="explicit key and comment"),
        pytest.param("{? image : @}", id="explicit key in a flow map"),
        pytest.param("? {a: b}\n: c\n? [d]\n: e\n? image\n: @", id="beside keys that are no text"),
        pytest.param("!!str image: !!str @", id="tags of text"),
        pytest.param("!<tag:yaml.org,2002:str> image: @", id="verbatim tag on the key"),
        pytest.param("image: ! @", id="tag that says nothing"),
        pytest.param("&k image: &v @", id="anchors on key and value"),
        pytest.param("&m !!map {image: @}", id="tag on the map"),
        pytest.param("a:\nb: ~\nc: ''\nimage: @\nd:", id="beside empty values"),
        pytest.param("image: @ # c # d: {e # f", id="comment with everything in it"),
        pytest.param("image: @\t# tab", id="tab before the comment"),
        pytest.param("image:\t@", id="tab after the colon"),
        pytest.param("image:    @   \t ", id="blanks around it"),
        pytest.param("- - - image: @", id="lists in lists"),
        pytest.param("-\n  -\n    image:\n      @", id="everything on its own line"),
        pytest.param("{image: @}", id="flow map"),
        pytest.param("{ 'image' : @ , a : b }", id="flow map with blanks"),
        pytest.param('{"image":"@"}', id="JSON"),
        pytest.param("[{\n  image: @\n  ,\n  a: b }]", id="comma on the next line"),
        pytest.param("{image: @, # c }\n a: b}", id="comment in a flow map"),
        pytest.param("[image: @]", id="pair in a list"),
        pytest.param(f"a: {LONG}\nimage: @ # {LONG}", id="long lines"),
        pytest.param(f"{{a: {LONG[:1_000]}, image: @, b: '{LONG}'}}", id="long line with it inside"),
        pytest.param("a: |\n  image: nginx:1\n  # no comment\n\n\nimage: @", id="after a block"),
        pytest.param("a: |2-\n    b\n   c\nimage: @", id="after a block that says how far it stands in"),
        pytest.param("a: >+\n\n  b\n\n\nimage: @", id="after a block that keeps its end"),
        pytest.param('a: "b\\\n  c\\u00e9\\\n"\nimage: @', id="after a text that goes on"),
        pytest.param("🚀: 🚀\né: [日, 本]\nimage: @ # 🚀", id="characters of up to four bytes"),
        pytest.param("\ufeff# c\nimage: @", id="byte order mark"),
        pytest.param("a: b\n---\n\ufeffimage: @", id="byte order mark of the second document"),
        pytest.param("image: @\n---\na: !e!b c", id="before a document that is no YAML"),
    ],
)
def test_only_the_tag_changes(text: str) -> None:
    before, after = text.replace("@", OLD).encode(), text.replace("@", NEW).encode()

    assigned = assign("f.yaml", before, API, Value("v2"))

    assert assigned.problems == ()
    assert assigned.data == after


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("image: !image @", "tag !image", id="tag of nobody"),
        pytest.param("image: !<tag:yaml.org,2002:str> @", "cannot be told", id="verbatim tag"),
        pytest.param('image: "ghcr.io/acme/\\x61pi:v1" # acme/api', "escapes", id="escape"),
        pytest.param('image: "ghcr.io\\/acme\\/api:v1"', "escapes", id="escaped slashes"),
        pytest.param("image: @\nimage: @", "occurs twice", id="key twice"),
        pytest.param("{image: @, 'image': @}", "occurs twice", id="key twice with and without quotes"),
        pytest.param("a: {image: @}\na: {b: c}", "occurs twice", id="key above twice"),
        pytest.param("a: &a @\nimage: *a\ncommand: *a", "also used", id="anchor used for something else"),
        pytest.param("image: @\na: \0", "character", id="NUL"),
        pytest.param("image: @\na: \x1b[31m", "character", id="escape character"),
        pytest.param("image: @\n\ta: b", "not YAML", id="tab at the margin"),
        pytest.param("%FUTURE x\n---\nimage: @", "unknown directive", id="directive of nobody"),
        pytest.param("-\t- image: @", "not YAML", id="tab between dashes"),
        pytest.param("%YAML 3.0\n---\nimage: @", "not YAML", id="YAML of the future"),
        pytest.param("image: @\na: *b: c", "not YAML", id="broken further down"),
        pytest.param("image: @\na: " + "[" * MAX_DEPTH, "nested deeper", id="deep further down"),
    ],
)
def test_what_cannot_be_set_says_why_and_changes_nothing(text: str, why: str) -> None:
    before = text.replace("@", OLD).encode()

    assigned = assign("f.yaml", before, API, Value("v2"))

    assert assigned.data == before
    assert [why in problem.message for problem in assigned.problems][:1] == [True], assigned.problems
