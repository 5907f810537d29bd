from __future__ import annotations

import pytest

from imagebot.suggest.layout import Home, Layout

ENVIRONMENTS = ["clusters/staging/", "clusters/production/"]


def home(file: str, *others: str) -> Home:
    return Layout([file, *others]).homes([file])[file]


@pytest.mark.parametrize(
    ("file", "others", "expected"),
    [
        ("clusters/staging/podinfo/release.yaml", [], (("podinfo",), "staging", "clusters/staging/podinfo/")),
        ("clusters/home/podinfo/release.yaml", [], (("podinfo",), "home", "clusters/home/podinfo/")),
        (
            "apps/podinfo/staging/a.yaml",
            ["apps/podinfo/prod/a.yaml"],
            (("podinfo",), "staging", "apps/podinfo/staging/"),
        ),
        ("apps/staging/podinfo/a.yaml", ["apps/prod/x.yaml"], (("podinfo",), "staging", "apps/staging/podinfo/")),
        ("apps/production/podinfo-values.yaml", ["apps/base/x.yaml"], (("podinfo",), "production", "")),
        ("apps/base/podinfo/release.yaml", [], (("podinfo",), "base", "apps/base/podinfo/")),
        ("staging/shop/a.yaml", ["production/shop/a.yaml", "docs/x.md"], (("shop",), "staging", "staging/shop/")),
        ("shop/overlays/prod/k.yaml", [], (("shop",), "prod", "shop/overlays/prod/")),
        ("shop/overlays/prod/patches/k.yaml", [], (("shop",), "prod", "shop/overlays/prod/")),
        ("shop/base/api/deployment.yaml", [], (("shop",), "base", "shop/base/")),
        (
            "shop/overlays/moc/one/k.yaml",
            ["shop/overlays/moc/one/kustomization.yaml"],
            (("shop",), "moc-one", "shop/overlays/moc/one/"),
        ),
        ("environments/qa/shop.yaml", [], (("shop",), "qa", "")),
        ("shop/values-staging.yaml", [], (("shop",), "staging", "")),
        ("shop/values.prod.yaml", [], (("shop",), "prod", "")),
        ("shop/staging.yaml", [], (("shop",), "staging", "")),
        ("shop/values.yaml", [], (("shop",), "", "shop/")),
        ("envs/shop-staging.yaml", ["envs/shop-prod.yaml"], (("shop",), "staging", "")),
        ("prod-eu/shop/a.yaml", ["staging-eu/shop/a.yaml"], (("shop",), "prod-eu", "prod-eu/shop/")),
        ("staging/kustomization.yaml", ["production/kustomization.yaml"], ((), "staging", "")),
        ("compose.yaml", [], ((), "", "")),
        ("kubernetes/apps/media/plex/app/helmrelease.yaml", [], (("media", "plex"), "", "kubernetes/apps/media/plex/")),
        ("infrastructure/controllers/cert-manager.yaml", [], (("cert-manager",), "", "")),
    ],
)
def test_whose_a_file_is(file: str, others: list[str], expected: tuple[tuple[str, ...], str, str]) -> None:
    assert home(file, *others) == Home(*expected)


def test_a_lone_word_among_other_folders_is_no_environment() -> None:
    assert home("apps/dev/forgejo/app/a.yaml", "apps/media/plex/a.yaml", "apps/network/x/a.yaml").environment == ""


def test_a_test_is_no_environment() -> None:
    assert home("chart/tests/deployment_test.yaml", "chart/values.yaml").environment == ""
    assert home("shop/pods/shop-dependencies-test.yaml").environment == ""


def test_what_lies_below_an_app_belongs_to_it() -> None:
    files = ["apps/ai/llm/app/a.yaml", "apps/ai/llm/models/b.yaml", "apps/ai/other/a.yaml"]
    homes = Layout(files).homes(files)
    assert {home.key for home in homes.values()} == {("ai", "llm"), ("ai", "other")}
    assert homes["apps/ai/llm/models/b.yaml"].folder == "apps/ai/llm/"
