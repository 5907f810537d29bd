"""`imagebot set` as a person meets it: arguments, exit codes, what is written and what is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from imagebot.cli.main import main
from tests.support.pins import NEW, OLD


def run(*arguments: object) -> Result:
    """The verb with these arguments."""
    return CliRunner().invoke(main, ["set", *map(str, arguments)])


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def pod(tmp_path: Path) -> Path:
    """A file with one container."""
    return write(tmp_path / "pod.yaml", "spec:\n  containers:\n    - image: nginx:1.25 # web\n")


def test_it_says_what_it_changed_and_writes_it(pod: Path) -> None:
    result = run("nginx:1.27", pod)
    assert (result.output, result.exit_code) == (f"{pod}:3 1.25 → 1.27\n", 0)
    assert pod.read_text() == "spec:\n  containers:\n    - image: nginx:1.27 # web\n"


def test_nothing_to_do_is_fine_and_silent(pod: Path) -> None:
    before = pod.stat()
    result = run("docker.io/library/nginx:1.25", pod)
    assert (result.output, result.exit_code) == ("", 0)
    assert pod.stat() == before


def test_check_writes_nothing_and_says_so_by_its_exit_code(pod: Path) -> None:
    before = pod.read_bytes()
    assert run("nginx:1.27", pod, "--check").exit_code == 1
    assert run("nginx:1.25", pod, "--check").exit_code == 0
    assert pod.read_bytes() == before


def test_permissions_stay_and_nothing_is_left_behind(pod: Path) -> None:
    pod.chmod(0o640)
    assert run("nginx:1.27", pod).exit_code == 0
    assert pod.stat().st_mode & 0o777 == 0o640
    assert list(pod.parent.iterdir()) == [pod]


def test_a_folder_stands_for_its_yaml_but_hidden_ones_and_links_do_not_count(tmp_path: Path) -> None:
    inside = write(tmp_path / "repo" / "a" / "b.yml", "image: nginx:1\n")
    hidden = write(tmp_path / "repo" / ".git" / "c.yaml", "image: nginx:1\n")
    outside = write(tmp_path / "outside" / "d.yaml", "image: nginx:1\n")
    text = write(tmp_path / "repo" / "notes.txt", "image: nginx:1\n")
    (tmp_path / "repo" / "link.yaml").symlink_to(outside)
    (tmp_path / "repo" / "folder").symlink_to(outside.parent)
    assert run("nginx:2", tmp_path / "repo").output == f"{inside}:1 1 → 2\n"
    assert {path.read_text() for path in (hidden, outside, text)} == {"image: nginx:1\n"}


def test_a_file_that_is_named_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    file = write(tmp_path / "values", '{"image": "nginx:1"}')
    assert run("nginx:2", file).exit_code == 0
    assert file.read_text() == '{"image": "nginx:2"}'


def test_a_file_named_twice_is_reported_once(pod: Path) -> None:
    assert run("nginx:1.27", pod, pod.parent).output.count("→") == 1


def test_a_tag_alone_on_a_pinned_field_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a.yaml", f"image: nginx:1@{OLD}\n")
    result = run("nginx:2", file)
    assert result.exit_code == 1
    assert f"{file}:1:8: nginx is pinned to a digest" in result.output
    assert run(f"nginx:2@{NEW}", file).exit_code == 0
    assert file.read_text() == f"image: nginx:2@{NEW}\n"


def test_a_digest_alone_keeps_the_tag(tmp_path: Path) -> None:
    file = write(tmp_path / "a.yaml", f"image: nginx:1@{OLD}\n")
    assert run(f"nginx@{NEW}", file).exit_code == 0
    assert file.read_text() == f"image: nginx:1@{NEW}\n"


def test_one_refused_field_spares_the_file_and_the_others_go_on(tmp_path: Path) -> None:
    bad = write(tmp_path / "a.yaml", f"image: nginx:1\n---\nimage: nginx:1@{OLD}\n")
    good = write(tmp_path / "b.yaml", "image: nginx:1\n")
    result = run("nginx:2", tmp_path)
    assert result.exit_code == 1
    assert bad.read_text().startswith("image: nginx:1\n")
    assert good.read_text() == "image: nginx:2\n"


def test_unreadable_yaml_counts_only_if_it_names_the_image(tmp_path: Path) -> None:
    write(tmp_path / "other.yaml", "{{ if }}\nimage: quay.io/nginx:1\n")
    write(tmp_path / "good.yaml", "image: nginx:1\n")
    assert run("nginx:2", tmp_path).exit_code == 0
    template = write(tmp_path / "template.yaml", "{{ if }}\nimage: nginx:1\n")
    result = run("nginx:2", tmp_path)
    assert result.exit_code == 1
    assert f"{template}:2:1: nginx stands here in a template" in result.output


def test_a_folder_with_the_name_of_a_file_is_no_file(tmp_path: Path) -> None:
    link = tmp_path / "folder.yaml"
    (link / "inner").mkdir(parents=True)
    result = run("nginx:2", tmp_path)
    assert (result.output, result.exit_code) == (f"imagebot: no field of nginx in {tmp_path}\n", 1)


@pytest.mark.parametrize(
    ("image", "what"),
    [
        pytest.param("nginx", "which version?", id="no version"),
        pytest.param("Nginx:1", "lower case", id="upper case"),
        pytest.param("nginx:1@sha256:abc", "no image reference", id="short digest"),
    ],
)
def test_an_image_that_is_none_is_wrong_usage(image: str, what: str, pod: Path) -> None:
    result = run(image, pod)
    assert what in str(result.exception)


def test_a_missing_path_is_wrong_usage(tmp_path: Path) -> None:
    result = run("nginx:1", tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "does not exist" in result.output


def test_the_report_as_json(tmp_path: Path) -> None:
    good = write(tmp_path / "a.yaml", "image: nginx:1\n")
    bad = write(tmp_path / "b.yaml", f"image: nginx:1@{OLD}\n")
    report = json.loads(run("nginx:2", tmp_path, "--json").output)
    assert report["changed"] == [{"file": str(good), "line": 1, "path": "image", "old": "1", "new": "2"}]
    assert [(item["file"], item["line"], item["column"]) for item in report["refused"]] == [(str(bad), 1, 8)]


def test_help_teaches_by_example() -> None:
    output = run("--help").output
    assert "imagebot set nginx:1.27 deploy.yaml" in output
    assert "IMAGE@DIGEST" in output
