"""`imagebot select`: tags in, the tag to deploy out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click import ClickException
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from imagebot.cli.main import main
from imagebot.errors import WRONG_INPUT, ImagebotError
from imagebot.images.reference import is_tag
from imagebot.versions.all_orders import KEYS

TAGS = ["1.4.0", "1.4.2", "v1.5.0", "1.5.0-rc.1", "1.4", "2.0.0", "latest"]


def select(*flags: str, stdin: str | bytes = "\n".join(TAGS)) -> tuple[int, str, str]:
    """Exit code, standard output, standard error; errors are put into words as `run` does it."""
    result = CliRunner().invoke(main, ["select", *flags], input=stdin, standalone_mode=False)
    match result.exception:
        case None:
            return result.return_value, result.stdout, result.stderr
        case ImagebotError() as error:
            return error.exit_code, result.stdout, f"{result.stderr}imagebot: {error}\n"
        case ClickException() as error:
            return WRONG_INPUT, result.stdout, error.format_message()
        case error:
            raise error


@pytest.mark.parametrize(
    ("flags", "chosen", "because"),
    [
        (["--semver", "^1.4"], "v1.5.0", "v1.5.0 is the newest of 3 tags in ^1.4"),
        (["--semver", "^1.4", "--current", "1.4.2"], "v1.5.0", "v1.5.0 is the newest of 3 tags in ^1.4 (now 1.4.2)"),
        (["--semver", "^1.4", "--current", "v1.5.0"], "v1.5.0", "v1.5.0 is the newest of 3 tags in ^1.4"),
        (
            ["--semver", "^1.4", "--current", "1.6.0"],
            "1.6.0",
            (
                "--current is at 1.6.0, which is not in the list of tags; "
                "v1.5.0 is the newest of 3 tags in ^1.4: only a person takes a step down"
            ),
        ),
        (["--semver", "~1.4", "--loose"], "1.4.2", "1.4.2 is the newest of 3 tags in ~1.4"),
        (["--semver", "1.4.x || >=1.5-0 <1.6", "--match", "^1"], "1.5.0-rc.1", None),
        (["--semver", "^1.4", "--match", "^1", "--prereleases"], "1.5.0-rc.1", None),
        (["--semver", "*", "--match", "^v(.+)$", "--extract", "$1"], "v1.5.0", "v1.5.0 is the only tag in *"),
        (["--semver", "*", "--ignore", "2.0.0", "--ignore", "range:~1.5", "--ignore", r"match:\.0$"], "1.4.2", None),
    ],
)
def test_the_choice_alone_goes_to_standard_output(flags: list[str], chosen: str, because: str | None) -> None:
    code, out, err = select(*flags)
    assert (code, out) == (0, f"{chosen}\n")
    assert because in (None, err.removesuffix("\n"))


@pytest.mark.parametrize(
    ("flags", "stdin", "because"),
    [
        (["--semver", "^3"], "1.0.0\nlatest\n", "none of 2 tags fits: 1 refused by range, 1 refused by semver\n"),
        (["--semver", "^3", "--current", "3.0.0"], "1.0.0\n", "the only tag does not fit: 1 refused by range\n"),
        (["--semver", "*"], "", "there are no tags on standard input\n"),
        (["--semver", "*"], "\n  \n", "there are no tags on standard input\n"),
    ],
)
def test_nothing_fits(flags: list[str], stdin: str, because: str) -> None:
    assert select(*flags, stdin=stdin) == (4, "", because)


@pytest.mark.parametrize(
    ("flags", "stdin", "says"),
    [
        (
            ["--semver", "^1.4, banana"],
            "1.4.0",
            (
                "imagebot: --semver: 'banana' is no condition on a version; write one such as ^1.4 or >=1.2\n"
                "    ^1.4, banana\n"
                "          ^~~~~~\n"
            ),
        ),
        (
            ["--semver", "*", "--match", "^v(?!1)"],
            "1.4.0",
            (
                "imagebot: --match: RE2 patterns have no look-ahead; "
                "look for the tags to keep, and put the others under ignore\n"
                "    ^v(?!1)\n"
                "      ^~~\n"
            ),
        ),
        (
            ["--semver", "*", "--match", "^v(.+)$", "--extract", "v$2"],
            "1.4.0",
            "imagebot: --extract: $2: the pattern has 1 group\n    v$2\n     ^~\n",
        ),
        (
            ["--semver", "*", "--ignore", "range:^x y"],
            "1.4.0",
            (
                "imagebot: --ignore: 'y' is no condition on a version; write one such as ^1.4 or >=1.2\n"
                "    range:^x y\n"
                "             ^\n"
            ),
        ),
        (["--semver", ""], "1.4.0", "imagebot: --semver: an empty range; * stands for every release\n"),
        (["--semver", "*", "--extract", "$1"], "1.4.0", "imagebot: --extract takes groups out of --match: give both\n"),
        (["--semver", "*", "--current", "a b"], "1.4.0", "imagebot: --current: 'a b' is no tag\n"),
        (
            ["--semver", "*", "--ignore", "rage:1"],
            "1.4.0",
            "imagebot: --ignore: 'rage:1' is no tag; write a tag, range:RANGE or match:RE\n",
        ),
        (
            ["--semver", "*"],
            "1.4.0\n\n  1.5.0 \r\n 1.6.0 1.7.0\nnginx:1.0\n",
            (
                "imagebot: standard input:4:2: this is no tag\n    1.6.0 1.7.0\n    ^~~~~~~~~~~\n"
                "standard input:5:1: this is no tag\n    nginx:1.0\n    ^~~~~~~~~\n"
            ),
        ),
    ],
)
def test_wrong_input_gets_a_caret(flags: list[str], stdin: str, says: str) -> None:
    assert select(*flags, stdin=stdin) == (2, "", says)


def test_control_characters_in_a_flag_do_not_reach_the_terminal() -> None:
    code, out, err = select("--semver", "^1 \x1b[2J")
    assert (code, out) == (2, "")
    assert "\x1b" not in err


def test_bytes_that_are_no_text_and_control_characters_do_no_harm() -> None:
    code, out, err = select("--semver", "*", stdin=b"1.0.0\n\xff\xfe\n\x1b[2J\n")
    assert (code, out) == (2, "")
    assert err.count("this is no tag") == 2
    assert "\x1b" not in err


def test_of_many_wrong_lines_ten_are_shown() -> None:
    code, _, err = select("--semver", "*", stdin="a b\n" * 40)
    assert code == 2
    assert err.count("this is no tag") == 10
    assert err.endswith("and 30 more lines like these\n")


@pytest.mark.parametrize(
    ("flags", "stdin", "chosen", "because"),
    [
        (["--calver", "YYYY.0M.MICRO"], "2026.01.9\n2026.01.10\n2026.2.0\n", "2026.01.10", "the newest of 2 tags"),
        (
            ["--calver", "YYYY.MM", "--range", "2025"],
            "2025.9\n2025.10\n2026.1\n",
            "2025.10",
            "the newest of 2 tags in 2025",
        ),
        (["--calver", "YYYY.MM-MODIFIER", "--prereleases"], "2026.1-rc1\n2025.1\n", "2026.1-rc1", "the newest of 2"),
        (
            ["--numeric", "asc"],
            "20260101000000001\n20260101000000002\n",
            "20260101000000002",
            "the highest of 2 numbers",
        ),
        (["--numeric", "desc", "--ignore", "range:<3"], "2\n10\n9\n", "9", "the lowest of 2 numbers"),
        (["--alphabetical", "asc"], "bionic\nfocal\n", "focal", "the last of 2 tags in alphabetical order"),
        (["--alphabetical", "desc"], "bionic\nfocal\n", "bionic", "the first of 2 tags in alphabetical order"),
        (
            ["--created"],
            "a\t2026-01-02\n b \t 2026-01-01T12:00:00Z \n\n",
            "a",
            "the newest of 2 images, made on 2026-01-02",
        ),
        (
            ["--semver", "*", "--variant", "keep", "--current", "1.0.0-a"],
            "1.1.0-a\n1.2.0\n",
            "1.1.0-a",
            "the only tag in *",
        ),
    ],
)
def test_every_order(flags: list[str], stdin: str, chosen: str, because: str) -> None:
    code, out, err = select(*flags, stdin=stdin)
    assert (code, out) == (0, f"{chosen}\n")
    assert err.startswith(f"{chosen} is {because}")


def test_by_a_file_of_commits(tmp_path: Path) -> None:
    new, old = "b" * 40, "a" * 40
    (tmp_path / "history").write_text(f"{new}\n{old}\n")
    code, out, err = select(
        "--commit", str(tmp_path / "history"), "--match", "^main-", stdin=f"main-{old[:7]}\n{new}\n"
    )
    assert (code, out) == (0, f"main-{old[:7]}\n")
    assert err == (
        f"main-{old[:7]} is the only commit of the branch with an image; 1 newer commit has none yet: {new[:7]}\n"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("abc\n", "holds 'abc', which is no commit id; write what `git rev-list --first-parent BRANCH` prints"),
        ("", "holds no commit ids; write what"),
        ("\N{SNOWMAN}", "cannot be read"),
    ],
)
def test_a_file_of_something_else(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "history").write_text(text)
    code, out, err = select("--commit", str(tmp_path / "history"))
    assert (code, out) == (2, "")
    assert says in err


BY_FLAG = [f"--{name}" for name, keys in KEYS.items() if keys.facts.flags]


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ([], f"Give exactly one of {', '.join(BY_FLAG[:-1])} and {BY_FLAG[-1]}."),
        (["--semver", "*", "--numeric", "asc"], "Give exactly one of --semver"),
        (["--semver", "*", "--range", "1.x"], "--range goes with --calver."),
        (["--numeric", "up"], "'up' is not one of 'asc', 'desc'"),
        (["--calver", "YYYY.FOO"], "--calver: 'FOO' is no field: there are"),
        (["--calver", "YYYY.FOO"], "    YYYY.FOO\n         ^~~\n"),
        (["--calver", "YYYY.MM", "--range", "^2026"], "    ^2026\n    ^~~~~\n"),
        (["--numeric", "asc", "--ignore", "a", "--ignore", "range:>1 ^2"], "    range:>1 ^2\n             ^~\n"),
        (["--numeric", "asc", "--loose"], "--loose: loose is about semver"),
        (["--created", "--variant", "keep"], "--variant: created cannot tell where a version ends"),
        (
            ["--created"],
            "standard input:1:1: --created needs a time: write the tag, a tab and 2026-01-31T12:00:00Z\n    1.4.0\n",
        ),
        (["--semver", "*", "--match", "(a)", "--extract", "$1", "--variant", "keep"], "leave --variant out"),
    ],
)
def test_flags_that_do_not_go_together(flags: list[str], says: str) -> None:
    code, out, err = select(*flags)
    assert (code, out) == (2, "")
    assert says in err


def test_a_time_that_is_none_gets_a_caret() -> None:
    code, _, err = select("--created", stdin="a\t2026-01-01\nb\tnoon\n")
    assert code == 2
    assert "standard input:2:1: 'noon' is no moment; write one such as 2026-01-31T12:00:00Z or 2026-01-31" in err


def test_json_has_the_reason_of_every_tag() -> None:
    code, out, err = select("--semver", "^1.4", "--current", "1.4.2", "--json", stdin="1.4.2\n1.5.0\n2.0.0\nlatest\n")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "chosen": "1.5.0",
        "state": "update",
        "because": "1.5.0 is the newest of 2 tags in ^1.4 (now 1.4.2)",
        "counts": {"candidates": 2, "refused": 2},
        "candidates": [
            {"tag": "1.5.0", "version": "1.5.0", "because": "1.5.0 is in ^1.4"},
            {"tag": "1.4.2", "version": "1.4.2", "because": "1.4.2 is in ^1.4"},
        ],
        "refused": [
            {"tag": "2.0.0", "rule": "range", "because": "2.0.0 is not in ^1.4"},
            {"tag": "latest", "rule": "semver", "because": "latest is no three-part version"},
        ],
    }


@pytest.mark.parametrize(
    ("flags", "code", "state", "chosen"),
    [
        (["--semver", "^1.4"], 0, "chosen", "v1.5.0"),
        (["--semver", "^1.4", "--current", "v1.5.0"], 0, "up to date", "v1.5.0"),
        (["--semver", "^1.4", "--current", "2.0.0"], 0, "held (downgrade)", "2.0.0"),
        (["--semver", "^7"], 4, "no candidate", None),
    ],
)
def test_json_names_the_state(flags: list[str], code: int, state: str, chosen: str | None) -> None:
    exit_code, out, _ = select("--json", *flags)
    data = json.loads(out)
    assert (exit_code, data["state"], data["chosen"]) == (code, state, chosen)


def test_help_teaches_by_two_examples() -> None:
    code, out, _ = select("--help")
    assert code == 0
    assert out.count("| imagebot select") == 2


def test_in_a_pipe() -> None:
    """A real process: nothing but the tag on standard output, and the exit code that scripts ask for."""
    command = [sys.executable, "-m", "imagebot", "select", "--semver", "^1.4"]
    done = subprocess.run(command, input="1.4.0\n1.5.0\n", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "1.5.0\n")
    nothing = subprocess.run(command, input="2.0.0\n", capture_output=True, text=True, check=False)
    assert (nothing.returncode, nothing.stdout) == (4, "")


LINES = st.sampled_from(["1.0.0", " 1.1.0\t", "", "  ", "\t", "a b", "x" * 128, "x" * 129, "é", "-a", "\r1", "1.0.0"])


@given(st.lists(LINES, max_size=6), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_lines_are_read_all_at_once_as_they_are_one_by_one(lines: list[str], end: str, ended: bool) -> None:
    code, out, _ = select("--alphabetical", "asc", "--json", stdin=end.join(lines) + end * ended)
    tags = [line.strip() for line in lines if line.strip()]
    assert (code == 2) == any(not is_tag(tag) for tag in tags)
    if code != 2:
        assert {item["tag"] for item in json.loads(out)["candidates"]} == set(tags)
