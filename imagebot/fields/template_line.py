"""Whether a line of a template names an image, or only has its name as a word.

`redis` is an image, and also a container, a component, a service and a scheme. A name with an owner or a registry is
nothing else. A bare one counts where it has a version, or where its line speaks of an image.
"""

from __future__ import annotations

import re

from imagebot.fields.screen import mentions, places_of
from imagebot.images.reference import ImageName

# A tag, a digest, or what a template or a `printf` makes of one; no end of a key, no scheme.
_VERSION = re.compile(
    rb"[:@](?:\{[{%]|<%|\$[({A-Za-z_]|%[sv]|(?:[a-z0-9]+:[0-9a-f]{32}|[A-Za-z0-9_][A-Za-z0-9_.-]*+)(?![:/=]))"
)
_PORT = re.compile(rb":(?:[89][0-9]|[1-9][0-9]{2,4})(?![\w.@-])", re.ASCII)
_SPEAKS = re.compile(rb"image(?!pull|polic|-updater)|repositor|newname", re.IGNORECASE)
_COMMENT = re.compile(rb"(?:^|[ \t])(?:#|//)|\{\{-?[ \t]*/\*")
_NAME_KEY = re.compile(rb"[ \t{-]*[\"']?name[\"']?[ \t]*[:=][ \t]*[\"']?", re.ASCII | re.IGNORECASE)
# What makes of a `name:` an image: Kustomize's keys beside it.
_KUSTOMIZE = re.compile(rb"[ \t]*(?:-[ \t]+)?(?:newTag|newName|digest)[ \t]*:", re.ASCII)
_NEAR = 2
_LONGEST_LINE = 4096


def first_named(lines: list[bytes], name: ImageName, known: frozenset[int]) -> int | None:
    """The first of these lines, counted from 1, that names the image; those that are `known` are passed over."""
    for number, line in enumerate(lines, start=1):
        if number not in known and _names(line, name, lines[max(number - 1 - _NEAR, 0) : number + _NEAR]):
            return number
    return None


def speaks_of_an_image(line: bytes) -> bool:
    """Whether a name without a version on this line is an image's: `image: redis`, but not `name: redis`."""
    comment = _COMMENT.search(line)
    return _SPEAKS.search(line[: comment.start()] if comment else line) is not None


def _names(line: bytes, name: ImageName, around: list[bytes]) -> bool:
    if len(line) > _LONGEST_LINE:
        return mentions(line, name)
    comment = _COMMENT.search(line)
    said = comment.start() if comment else len(line)
    speaks = speaks_of_an_image(line)
    for start, end in places_of(line, name):
        if b"/" in line[start:end]:
            return True
        if line[start - 1 : start] == b"$":  # a variable of the template
            continue
        if _NAME_KEY.fullmatch(line, 0, start):
            if any(_KUSTOMIZE.match(near) for near in around):
                return True
        elif (_VERSION.match(line, end) and not _PORT.match(line, end)) or (speaks and start < said):
            return True
    return False
