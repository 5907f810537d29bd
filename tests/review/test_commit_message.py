"""The commit message and the fingerprint: functions of what is proposed, and of nothing else."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebot.images.reference import ImageName
from imagebot.plan.change import Change, ImageUpdate
from imagebot.plan.fingerprint import NOT_OF_THE_BODY
from imagebot.policy.model import PullRequestKeys
from imagebot.pulls.trailers import Landed, landed
from imagebot.review.commit_message import message
from imagebot.selection.verdict import Refusal, Version
from tests.support.changes import FIELD, NEW, UPDATE, WISHES, change
from tests.support.hostile_text import HOSTILE, referring

SIGNER = "imagebot <imagebot@example.com>"


def trailers(text: str) -> list[str]:
    """What git reads in the message of a commit."""
    words = ["git", "interpret-trailers", "--parse"]
    return subprocess.run(words, input=text, capture_output=True, text=True, check=True).stdout.splitlines()


def hostile(text: str) -> ImageUpdate:
    """An update of which all that others control is this text."""
    field = replace(FIELD, file=text, path=text, old=text, new=text)
    return replace(UPDATE, because=text, fields=(field,), old=(Version(text),), rule=text, policy_file=text)


def test_what_why_and_where() -> None:
    assert change().message == (
        "deps(staging): api 1.4.2 → 1.5.0\n\n"
        "ghcr.io/acme/api: 1.4.2 -> 1.5.0 (minor), by semver: ^1.4 in api.yaml\n\n"
        f"Image-Update: ghcr.io/acme/api 1.4.2 -> 1.5.0@{NEW}\n"
        "Image-Field: staging/api.yaml#spec.image\n"
    )


def test_git_reads_the_trailers_and_the_signature_comes_last() -> None:
    assert trailers(message(change(UPDATE, UPDATE), SIGNER)) == [
        f"Image-Update: ghcr.io/acme/api 1.4.2 -> 1.5.0@{NEW}",
        "Image-Field: staging/api.yaml#spec.image",
        f"Image-Update: ghcr.io/acme/api 1.4.2 -> 1.5.0@{NEW}",
        "Image-Field: staging/api.yaml#spec.image",
        f"Signed-off-by: {SIGNER}",
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_becomes_a_trailer(text: str) -> None:
    found = trailers(message(change(hostile(text)), SIGNER))

    assert [line.partition(":")[0] for line in found] == ["Image-Update", "Image-Field", "Signed-off-by"]
    assert found[-1] == f"Signed-off-by: {SIGNER}"


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_acts_in_a_message(text: str) -> None:
    said = change(hostile(text)).message

    assert [found for found in referring(said.replace(text, "")) if not found.startswith("%")] == []
    assert re.search(r"\[[^0-9]", said) is None


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_field_is_read_back_from_its_trailer(file: str, path: str) -> None:
    update = replace(UPDATE, fields=(replace(FIELD, file=file, path=path),))

    assert list(landed([change(update).message])) == [
        Landed("ghcr.io/acme/api", Version("1.5.0", NEW), file, path),
    ]


@pytest.mark.parametrize("tag", ["GH-12", "www.example.com", "1.5.0", "gh-12.www.x"])
def test_a_tag_that_looks_like_a_reference_is_read_back_and_refers_to_nothing(tag: str) -> None:
    image = ImageName("docker.io", "gh-12/www.api")
    said = change(replace(UPDATE, image=image, new=Version(tag, NEW))).message

    assert [item.version for item in landed([said])] == [Version(tag, NEW)]
    assert [item.image for item in landed([said])] == [str(image)]
    assert referring(said.replace(NEW, "")) == []


def test_a_digest_without_a_tag_is_nobodys_name() -> None:
    said = change(replace(UPDATE, new=Version("", NEW))).message

    assert "@sha256" not in said


SAME = [
    pytest.param(change(replace(UPDATE, because="1.5.0 is the newest of 900 tags")), id="counts"),
    pytest.param(change(replace(UPDATE, skipped=(Refusal("2.0.0", "semver", "too new"),))), id="tags that came"),
    pytest.param(change(replace(UPDATE, fields=(replace(FIELD, line=70),))), id="lines"),
]


@pytest.mark.parametrize("other", SAME)
def test_the_same_proposal_has_the_same_fingerprint_and_message(other: Change) -> None:
    assert (other.fingerprint, other.message) == (change().fingerprint, change().message)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(change(replace(UPDATE, new=Version("1.5.1", NEW))), id="tag"),
        pytest.param(change(replace(UPDATE, new=Version("1.5.0", "sha256:" + "ef" * 32))), id="digest"),
        pytest.param(change(replace(UPDATE, fields=(FIELD, replace(FIELD, file="more.yaml")))), id="one more file"),
        pytest.param(change(replace(UPDATE, old=(Version("1.4.3"),))), id="from another version"),
        pytest.param(change(title="bump {app}"), id="title"),
        pytest.param(change(labels=("image-update",)), id="labels"),
        pytest.param(change(replace(UPDATE, kind="patch")), id="how far it goes"),
    ],
)
def test_another_proposal_has_another_fingerprint(other: Change) -> None:
    assert other.fingerprint != change().fingerprint


@pytest.mark.parametrize("key", PullRequestKeys.model_fields)
def test_what_a_policy_wants_of_a_pull_request_is_told_by_the_fingerprint(key: str) -> None:
    """A new key is said in the body, or is named, with a reason, as nothing of an open one."""
    if key in NOT_OF_THE_BODY:
        assert NOT_OF_THE_BODY[key]
    else:
        assert key in WISHES, (
            f"give {key} a value in WISHES of tests/support/changes.py, or a reason in NOT_OF_THE_BODY"
        )
        assert change(**{key: WISHES[key]}).fingerprint != change().fingerprint
