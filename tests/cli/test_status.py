"""`imagebot status` names what is open, and where; `imagebot help` is understood."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from imagebot.cli.main import VERBS, main
from tests.support.stage import Stage


def test_what_is_open_is_told_with_its_link(stage: Stage) -> None:
    assert "Open pull requests" not in stage.imagebot("status").out
    stage.one_pass()
    (pull,) = stage.pulls()

    text, data = stage.imagebot("status").out, json.loads(stage.imagebot("status", "--json").out)

    assert f"Open pull requests:\n  #1 podinfo@staging: deps(staging): podinfo 6.5.3 → 6.5.4 {pull.url}\n" in text
    assert [(one["policies"], one["number"], one["url"]) for one in data["open"]] == [
        (["podinfo@staging"], 1, pull.url)
    ]


@pytest.mark.parametrize("verb", ["status", "pr"])
def test_help_is_a_verb_too(verb: str) -> None:
    run = CliRunner().invoke
    assert run(main, ["help"]).output == run(main, ["--help"]).output
    assert run(main, ["help", verb]).output == run(main, [verb, "--help"]).output
    assert f"'{verb}x'; did you mean '{verb}'?" in run(main, ["help", f"{verb}x"]).output
    assert "help" not in VERBS
