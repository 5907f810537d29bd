"""What a verb works with is made of the settings as they are, for all that git is asked for."""

from __future__ import annotations

from pathlib import Path

from imagebot.cli.compose import world_of
from imagebot.settings.resolve import read_settings

SETTINGS = """\
policies: [p]
state: state
proxy: http://proxy.corp:3128
caFile: company.pem
repositories: {env: {url: "https://git.corp/a/b", forge: gitea, credentials: {tokenEnv: T}, clientCertFile: c.pem}}
sources: {api: {url: "https://git.corp/a/api"}}
database: {repository: env}
"""


def test_mirrors_and_sources_are_reached_as_settings_say(tmp_path: Path) -> None:
    settings = read_settings("imagebot.yaml", SETTINGS.encode(), tmp_path, {"T": "a-token"})
    world = world_of(settings)

    for mirror, keys in (
        (world.mirror(settings.repositories["env"]), settings.repositories["env"]),
        (world.source("api", None), settings.sources["api"]),
    ):
        assert mirror.remote.way == keys.way
        assert str(keys.way.proxies.https) == "http://proxy.corp:3128"
        assert keys.way.certificates.ca_file == tmp_path / "company.pem"
