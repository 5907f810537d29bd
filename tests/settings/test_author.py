"""Who the bot's commits are by, in imagebot.yaml."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imagebot.errors import BadInput
from imagebot.settings.resolve import Author, GpgKey, SshSigningKey, read_settings

HERE = Path("/etc/imagebot")


def author(text: str) -> Author:
    page = f"policies: [p]\nrepositories: {{r: {{url: /envs}}}}\nauthor: {text}\n"
    return read_settings("imagebot.yaml", page.encode(), HERE, {}).author


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("{}", Author(name="imagebot", email="imagebot@noreply.invalid", sign_off=False, signing=None)),
        ("{name: Bot, email: b@acme.test, signOff: true}", Author(name="Bot", email="b@acme.test", sign_off=True)),
        ("{signing: {sshKeyFile: keys/bot}}", Author(signing=SshSigningKey(HERE / "keys/bot"))),
        ("{signing: {gpgKeyFile: /run/secrets/bot.asc}}", Author(signing=GpgKey(Path("/run/secrets/bot.asc")))),
    ],
)
def test_an_author(text: str, means: Author) -> None:
    assert author(text) == means


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{signing: {}}", "write exactly one of sshKeyFile and gpgKeyFile"),
        ("{signing: {sshKeyFile: a, gpgKeyFile: b}}", "write exactly one of sshKeyFile and gpgKeyFile"),
        ("{signing: {sshKey: canary}}", "write the name of its file: sshKeyFile"),
        ("{signing: {gpgKey: canary}}", "write the name of the file it was exported to: gpgKeyFile"),
        ("{signoff: true}", "did you mean 'signOff'?"),
        ("{signOff: often}", "expected true or false, found 'often'"),
    ],
)
def test_an_author_that_is_none(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=re.escape(says)) as caught:
        author(text)
    assert str(caught.value).startswith("imagebot.yaml:3:")
    assert "canary" not in str(caught.value)
