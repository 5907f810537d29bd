"""Of all policies those are looked at that a call is about, and those that must be known beside them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from imagebot.images.reference import ImageName
from imagebot.policy.read import PolicySet, read_policies
from imagebot.policy.watch import Watch
from imagebot.settings.resolve import RepositorySettings, read_settings
from imagebot.webhooks.concerned import are_about_policies, concerned
from imagebot.webhooks.subject import ChangedRepository, PushedImage, Subject


def policy(app: str, repository: str, *images: str) -> bytes:
    watches = "".join(f"\n  - {{image: {image}, semver: ^1}}" for image in images)
    return (
        f"app: {app}\nrepository: {repository}\nenvironments: {{e: {{paths: [{app}/]}}}}\nimages:{watches}\n".encode()
    )


POLICIES = read_policies(
    {
        "a.yaml": policy("a", "one", "reg.test/team/a", "reg.test/shared"),
        "b.yaml": policy("b", "one", "reg.test/team/b"),
        "c.yaml": policy("c", "two", "reg.test/shared"),
        "d.yaml": policy("d", "two", "cache.test/hub/d"),
        "e.yaml": policy("e", "three", "reg.test/team/e"),
    },
    None,
)
REPOSITORIES = {
    name: RepositorySettings(
        name=name, url=f"https://git.test/acme/{name}.git", forge="gitea", api_url="https://git.test"
    )
    for name in ("one", "two", "three")
}


def lister(watch: Watch) -> ImageName:
    return ImageName("docker.io", "library/d") if watch.image.registry == "cache.test" else watch.image


def names(policies: PolicySet) -> tuple[str, str]:
    chosen, beside = (" ".join(one.app for one in part) for part in (policies.policies, policies.beside))
    return chosen, beside


def test_a_change_where_policies_are_concerns_all_of_them(tmp_path: Path) -> None:
    text = (
        "policies: [{repository: rules, path: bot}]\nrepositories: {e: {url: https://github.com/acme/environments}}\n"
        "sources: {rules: {url: 'git@git.test:acme/rules.git', credentials: {sshKeyFile: k, knownHostsFile: h}}}\n"
    )
    settings = read_settings("imagebot.yaml", text.encode(), tmp_path, {})
    for url, branch, expected in (
        ("https://git.test/acme/rules.git", "refs/heads/main", True),
        ("https://git.test/acme/rules.git", "refs/heads/proposal", False),
        ("https://github.com/acme/environments", "refs/heads/main", False),
    ):
        assert are_about_policies(settings, [ChangedRepository.at([url], branch)]) == expected
    assert not are_about_policies(settings, [PushedImage("git.test", "acme/rules")])


@pytest.mark.parametrize(
    ("subjects", "chosen", "beside"),
    [
        pytest.param([], "", "", id="nothing"),
        pytest.param([PushedImage("reg.test", "team/a")], "a", "b", id="an image"),
        pytest.param([PushedImage("reg.test", "shared")], "a c", "b d", id="an image of two"),
        pytest.param([PushedImage("reg.test", "a")], "", "", id="another path"),
        pytest.param([PushedImage("reg.test", "a", ending=True)], "a", "b", id="the end of a path"),
        pytest.param([PushedImage("reg.test", "eam/a", ending=True)], "", "", id="half a word"),
        pytest.param([PushedImage("cache.test", "hub/d")], "d", "c", id="a copy by its own name"),
        pytest.param([PushedImage("docker.io", "library/d")], "d", "c", id="a copy by its upstream"),
        pytest.param([ChangedRepository.at(["git@git.test:acme/two.git"])], "c d", "", id="a repository"),
        pytest.param(
            [ChangedRepository.at(["https://git.test/acme/two"], "refs/heads/x")], "", "", id="its other branch"
        ),
        pytest.param(
            [ChangedRepository.at(["https://git.test/acme/two"], "refs/heads/main")], "c d", "", id="its branch"
        ),
        pytest.param([ChangedRepository.at(["https://else.test/acme/two"])], "", "", id="the same path elsewhere"),
        pytest.param(
            [PushedImage("reg.test", "team/e"), ChangedRepository.at(["https://git.test/acme/two"])],
            "c d e",
            "",
            id="both",
        ),
    ],
)
def test_those_and_no_other_are_looked_at(subjects: Sequence[Subject], chosen: str, beside: str) -> None:
    found = concerned(POLICIES, REPOSITORIES, lister, subjects)
    assert names(found) == (chosen, beside)
    assert not found.whole
