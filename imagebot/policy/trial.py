"""Tests of a policy, in the policy file: which tag shall be chosen of which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from imagebot.documents.model import STRING, TEXT_SCHEMA, Misplaced, Model, Visible, reads
from imagebot.errors import Problem
from imagebot.images.reference import ImageName, check_tag
from imagebot.policy import key_grammar
from imagebot.policy.watch import Watch
from imagebot.versions.all_orders import KEYS

_TEXT = WithJsonSchema(TEXT_SCHEMA)
_ANY_TAG = Annotated[str, AfterValidator(check_tag), _TEXT]
_COMMIT = re.compile(r"[0-9a-f]{7,64}", re.ASCII)


def moment(text: str) -> datetime:
    """A moment as RFC 3339 and ISO 8601 write it; UTC where it has no zone. Raises `ValueError`."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no moment; write one such as 2026-01-31T12:00:00Z or 2026-01-31") from None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def commit_id(text: str) -> str:
    """A commit's id, or the beginning of one. Raises `ValueError`."""
    if not _COMMIT.fullmatch(text):
        raise ValueError(f"{text!r} is no commit id: 7 to 64 hexadecimal digits in lower case")
    return text


class PolicyTest(Model):
    """Tags, and which of them shall be chosen: `imagebot lint` tries it, without gates such as a minimum age."""

    image: Annotated[ImageName, reads(ImageName, key_grammar.image_name), STRING] | None = None
    """The image that is meant, where there are several."""
    tags: Annotated[tuple[_ANY_TAG, ...], Field(min_length=1)]
    """The tags that the registry has."""
    current: _ANY_TAG | None = None
    """The tag that is deployed."""
    chosen: _ANY_TAG | None = None
    """The tag that should be deployed then. Without it: no tag may fit."""
    because: Visible | None = None
    """A part of the reason, as `imagebot select` gives it."""
    created: dict[_ANY_TAG, Annotated[datetime, reads(datetime, moment), STRING]] = Field(default={})
    """When the images of tags were made, as `2026-01-31T12:00:00Z`: for the order `created`."""
    history: tuple[Annotated[str, AfterValidator(commit_id), _TEXT], ...] = ()
    """The commits of the branch, newest first: for the order `commit`."""


def check_tests(tests: tuple[PolicyTest, ...], watches: tuple[Watch, ...]) -> None:
    """Raise `Misplaced`, below `tests`, if one of them cannot be tried on these images."""
    for index, test in enumerate(tests):
        watch = watched(test, watches)
        if watch is None and test.image is None:
            raise Misplaced((index,), "there are several images: say which `image` the test is about")
        if watch is None:
            raise Misplaced((index, "image"), "this image is not watched here")
        for need, what in (("created", "times"), ("history", "a history")):
            if getattr(test, need) and need not in watch.order_facts.needs:
                names = " and ".join(f"`{name}`" for name, keys in KEYS.items() if need in keys.facts.needs)
                raise Misplaced((index, need), f"only the order {names} looks at {what}")


def watched(test: PolicyTest, watches: tuple[Watch, ...]) -> Watch | None:
    """The watch that a test is about."""
    if test.image is None:
        return watches[0] if len(watches) == 1 else None
    return next((watch for watch in watches if watch.image == test.image), None)


@dataclass(frozen=True, slots=True)
class Trial:
    """A test with the watch that it is about; `place` is where a failure is shown, still without words."""

    test: PolicyTest
    watch: Watch
    place: Problem
