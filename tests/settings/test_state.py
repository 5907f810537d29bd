"""Where the state lives, as imagebot.yaml has it."""

from __future__ import annotations

import pytest

from imagebot.secret import Secret, SecretFile
from imagebot.settings.resolve import PostgresDatabase, StateBranch
from tests.settings.test_resolve import HERE, said, settings


def database(text: str, **environ: str) -> object:
    return settings(f"policies: [p]\nrepositories: {{r: {{url: /x}}}}\ndatabase: {text}", **environ).database


def test_where_the_state_lives() -> None:
    assert database("") is None
    assert database("{url: 'postgresql://bot@db/imagebot'}") == PostgresDatabase(Secret("postgresql://bot@db/imagebot"))
    assert database("{urlEnv: U}", U="postgresql://a:b@c/d") == PostgresDatabase(Secret("postgresql://a:b@c/d"))
    assert database("{urlFile: db/uri}") == PostgresDatabase(SecretFile(HERE / "db/uri"))
    assert database("{repository: r}") == StateBranch("r")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "write exactly one of url, urlEnv, urlFile and repository"),
        ("{urlEnv: A, repository: r}", "write exactly one of url, urlEnv, urlFile and repository"),
        ("{repository: x}", "imagebot.yaml:4:16: 'x' is not among `repositories`, which has r"),
        (
            "{url: 'postgresql://a:hunter2@b/c'}",
            "a password never stands here; write the URL into a file or a variable",
        ),
        ("{url: 'postgresql://b/c?password=hunter2'}", "a password never stands here"),
        ("{url: 'postgresql://b'}", "write the URL of a PostgreSQL database: postgresql://USER@HOST/NAME"),
        ("{url: 'sqlite:///x'}", "write the URL of a PostgreSQL database"),
        ("{url: 'postgresql://[b/c'}", "this is no URL"),
        ("{password: hunter2}", "a password stands in the URL, and that in a file: urlFile or urlEnv"),
        ("{repository: r, token: hunter2}", "unknown key 'token'"),
        ("'postgresql://a:hunter2@b/c'", "expected a mapping, found text"),
    ],
)
def test_where_the_state_cannot_live(text: str, message: str) -> None:
    found = said(f"policies: [p]\nrepositories: {{r: {{url: /x}}}}\ndatabase:\n  {text}", A="x")
    assert message in found
    assert "hunter2" not in found
