"""Random repositories and policies, each through the version before and through today's: the same bytes on branches.

Not a test of `make test`: it needs this repository's history, and takes minutes.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.bench.old_version import Version, versions
from tests.support.stage import Stage, set_up

EXAMPLES = 20
APPS = ("api", "web", "cron")
FIELDS = (
    "spec:\n  containers:\n    - {{name: app, image: '{image}:{tag}'}}  # kept\n",
    'image:\n  repository: {image}\n  tag: "{tag}"\n---\nother: 1\n',
    "images:\n- name: {image}\n  newTag: {tag}\n",
    "custom: {tag} # imagebot: {image}\n",
    "---\nkind: A\n---\nanchor: &a {image}:{tag}\nimage: *a\n",
)
FILES = st.dictionaries(
    st.tuples(st.sampled_from(APPS), st.integers(0, 3)),
    st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(("1.0.0", "1.2.0", "2.0.0"))), min_size=1, max_size=3),
    min_size=1,
)
RANGES = st.fixed_dictionaries({app: st.sampled_from(("^1", "*", ">=1.1 <2", "~1.2")) for app in APPS})


def main() -> None:
    """Try them all, and say so."""
    with versions() as (new, old):
        if old is None:
            return

        seen: list[str] = []

        @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
        @given(files=FILES, ranges=RANGES)
        def same(files: Mapping[tuple[str, int], list[tuple[str, str]]], ranges: Mapping[str, str]) -> None:
            with TemporaryDirectory() as name:
                stage = build(Path(name), files, ranges)
                with stage.registry:
                    today = branches(stage, new, "new")
                    assert today == branches(stage, old, "old")
                    seen.extend(branch for branch in today if branch.startswith("refs/heads/imagebot/"))

        same()
        assert seen, "no example proposed anything"
        print(f"{EXAMPLES} repositories, {len(seen)} branches of the bot: the same bytes as before")


def build(folder: Path, files: Mapping[tuple[str, int], list[tuple[str, str]]], ranges: Mapping[str, str]) -> Stage:
    """A stage with these fields and a policy for each app."""
    stage = set_up(folder)
    host = stage.registry.host
    texts: dict[str, str | None] = {}
    for (app, number), fields in files.items():
        documents = (field.format(image=f"{host}/acme/{app}", tag=tag) for field, tag in fields)
        texts[f"{app}/{number}.yaml"] = "---\n".join(documents)
    for app in APPS:
        stage.publish("1.0.0", "1.2.0", "1.2.1", "2.0.0", "2.1.0", repository=f"acme/{app}")
        head = f"app: {app}\nrepository: environments\nenvironments: {{production: {{paths: [{app}/]}}}}\n"
        stage.policy(f"{head}images: [{{image: {host}/acme/{app}, semver: '{ranges[app]}'}}]\n", f"{app}.yaml")
    stage.commit(texts)
    return stage


def branches(stage: Stage, version: Version, what: str) -> Mapping[str, str]:
    """The tree of each branch after a pass of this version over a copy of the stage, by the branch's name."""
    folder = stage.folder / what
    folder.mkdir()
    copytree(stage.bare, folder / "environments.git")
    copytree(stage.folder / "policies", folder / "policies")
    config = stage.config.read_text().replace(str(stage.bare), str(folder / "environments.git"))
    (folder / "imagebot.yaml").write_text(config)
    version.spent(folder, ["-m", "imagebot", "once"])
    asked = ["git", "-C", str(folder / "environments.git"), "for-each-ref", "--format=%(refname) %(tree)", "refs/heads"]
    lines = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.partition(" ")[0]: line.partition(" ")[2] for line in lines}


if __name__ == "__main__":
    main()
