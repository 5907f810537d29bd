"""What a policy file says of the order `calver`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Discriminator, Tag, WithJsonSchema, model_validator

from imagebot.documents.model import STRING, TEXT_SCHEMA, Flag, Misplaced, Model, reads
from imagebot.versions.calver import FACTS, Calver, Format
from imagebot.versions.known import OrderInputs
from imagebot.versions.order import Order
from imagebot.versions.order_keys import OrderKeys


class CalverRange(Model):
    """Calendar versions within a range."""

    format: Annotated[Format, reads(Format, Format.parse), STRING]
    """The format, as `YYYY.0M.MICRO`."""
    range: Annotated[str, WithJsonSchema(TEXT_SCHEMA)]
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


class CalverKeys(OrderKeys):
    """The newest calendar version of a format, perhaps within a range; the fields are those of https://calver.org.

    Years, months, weeks and days are real ones. Fields count in the order in which they are written, but that a year
    goes before its months and those before their days wherever they stand. A `MODIFIER` comes last and may be missing:
    a version with one is a prerelease.
    """

    calver: (
        Annotated[
            Annotated[Format, reads(Format, Format.parse), STRING, Tag("{format}")]
            | Annotated[CalverRange, Tag("{range}")],
            Discriminator(_way_to_write),
        ]
        | None
    ) = None
    """The format of calendar versions, such as `YYYY.0M.MICRO`, with names of https://calver.org; or with a range."""
    prereleases: Flag = False
    """Whether every prerelease in the range may be chosen. Without it: only where the range names one (`>=1.0.0-0`)."""

    facts: ClassVar = FACTS

    def build(self, known: OrderInputs) -> Order:
        match self.calver:
            case CalverRange(format=form, range=text):
                return Calver(form, Calver.bounds(text, form), self.prereleases)
            case Format() as form:
                return Calver(form, None, self.prereleases)
        raise AssertionError("it is asked for only if it is there")
