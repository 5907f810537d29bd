"""Whether a file that cannot be read leaves an image unknown."""

from __future__ import annotations

from imagebot.errors import Problem
from imagebot.fields.field import Found
from imagebot.fields.files import Kind, kind_of
from imagebot.fields.marker import Holds, comments
from imagebot.fields.screen import mentions
from imagebot.fields.template_line import first_named
from imagebot.images.reference import ImageName

_TEMPLATED = (b"{{", b"{%", b"<%")


def unclear(data: bytes, found: Found, name: ImageName) -> Problem | None:
    """Why it is not known what an unreadable file says of an image: it names it elsewhere than at markers.

    None if nothing is in doubt.
    """
    why = found.unreadable
    if why is None or not mentions(data, name):
        return None
    template = kind_of(why.file) is Kind.TEMPLATE or any(mark in data for mark in _TEMPLATED)
    line = _unmarked(data, found, name, template=template)
    if line is None:
        return None
    if template:
        mark = f"write `# imagebot: {name.familiar}` at the end of this line, or on the line above"
        return Problem(why.file, line, 1, f"{name.familiar} stands here in a template: {mark}")
    what = f"{name.familiar} stands on line {line}, so what the file deploys is not known"
    return Problem(why.file, why.line, why.column, f"{why.message}; {what}")


def _unmarked(data: bytes, found: Found, name: ImageName, *, template: bool) -> int | None:
    """The first line that names the image without a marker of it, there or above.

    A template is mostly sound, and words in it are words; in a file that is broken nobody can tell what is one.
    """
    known = {spot.scalar.line for field in found.fields if field.name == name for spot in field.spots}
    known |= {item.line for item in comments(data) if item.marker.name == name or item.marker.holds is Holds.NAME}
    lines = data.split(b"\n")
    if template:
        return first_named(lines, name, frozenset(known))
    numbered = enumerate(lines, start=1)
    return next((number for number, line in numbered if number not in known and mentions(line, name)), None)
