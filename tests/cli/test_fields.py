"""`imagebot fields`: a table for people and grep, JSON for programs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from imagebot.cli.main import main
from tests.support.pins import OLD

SHOP = f"""\
image:
  repository: ghcr.io/acme/api
  tag: 1.4.0
  digest: {OLD}
sidecar: &s {{repository: redis, tag: 7.2}}
other: *s
worker:
  repository: acme/worker
"""


def fields(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["fields", *map(str, arguments)], standalone_mode=False)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with an app, a template that does not parse and one that names no image."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "values.yaml").write_text(SHOP)
    (tmp_path / "shop" / "job.yaml").write_text("{{ if .x }}\nimage: {{ .y }}\n")
    (tmp_path / "shop" / "role.yaml").write_text("{{ if .x }}\nkind: Role\n")
    return tmp_path


@pytest.mark.usefixtures("here")
def test_a_line_for_each_place() -> None:
    done = fields("shop")
    lines = [line.split() for line in done.output.splitlines()]
    assert [line[0] for line in lines] == [
        "shop/job.yaml:2",
        "shop/values.yaml:3",
        "shop/values.yaml:5",
        "shop/values.yaml:8",
    ]
    assert lines[1] == ["shop/values.yaml:3", "helm-values", "image.tag", "ghcr.io/acme/api", "1.4.0", OLD]
    assert lines[2] == ["shop/values.yaml:5", "helm-values", "sidecar.tag", "redis", "7.2", "-"]
    assert lines[3][:6] == ["shop/values.yaml:8", "no-version", "-", "acme/worker", "-", "-"]
    assert lines[0][:6] == ["shop/job.yaml:2", "unreadable", "-", "-", "-", "-"]
    assert done.return_value == 0


def test_what_cannot_be_edited_says_why(here: Path) -> None:
    (here / "a.yaml").write_text("image: nginx:1.25\nimage: nginx:1.26\n")
    done = fields("a.yaml")
    assert "image  nginx  1.25  -  cannot be edited: the key `image` occurs twice" in done.output


def test_references_in_longer_text_are_listed_for_images_that_are_fields(here: Path) -> None:
    (here / "a.yaml").write_text("image: nginx:1.25\nargs: ['--image=nginx:1.24 --other=redis:7']\n")
    lines = [line.split() for line in fields("a.yaml").output.splitlines()]
    assert [(line[1], line[3], line[4]) for line in lines] == [
        ("image", "nginx", "1.25"),
        ("embedded", "nginx", "1.24"),
    ]


@pytest.mark.usefixtures("here")
def test_json_for_programs() -> None:
    report = json.loads(fields("shop", "--json").output)
    assert report["fields"][0] == {
        "file": "shop/values.yaml",
        "line": 3,
        "shape": "helm values",
        "path": "image.tag",
        "image": "ghcr.io/acme/api",
        "tag": "1.4.0",
        "digest": OLD,
        "why": None,
    }
    assert [(item["kind"], item["image"]) for item in report["others"]] == [
        ("unreadable", None),
        ("no-version", "acme/worker"),
    ]


def test_no_field_is_an_answer_with_an_exit_code(here: Path) -> None:
    (here / "empty.yaml").write_text("a: 1\n")
    done = fields("empty.yaml")
    assert (done.return_value, done.stdout, done.stderr) == (1, "", "imagebot: no field in empty.yaml\n")


def test_a_file_that_cannot_be_opened_keeps_nothing_of_the_others_back(here: Path) -> None:
    os.mkfifo(here / "pipe.yaml")
    (here / "b.yaml").write_text("image: nginx:1.25\n")
    done = fields("pipe.yaml", "b.yaml")
    assert (done.return_value, done.stdout.split()[0]) == (1, "b.yaml:1")
    assert done.stderr == "imagebot: pipe.yaml: this is no regular file\n"


def test_a_path_with_spaces_is_one_column(here: Path) -> None:
    (here / "my app.yaml").write_text('"my image": {image: "nginx:1"}\n')
    [line] = fields("my app.yaml").output.splitlines()
    assert len([cell for cell in line.split("  ") if cell]) == 6
