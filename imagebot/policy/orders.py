"""The orders as a policy file writes them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Tag, WithJsonSchema, model_validator

from imagebot import gitnames
from imagebot.documents.model import TEXT_SCHEMA, Misplaced, Model, reads
from imagebot.policy import words
from imagebot.versions.calver import Calver, Format
from imagebot.versions.semver import Range

_TEXT = WithJsonSchema(TEXT_SCHEMA)
RangeText = Annotated[Range, reads(Range, Range.parse), _TEXT]
FormatText = Annotated[Format, reads(Format, Format.parse), WithJsonSchema({"type": "string"})]
Direction = Literal["asc", "desc"]
Newest = Literal["newest"]


class CalverRange(Model):
    """Calendar versions within a range."""

    format: FormatText
    """The format, as `YYYY.0M.MICRO`."""
    range: Annotated[str, _TEXT]
    """The versions to choose from, as in `>=2026.01 <2027`; a version may be cut short."""

    @model_validator(mode="after")
    def _range_of_the_format(self) -> Self:
        try:
            Calver.bounds(self.range, self.format)
        except ValueError as error:
            raise Misplaced(("range",), error) from None
        return self


def _way_to_write(value: object) -> str:
    return "{format}" if isinstance(value, str | Format) else "{range}"


CalverRule = Annotated[
    Annotated[FormatText, Tag("{format}")] | Annotated[CalverRange, Tag("{range}")],
    Discriminator(_way_to_write),
]


class CommitRule(Model):
    """Commits of a branch of a source repository."""

    source: Annotated[str, AfterValidator(words.visible), _TEXT]
    """The repository: a name from `sources` in `imagebot.yaml`."""
    branch: Annotated[str, AfterValidator(gitnames.branch_name), _TEXT] | None = None
    """The branch, if it is not the one in `imagebot.yaml`."""
    paths: tuple[Annotated[str, AfterValidator(words.repository_path), _TEXT], ...] = ()
    """Files and folders of which a commit changes at least one: only such commits are candidates. Default: any."""
