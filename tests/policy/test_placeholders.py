"""Named placeholders, and nothing else in braces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.documents.read import read
from imagebot.policy.model import PolicyFile
from imagebot.policy.placeholders import PLACEHOLDERS, Form

VALUES = {name: f"<{name}>" for name in PLACEHOLDERS}
POLICY = """\
app: api
repository: environments
environments: {staging: {}}
images: [{image: ghcr.io/acme/api, semver: ^1}]
pullRequest:
"""


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{app} in {environment}", "<app> in <environment>"),
        ("{{app}}", "{app}"),
        ("{{{app}}}", "{<app>}"),
        ("}}{{", "}{"),
        ("", ""),
    ],
)
def test_filling(text: str, filled: str) -> None:
    assert Form.parse(text).fill(VALUES) == filled


@given(st.text())
def test_a_text_with_its_braces_doubled_stands_for_itself(text: str) -> None:
    doubled = text.replace("{", "{{").replace("}", "}}")

    assert Form.parse(doubled).fill({}) == text


@given(st.text())
def test_what_a_value_says_is_not_read_again(value: str) -> None:
    assert Form.parse("{app}!").fill({"app": value}) == f"{value}!"


def problem(keys: str) -> str:
    """What is said about a policy file with these keys under `pullRequest`."""
    found = read(PolicyFile, "api.yaml", (POLICY + keys).encode())
    assert isinstance(found, tuple), found
    return "\n".join(map(str, found))


ALL = "{app}, {count}, {environment}, {from}, {image}, {kind}, {name}, {to}"
OF_A_LABEL = "{app}, {environment}, {image}, {kind}, {name}"


@pytest.mark.parametrize(
    ("keys", "message", "marked"),
    [
        pytest.param('title: "deps: {ap} {to}"', "no placeholder {ap}; did you mean {app}?", "{ap}", id="misspelt"),
        pytest.param("title: a {tag}", f"no placeholder {{tag}}; there are {ALL}", "{tag}", id="unknown"),
        pytest.param("title: a {app!r}", "no placeholder {app!r}; did you mean {app}?", "{app!r}", id="conversion"),
        pytest.param("title: a {app:>9}", "no placeholder {app:>9}; did you mean {app}?", "{app:>9}", id="format"),
        pytest.param("title: a {app.x}", "no placeholder {app.x}; did you mean {app}?", "{app.x}", id="attribute"),
        pytest.param("title: a {0}", f"no placeholder {{0}}; there are {ALL}", "{0}", id="number"),
        pytest.param("title: a {}", f"no placeholder {{}}; there are {ALL}", "{}", id="nothing"),
        pytest.param("title: a {app", "no partner; a brace of the text is written twice: {{", "{", id="open"),
        pytest.param("title: a app}", "no partner; a brace of the text is written twice: }}", "}", id="close"),
        pytest.param("labels: ['{to}']", f"no placeholder {{to}}; there are {OF_A_LABEL}", "{to}", id="in a label"),
    ],
)
def test_a_wrong_placeholder_is_pointed_at(keys: str, message: str, marked: str) -> None:
    headline, line, caret = problem(f"  {keys}\n").splitlines()

    assert headline.startswith(f"api.yaml:6:{keys.index(marked) + 3}: ")
    assert headline.endswith(message)
    assert line.strip() == keys
    assert caret[line.index(marked) :] == "^".ljust(len(marked), "~")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("  note: 'a <!-- hidden'\n", "a note has no comments: imagebot keeps its own marks in them"),
        (
            "  note: |\n    a\n      /merge\n",
            "GitLab takes a line that begins with '/' for a command: begin it otherwise",
        ),
        ("  note: ''\n", "a note is Markdown of at most 2000 printable characters"),
        (f"  title: {'x' * 201}\n", "a title is one line of at most 200 printable characters"),
        ("  labels: ['a,b']\n", "a label has 1 to 50 printable characters and no comma"),
        ("  labels: [Imagebot/hold]\n", "labels that begin with imagebot/ are for people to ask something of the bot"),
    ],
)
def test_what_is_no_title_label_or_note(keys: str, message: str) -> None:
    assert message in problem(keys)
