"""Whatever file the bot is told to use: a pipe that nobody writes to, or a device, holds it up nowhere."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebot.errors import BadInput
from imagebot.forge.transport import Transport
from imagebot.gitrepo.remote import Remote
from imagebot.gitrepo.sign import signed
from imagebot.policyfiles import load_paths
from imagebot.proxies import Certificates, ClientCertificate, WayOut
from imagebot.registry.endpoint import Endpoint
from imagebot.registry.waits import Waits
from imagebot.registry.wire import Count
from imagebot.regular import Irregular, open_regular, read_regular
from imagebot.secret import Secret, SecretFile
from imagebot.settings.resolve import RegistrySettings, SshKey, SshSigningKey, TokenCredentials, load

URL, SSH = "https://git.example/acme/env", "ssh://git@git.example/acme/env"


def believing(file: Path) -> WayOut:
    return WayOut(certificates=Certificates(file))


def showing(file: Path) -> WayOut:
    return WayOut(certificates=Certificates(client=ClientCertificate(file, file)))


OPENS: dict[str, Callable[[Path], object]] = {
    "token": lambda file: SecretFile(file).reveal(),
    "settings": load,
    "signing key": lambda file: signed([b"tree x"], SshSigningKey(file)),
    "CA of a registry": lambda file: Endpoint.of("r.example", RegistrySettings(ca_file=file), Count(), Waits()),
    "CA of a forge": lambda file: Transport(believing(file), 1.0),
    "CA of a git server": lambda file: Remote(URL, way=believing(file)).environment(),
    "the same, beside a token": lambda file: Remote(
        URL, credentials=TokenCredentials(Secret("hunter2")), way=believing(file)
    ).environment(),
    "certificate for a registry": lambda file: Endpoint.of(
        "r.example", RegistrySettings(client_cert_file=file), Count(), Waits()
    ),
    "certificate for a forge": lambda file: Transport(showing(file), 1.0),
    "certificate for a git server": lambda file: Remote(URL, way=showing(file)).environment(),
    "ssh key": lambda file: Remote(SSH, credentials=SshKey(file, Path(os.devnull).parent / "none")).environment(),
    "known hosts": lambda file: Remote(SSH, credentials=SshKey(file.parent / "none", file)).environment(),
}


@pytest.mark.parametrize("opens", OPENS.values(), ids=OPENS)
def test_a_pipe_is_not_waited_for(opens: Callable[[Path], object], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match=r"pipe.*: this is no regular file"):
        opens(tmp_path / "pipe")


@pytest.mark.parametrize("opens", OPENS.values(), ids=OPENS)
def test_a_folder_is_no_file(opens: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadInput, match=r"folder.*: Is a directory"):
        opens(tmp_path / "folder")


def test_a_policy_that_is_a_pipe_is_a_problem_of_its_own(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (problem,) = load_paths([tmp_path / "pipe.yaml"], None).problems
    assert problem.message == "this is no regular file"


def test_what_is_read_has_an_end(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abcdef")
    assert read_regular(tmp_path / "file", 3) == b"abcd"
    assert read_regular(tmp_path / "file", 6) == b"abcdef"


def test_neither_a_socket_nor_a_device_is_opened(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for path in (tmp_path / "socket", Path("/dev/zero")):
            with pytest.raises(Irregular):
                open_regular(path)
