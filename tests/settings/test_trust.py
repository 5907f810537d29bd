from __future__ import annotations

from pathlib import Path

import pytest

from imagebot.errors import BadInput
from imagebot.settings.checks import checked
from imagebot.settings.resolve import read_settings
from tests.support.signing import key, pem

REST = "policies: [policies/]\nrepositories: {environments: {url: ./environments, forge: local}}\n"
TRUST = "trust: {keys: {release: release.pub}, rootFile: root.json}\n"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("verify: [{keys: [releas]}]", "'releas' is not among `trust.keys`, which has release"),
        ("verify: [{images: [ghcr.io/acme/]}]", "write who must have signed"),
        ("verify: [{images: [acme/], keys: [release]}]", "begin with the registry's host"),
    ],
)
def test_what_must_hold_for_all_is_read_with_its_place(tmp_path: Path, more: str, words: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_settings("imagebot.yaml", (REST + TRUST + more).encode(), tmp_path, {})
    assert words in str(caught.value)
    assert "imagebot.yaml:4" in str(caught.value)


def test_lint_tells_of_keys_and_roots_that_are_not_there(tmp_path: Path) -> None:
    file = tmp_path / "imagebot.yaml"
    file.write_text(REST + TRUST)
    (tmp_path / "release.pub").write_text(pem(key()))
    (tmp_path / "environments").mkdir()
    assert [problem.message for problem in checked(file, None).problems] == [
        "cannot read the file root.json: No such file or directory"
    ]
    (tmp_path / "release.pub").unlink()
    assert len(checked(file, None).problems) == 2


@pytest.mark.parametrize(
    ("trust", "words"),
    [
        ("rootFile: root.json, tuf: {}", "write one of rootFile and tuf"),
        ("tuf: {url: https://tuf.corp}", "write initialRootFile: the root.json of that repository"),
        ("tuf: {url: tuf.corp}", "write the URL of a TUF repository"),
        ("tuf: {url: 'https://bot:pass@tuf.corp'}", "leave user and password out of the URL"),
    ],
)
def test_where_roots_come_from_is_one_place(tmp_path: Path, trust: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_settings("imagebot.yaml", f"{REST}trust: {{{trust}}}\n".encode(), tmp_path, {})


def test_the_public_sigstore_needs_no_words(tmp_path: Path) -> None:
    keyless = "verify: [{keyless: {identity: a, issuer: b}}]\n"
    found = read_settings("imagebot.yaml", f"{REST}trust: {{tuf: {{}}}}\n{keyless}".encode(), tmp_path, {})
    assert found.trust.tuf is not None
    assert found.trust.tuf.url == "https://tuf-repo-cdn.sigstore.dev"
