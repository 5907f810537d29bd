"""`imagebot set`: edit every field of an image in files, byte for byte as the bot would."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from imagebot.cli.disk import read_file, replace_file
from imagebot.cli.files import files_in
from imagebot.cli.outlet import json_text
from imagebot.errors import FINE, NOT_ALL_DONE, BadInput, Problem
from imagebot.fields.assign import assign
from imagebot.fields.field import Field, Value
from imagebot.images.reference import ImageName, Reference

_EXAMPLES = """
\b
Examples:
  imagebot set nginx:1.27 deploy.yaml
  imagebot set ghcr.io/acme/api:2.1.0@sha256:4c1b… clusters/production/
  imagebot set --check ghcr.io/acme/api:2.1.0 .        # only say what would change
  imagebot set --embedded nginx:1.27 configmap.yaml    # in scripts and arguments too

\b
IMAGE:TAG           sets the tag; refused where a digest stands beside it, which would be stale
IMAGE@DIGEST        keeps the tag and sets the digest
IMAGE:TAG@DIGEST    sets both

A folder stands for its YAML files, Dockerfiles, and templates, .env and .tf files with markers (docs/markers.md);
hidden folders are skipped, symbolic links are not followed. A link that is named is followed within its folder.
A file is changed whole or not at all, its owner, mode and extended attributes stay; where they cannot, and where it has
a second name (a hard link), it is refused. Exit code: 0 done, or nothing to do; 1 refused, not found, or, with --check,
something would change; 2 wrong usage.
"""


@dataclass(frozen=True, slots=True)
class SetRow:
    """One field that is not, or was not, as asked for."""

    file: str
    line: int
    path: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.old} → {self.new}"


@click.command(epilog=_EXAMPLES, short_help="Set an image's tag in files, and touch no other byte.")
@click.argument("image", metavar="IMAGE[:TAG][@DIGEST]")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if something would change.")
@click.option("--embedded", is_flag=True, help="Also edit references inside longer text: scripts, arguments.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(image: str, paths: tuple[Path, ...], check: bool, embedded: bool, as_json: bool) -> None:
    """Set an image's tag or digest wherever it is written in files, and touch no other byte.

    Finds Kubernetes objects, Kustomize images, Helm values, Compose services and more; prints each line it changes.
    """
    name, to = _read(image)
    rows: list[SetRow] = []
    problems: list[Problem | str] = []
    left: list[Field] = []
    seen = 0
    for file in files_in(paths):
        try:
            before = read_file(file)
            assigned = assign(str(file), before.data, name, to, embedded=embedded)
            if not check and assigned.data != before.data:
                replace_file(before, assigned.data)
        except OSError as error:
            problems.append(f"{file}: {error.strerror}")
            continue
        except BadInput as error:
            problems += error.problems
            continue
        seen += len(assigned.changes)
        problems += assigned.problems
        left += assigned.left
        rows += [] if assigned.problems else _rows(assigned.changes)
    if not seen and not problems:
        problems.append(f"no field of {name.familiar} in {', '.join(map(str, paths))}")
    _report(rows, problems, left, as_json=as_json)
    raise click.exceptions.Exit(NOT_ALL_DONE if problems or (check and rows) else FINE)


def _read(image: str) -> tuple[ImageName, Value]:
    try:
        reference = Reference.parse(image)
    except ValueError as error:
        raise BadInput(f"{error}; write it like nginx:1.27 or ghcr.io/acme/api:2.1.0@sha256:…") from None
    if not (reference.tag or reference.digest):
        raise BadInput(f"which version? Write {image}:TAG, {image}@DIGEST or {image}:TAG@DIGEST")
    return reference.name, Value(reference.tag, reference.digest)


def _rows(changes: Sequence[tuple[Field, Value]]) -> Iterator[SetRow]:
    for field, value in changes:
        if field.value != value:
            yield SetRow(field.file, field.line, field.path, str(field.value) or "(no tag)", str(value))


def _report(rows: Sequence[SetRow], problems: Sequence[Problem | str], left: Sequence[Field], *, as_json: bool) -> None:
    if as_json:
        report = {
            "changed": [asdict(row) for row in rows],
            "refused": [_plain(item) for item in problems],
            "embedded": [{"file": field.file, "line": field.line, "value": str(field.value)} for field in left],
        }
        click.echo(json_text(report))
        return
    for row in rows:
        click.echo(str(row))
    for item in problems:
        click.echo(f"imagebot: {item}", err=True)
    for field in left:
        click.echo(f"imagebot: {field.file}:{field.line} {field.value} is left: it stands in longer text", err=True)
    if left:
        click.echo("imagebot: --embedded edits longer text too", err=True)


def _plain(problem: Problem | str) -> dict[str, str | int]:
    if isinstance(problem, str):
        return {"why": problem}
    return {"file": problem.file, "line": problem.line, "column": problem.column, "why": problem.message}
