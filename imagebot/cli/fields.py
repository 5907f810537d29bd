"""`imagebot fields`: every place in files where an image is written, and what cannot be edited there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from imagebot.cli.disk import read_file
from imagebot.cli.files import files_in
from imagebot.cli.outlet import json_text
from imagebot.errors import FINE, NOT_ALL_DONE, BadInput, Problem
from imagebot.fields.embedded import find_embedded
from imagebot.fields.field import Field
from imagebot.fields.find import find
from imagebot.outgoing import outgoing

_EXAMPLES = """
\b
Examples:
  imagebot fields .                               # all of a repository
  imagebot fields . | grep redis
  imagebot fields clusters/production --json | jq -r '.fields[].image' | sort -u

\b
Columns: file:line, shape, path in the file, image, tag, digest; - for none. What cannot be edited has its reason at the
end. Where an image's name stands without a version the shape is `no-version`; a file that names images and cannot be
read is `unreadable`.

A folder stands for all files in it that may hold images; hidden folders are skipped, symbolic links are not followed.
Exit code: 0 fields were found; 1 none was, or a file could not be opened; 2 wrong usage.
"""
_MAY_NAME_IMAGES = re.compile(rb"image|repository|newTag|oci://|docker://|FROM ", re.ASCII | re.IGNORECASE)
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One place: a field with its image, or what was found instead; `why` says why it cannot be edited."""

    file: str
    line: int
    shape: str
    path: str = ""
    image: str = ""
    tag: str = ""
    digest: str = ""
    why: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """What the table shows but for the reason: no column has a space in it, so that each can be cut out."""
        texts = (f"{self.file}:{self.line}", self.shape.replace(" ", "-"), self.path, self.image, self.tag, self.digest)
        return tuple(outgoing(text).replace(" ", "\N{NO-BREAK SPACE}") or "-" for text in texts)


@click.command("fields", epilog=_EXAMPLES, short_help="List every image in files, and what cannot be edited.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def command(paths: tuple[Path, ...], as_json: bool) -> int:
    """List every field in files: where an image, its tag or its digest is written, and what cannot be edited."""
    contents: dict[str, bytes] = {}
    problems: list[str] = []
    for file in files_in(paths):
        try:
            contents[str(file)] = read_file(file).data
        except OSError as error:
            problems.append(f"{file}: {error.strerror}")
        except BadInput as error:
            problems.append(str(error))
    rows = [row for found in _everything(contents) for row in found]
    if not (problems or any(row.path for row in rows)):
        problems.append(f"no field in {', '.join(map(str, paths))}")
    for line in [_as_json(rows)] if as_json else _table(rows):
        click.echo(line)
    for problem in problems:
        click.echo(f"imagebot: {problem}", err=True)
    return NOT_ALL_DONE if problems else FINE


_NO_VERSION = "no-version"
_UNREADABLE = "unreadable"


def _everything(contents: Mapping[str, bytes]) -> Iterator[list[FieldRow]]:
    """The rows of each file. What stands inside longer text can be told only of images that are a field somewhere."""
    found = {file: find(file, data) for file, data in contents.items()}
    names = frozenset(field.name for one in found.values() for field in one.fields)
    for file, one in found.items():
        fields = [*one.fields, *find_embedded(file, contents[file], one, names)]
        rows = [*map(_field, fields), *(_other(place.problem, place.name.familiar) for place in one.refusals)]
        rows += [_other(problem, "?") for problem in one.unnamed]
        if one.unreadable and _MAY_NAME_IMAGES.search(contents[file]):
            rows.append(_other(one.unreadable))
        yield sorted(rows, key=lambda row: row.line)


def _field(field: Field) -> FieldRow:
    why = f"cannot be edited: {field.fixed.message}" if field.fixed else ""
    name, tag, digest = field.name.familiar, field.tag or "", field.digest or ""
    return FieldRow(field.file, field.line, field.shape, field.path, name, tag, digest, why)


def _other(problem: Problem, image: str = "") -> FieldRow:
    shape = _NO_VERSION if image else _UNREADABLE
    return FieldRow(problem.file, problem.line, shape, image=image, why=problem.message)


def _table(rows: Sequence[FieldRow]) -> Iterator[str]:
    """One line for each row; a column is as wide as its widest, but for some that are much wider than the others."""
    widths = [max((min(len(row.columns[index]), _WIDEST) for row in rows), default=0) for index in range(6)]
    for row in rows:
        cells = [text.ljust(width) for text, width in zip(row.columns, widths, strict=True)]
        yield "  ".join([*cells, outgoing(row.why)]).rstrip()


def _as_json(rows: Sequence[FieldRow]) -> str:
    """Fields with null for what they lack, and apart from them what is none."""
    fields = [row for row in rows if row.path]
    others = [row for row in rows if not row.path]
    report = {
        "fields": [{key: value or None for key, value in asdict(row).items()} for row in fields],
        "others": [
            {"file": row.file, "line": row.line, "kind": row.shape, "image": row.image or None, "why": row.why}
            for row in others
        ],
    }
    return json_text(report)
