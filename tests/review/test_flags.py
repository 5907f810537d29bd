"""What a reviewer must see first is seen, and what is the same in other words is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.images.about import About
from imagebot.images.source_changes import SourceChanges
from imagebot.plan.change import ImageUpdate
from imagebot.review import flags as room
from imagebot.review.flags import Flag, FlagKind, is_root
from imagebot.review.image_facts import ImageFacts
from imagebot.selection.verdict import Version
from tests.support.abouts import ABOUTS, NEW, OLD, about
from tests.support.changes import UPDATE

BUILT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def flags(old: About | None, new: About | None, update: ImageUpdate, **beside: Any) -> tuple[Flag, ...]:
    return room.flags(update, ImageFacts(old, new, **beside))


def test_a_newer_image_of_the_same_kind_has_no_flags() -> None:
    assert flags(OLD, NEW, UPDATE) == ()


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"run": {"user": "root"}}, Flag(FlagKind.ROOT, "1000", "root")),
        ({"run": {"user": ""}}, Flag(FlagKind.ROOT, "1000", "")),
        ({"run": {"entrypoint": ("sh", "-c", "a b")}}, Flag(FlagKind.ENTRYPOINT, "/bin/api", "sh -c 'a b'")),
        ({"run": {"command": ()}}, Flag(FlagKind.COMMAND, "serve", "")),
        ({"run": {"command": ("wait",)}}, Flag(FlagKind.COMMAND, "serve", "wait")),
        ({"run": {"ports": ("22/tcp", "80/tcp", "80/udp")}}, Flag(FlagKind.PORT, now="22/tcp, 80/udp")),
        ({"platforms": ("linux/amd64", "linux/s390x")}, Flag(FlagKind.PLATFORM, was="linux/arm64")),
        ({"created": BUILT - timedelta(days=36)}, Flag(FlagKind.OLDER, "2026-01-01", "2025-11-26", 36)),
        (
            {"labels": {"source": "https://github.com/eve/api"}},
            Flag(FlagKind.SOURCE, "https://github.com/acme/api", "https://github.com/eve/api"),
        ),
        ({"labels": {"source": ""}}, Flag(FlagKind.SOURCE, "https://github.com/acme/api", "")),
    ],
    ids=lambda value: value.kind if isinstance(value, Flag) else "",
)
def test_each_flag_tells_what_was_and_what_is(changes: dict[str, Any], flag: Flag) -> None:
    assert flags(OLD, about(**changes), UPDATE) == (flag,)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        pytest.param({"run": {"user": "root"}}, {"run": {"user": "0:0"}}, id="root by another name"),
        pytest.param({"run": {"user": "root"}}, {"run": {"user": "1000"}}, id="root no more"),
        pytest.param({}, {"run": {"ports": ()}}, id="port closed"),
        pytest.param({}, {"platforms": ("linux/amd64", "linux/arm64", "linux/s390x")}, id="platform won"),
        pytest.param({}, {"created": BUILT - timedelta(hours=23)}, id="built on the same day"),
        pytest.param({}, {"created": None}, id="built at no time"),
        pytest.param({}, {"created": datetime(1970, 1, 1, tzinfo=UTC)}, id="built at the epoch"),
        pytest.param({}, {"created": datetime(1980, 1, 1, tzinfo=UTC)}, id="built by buildpacks"),
        pytest.param({"created": None}, {}, id="the current image was built at no time"),
        pytest.param({"labels": {"source": ""}}, {}, id="source that was not said before"),
        pytest.param({}, {"run": {"env": {"MODE": "other"}}}, id="variable"),
    ],
)
def test_no_flag_without_need(was: dict[str, Any], now: dict[str, Any]) -> None:
    assert flags(about(**was), about(**now), UPDATE) == ()


@pytest.mark.parametrize(
    ("user", "root"),
    [
        ("", True),
        ("root", True),
        ("0", True),
        ("000", True),
        ("+0", True),
        ("0:1000", True),
        ("root:users", True),
        (":1000", True),
        ("1000", False),
        ("1000:0", False),
        ("nonroot", False),
        ("Root", False),
        ("10", False),
        ("\u0660", False),
    ],
)
def test_who_is_root(user: str, root: bool) -> None:
    assert is_root(user) is root


SAME = "https://github.com/acme/api"


@pytest.mark.parametrize(
    ("source", "same"),
    [
        (f"{SAME}.git", True),
        (f"{SAME}/", True),
        (f"{SAME}.git/", True),
        (f" {SAME} ", True),
        ("https://GitHub.com/acme/api", True),
        ("HTTPS://github.com/acme/api", True),
        ("http://github.com/acme/api", True),
        (f"{SAME}.git#{'1' * 40}:docker", True),
        ("https://github.com/acme/Api", False),
        ("https://github.com/acme/api2", False),
        ("https://github.com:8443/acme/api", False),
        ("https://github.com@evil.example/acme/api", False),
        ("https://user@github.com/acme/api", False),
        ("https://github.com.evil.example/acme/api", False),
        (f"{SAME}?x", False),
        ("git@github.com:acme/api.git", False),
        ("acme/api", False),
    ],
)
def test_when_a_source_is_the_same(source: str, same: bool) -> None:
    assert (flags(OLD, about(labels={"source": source}), UPDATE) == ()) is same


def test_old_labels_tell_the_source_where_there_are_no_others() -> None:
    old, new = (replace(OLD, labels={"org.label-schema.vcs-url": url}) for url in (SAME, "https://github.com/eve/api"))
    assert flags(old, new, UPDATE) == (Flag(FlagKind.SOURCE, SAME, "https://github.com/eve/api"),)
    assert flags(OLD, old, UPDATE) == ()


@pytest.mark.parametrize("old", [None, OLD])
@pytest.mark.parametrize("new", [None, about(run={"user": "root"})])
def test_the_kind_of_update_is_known_without_asking(old: About | None, new: About | None) -> None:
    repush = replace(UPDATE, kind="repush", old=(Version("1.5.0", OLD.digest),), new=Version("1.5.0", NEW.digest))
    assert flags(old, new, repush)[:1] == (Flag(FlagKind.REPUSH, OLD.digest, NEW.digest),)
    major = replace(UPDATE, kind="major", old=(Version("1.4.2"), Version("1.4.2", OLD.digest), Version("1.4.1")))
    assert flags(old, new, major)[-1:] == (Flag(FlagKind.MAJOR, "1.4.2, 1.4.1", "1.5.0"),)


@given(st.permutations(["user", "entrypoint", "command"]), st.sampled_from(["repush", "major", "minor"]))
def test_flags_come_worst_first_and_each_once(fields: list[str], kind: str) -> None:
    run = {field: "root" if field == "user" else ("x",) for field in fields}
    found = [flag.kind for flag in flags(OLD, about(run=run, platforms=()), replace(UPDATE, kind=kind))]
    assert found == [each for each in FlagKind if each in found]


@given(st.text())
def test_any_user_is_root_or_not(user: str) -> None:
    assert is_root(user) == (flags(OLD, about(run={"user": user}), UPDATE) != ())


@given(ABOUTS)
def test_an_image_is_no_reason_to_warn_of_itself(one: About) -> None:
    assert flags(one, one, UPDATE) == ()


@given(ABOUTS, ABOUTS)
def test_whatever_images_say_there_is_one_flag_of_a_kind(one: About, other: About) -> None:
    kinds = [flag.kind for flag in flags(one, other, UPDATE)]
    assert len(kinds) == len(set(kinds))


@pytest.mark.parametrize(
    ("label", "day", "found"),
    [
        pytest.param("com.docker.dhi.date.end-of-life", "2026-03-01", "2026-03-01", id="Docker's hardened images"),
        pytest.param(
            "vnd.microsoft.artifact.lifecycle.end-of-life.date", "2026-03-01T00:00:00Z", "2026-03-01", id="Microsoft"
        ),
        pytest.param("com.docker.dhi.date.end-of-life", "2026-03-02", "", id="tomorrow"),
        pytest.param("com.docker.dhi.date.end-of-life", "never", "", id="no date"),
    ],
)
def test_an_image_that_nobody_looks_after_any_more_is_flagged(label: str, day: str, found: str) -> None:
    new = replace(NEW, labels={**NEW.labels, label: day})
    said = flags(OLD, new, UPDATE, at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert said == ((Flag(FlagKind.ENDED, now=found),) if found else ())


def test_a_tag_that_its_source_does_not_have_is_flagged() -> None:
    """Trivy 0.69.5, 2026-03: an image was pushed, and nobody had made that release."""
    said = flags(OLD, NEW, UPDATE, changes=SourceChanges(untagged=True))
    assert said == (Flag(FlagKind.UNTAGGED, now="1.5.0"),)
