"""A program that keeps credentials gets a host and nothing else, and none of its faults is anybody else's."""

from __future__ import annotations

import os
import select
from datetime import timedelta
from pathlib import Path

import pytest

from imagebot.errors import BadInput, Unavailable
from imagebot.outgoing import outgoing
from imagebot.registry.credential_program import credential_of
from imagebot.registry.logins import Basic, Credential, RefreshToken
from imagebot.secret import Secret
from imagebot.settings.registry_logins import PassedVariable
from imagebot.settings.resolve import CredentialHelper

TITLE = "docker-credential-keys"
SECRET = "a-secret+of/the=keys"
GOOD = f'{{"ServerURL":"https://ghcr.io","Username":"bot","Secret":"{SECRET}"}}'


def program(folder: Path, script: str, mode: int = 0o755) -> Path:
    file = folder / TITLE
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(mode)
    return file


def asked(file: Path, server: str = "ghcr.io", seconds: float = 10.0) -> Credential | None:
    variables = (PassedVariable("HOME", "/home/bot"), PassedVariable("NOT_SET"))
    helper = CredentialHelper(program=file, timeout=timedelta(seconds=seconds), variables=variables)
    return credential_of("keys", helper, server)


@pytest.mark.parametrize(
    ("answer", "credential"),
    [
        (GOOD, Basic("bot", Secret(SECRET))),
        (f'{{"Username":"<token>","Secret":"{SECRET}"}}', RefreshToken(Secret(SECRET))),
        ('{"ServerURL":"ghcr.io","Username":"","Secret":""}', None),
    ],
    ids=["user", "identity token", "empty"],
)
def test_an_answer_is_a_credential(tmp_path: Path, answer: str, credential: Credential | None) -> None:
    assert asked(program(tmp_path, f"cat >/dev/null; printf '%s' '{answer}'")) == credential


def test_it_is_asked_for_one_host_with_an_environment_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_OF_THE_BOT", "a-secret-of-the-bot")
    said = tmp_path / "said"
    asked(program(tmp_path, f"{{ echo \"$@\"; cat; echo; pwd; /usr/bin/env; }} >{said}; echo '{GOOD}'"))
    arguments, server, folder, *environment = said.read_text().splitlines()
    assert (arguments, server, folder) == ("get", "ghcr.io", "/")
    set_by_the_shell = {"PWD", "_", "SHLVL", "OLDPWD"}
    assert {line for line in environment if line.partition("=")[0] not in set_by_the_shell} == {
        "HOME=/home/bot",
        "LC_ALL=C.UTF-8",
        "PATH=/usr/local/bin:/usr/bin:/bin",
    }


def test_nothing_found_is_nobody(tmp_path: Path) -> None:
    assert asked(program(tmp_path, "echo 'credentials not found in native keychain'; exit 1")) is None


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("echo garbage", f"{TITLE} was asked for ghcr.io and answers something that is no credential"),
        ("true", f"{TITLE} was asked for ghcr.io and answers something that is no credential"),
        ("echo '[]'", f"{TITLE} was asked for ghcr.io and answers something that is no credential"),
        (
            'echo \'{"Username":1,"Secret":{}}\'',
            f"{TITLE} was asked for ghcr.io and answers something that is no credential",
        ),
        (
            'echo \'{"Username":"a:b","Secret":"x"}\'',
            f"{TITLE} has a credential for ghcr.io that cannot be sent: a user name has no colon",
        ),
        ("yes | head -c 100000", f"{TITLE} was stopped: it says more than any credential has"),
        ("yes", f"{TITLE} was stopped: it says more than any credential has"),
        (
            f"echo '{SECRET}' >&2; echo '{GOOD}'; exit 3",
            f"{TITLE} ended with exit code 3 when it was asked for ghcr.io: `echo ghcr.io | {{file}} get` tells why",
        ),
        (
            "kill -9 $$",
            f"{TITLE} ended with exit code -9 when it was asked for ghcr.io: `echo ghcr.io | {{file}} get` tells why",
        ),
    ],
    ids=["garbage", "nothing", "list", "no text", "colon", "much", "endless", "failed", "killed"],
)
def test_an_answer_that_makes_no_sense_is_one_line_without_a_word_of_it(tmp_path: Path, script: str, says: str) -> None:
    file = program(tmp_path, script)
    with pytest.raises(BadInput) as caught:
        asked(file)
    assert str(caught.value) == says.format(file=file)


def test_a_secret_on_standard_error_goes_nowhere(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert asked(program(tmp_path, f"echo '{SECRET}' >&2; echo '{GOOD}'")) == Basic("bot", Secret(SECRET))
    assert "".join(capfd.readouterr()) == ""
    assert outgoing(f"said {SECRET}") == "said …", "and is masked wherever else it turns up"


@pytest.mark.parametrize(
    "script",
    ["sleep 600 & wait", "trap '' TERM; sleep 600", f"echo '{GOOD}'; exec >&-; sleep 600", "sleep 600 & exit 0"],
    ids=["with a child", "that does not listen", "after its answer", "by a child that it leaves"],
)
def test_a_program_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path, script: str) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    file = program(tmp_path, f"exec 3>{fifo}; {script}")
    with pytest.raises(Unavailable, match=rf"^{TITLE} was stopped: it did not end within 0\.3 s$"):
        asked(file, seconds=0.3)
    alive = select.poll()
    alive.register(reader, select.POLLHUP)
    assert alive.poll(20_000), "nobody has the pipe open any more"
    os.close(reader)


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=rf"^{TITLE} cannot be run: {tmp_path}/none: No such file or directory$"):
        asked(tmp_path / "none")


@pytest.mark.parametrize("text", ["", "#!/nowhere/sh\n", "\x7fELF nonsense"])
def test_a_program_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    file = program(tmp_path, "")
    file.write_text(text)
    with pytest.raises(BadInput, match=rf"^{TITLE} cannot be run: "):
        asked(file)


@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_a_program_that_may_not_be_executed_is_named(tmp_path: Path, mode: int) -> None:
    with pytest.raises(BadInput, match=r"is no program that this user may execute$"):
        asked(program(tmp_path, "true", mode))


@pytest.mark.parametrize("mode", [0o757, 0o775, 0o777])
def test_a_program_that_others_may_change_is_not_run(tmp_path: Path, mode: int) -> None:
    file = program(tmp_path, f"touch {tmp_path}/was-run", mode)
    with pytest.raises(BadInput, match=rf"^{TITLE} is not run: others can write to {file}; take that right from them$"):
        asked(file)
    assert not (tmp_path / "was-run").exists()


def test_a_program_in_a_folder_that_others_may_change_is_not_run(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(BadInput, match=rf"others can write to {folder};"):
        asked(program(folder, "true"))
    link = tmp_path / "linked"
    link.symlink_to(folder / TITLE)
    with pytest.raises(BadInput, match=rf"others can write to {folder};"):
        asked(link)
