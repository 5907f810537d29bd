"""What docs/signatures.md shows can be written so."""

from __future__ import annotations

import re
from pathlib import Path

from imagebot.policy.check_file import InSettings
from imagebot.policy.read import Around, read_policies
from imagebot.settings.resolve import read_settings

PAGE = (Path(__file__).parents[2] / "docs" / "signatures.md").read_text()
SETTINGS, POLICY, *_ = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_settings_on_the_page_are_settings(tmp_path: Path) -> None:
    rest = "policies: [policies/]\nrepositories: {environments: {url: ./environments, forge: local}}\n"
    settings = read_settings("imagebot.yaml", (rest + SETTINGS).encode(), tmp_path, {})
    assert str(settings.verify[0]) == "a signature by key release"
    assert settings.trust.keys == {"release": tmp_path / "keys" / "release.pub"}


def test_the_policy_on_the_page_is_one() -> None:
    text = f"app: api\nrepository: env\nenvironments: {{prod: }}\n{POLICY}"
    found = read_policies(
        {"api.yaml": text.encode()}, ["env"], around=Around(settings=InSettings(keys=frozenset({"release"})))
    )
    assert (found.problems, found.advice) == ((), ())
    assert len(found.policies[0].watches[0].verify) == 2
