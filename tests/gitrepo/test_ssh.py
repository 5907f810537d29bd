"""Git over ssh: our key, their host key, nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from imagebot.errors import NotFound, Refused
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.push import Pushed, PushUpdate
from imagebot.gitrepo.remote import Remote
from imagebot.settings.resolve import Author, SshKey
from tests.support.git_repos import BareRepository
from tests.support.git_ssh import SSHD, SshServer, known_host, make_key, ssh_server
from tests.support.sound import proved

pytestmark = pytest.mark.skipif(not SSHD.exists(), reason="needs sshd (apt install openssh-server)")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    with ssh_server(tmp_path / "with a space") as server:
        yield server


def opened(tmp_path: Path, environments: BareRepository, server: SshServer) -> Mirror:
    key = SshKey(server.key_file, server.known_hosts_file)
    return Mirror.open(tmp_path / "state/m.git", Remote(server.url(environments.folder), "main", key))


def test_a_pass_with_the_right_keys(tmp_path: Path, environments: BareRepository, server: SshServer) -> None:
    mirror = opened(tmp_path, environments, server)
    base = mirror.fetch("imagebot/").base
    commit = mirror.commit(base, {"README.md": proved(b"x")}, "m", Author())

    assert mirror.push([PushUpdate("imagebot/a", commit, None)]) == {"imagebot/a": Pushed()}
    assert environments.branches()["imagebot/a"] == commit


def test_another_host_key_ends_it(tmp_path: Path, environments: BareRepository, server: SshServer) -> None:
    server.known_hosts_file.write_text(known_host(server.port, make_key(tmp_path / "other")))

    with pytest.raises(Refused, match="Host key verification failed; its host key is not the one") as caught:
        opened(tmp_path, environments, server).fetch("imagebot/")
    assert "\n" not in str(caught.value)


def test_no_known_host_key_ends_it(tmp_path: Path, environments: BareRepository, server: SshServer) -> None:
    stranger = replace(server, known_hosts_file=tmp_path / "nothing")

    with pytest.raises(Refused, match="Host key verification failed"):
        opened(tmp_path, environments, stranger).fetch("imagebot/")


def test_a_key_that_is_not_let_in(tmp_path: Path, environments: BareRepository, server: SshServer) -> None:
    stranger = replace(server, key_file=make_key(tmp_path / "other"))

    with pytest.raises(Refused, match="does not accept the ssh key"):
        opened(tmp_path, environments, stranger).fetch("imagebot/")


def test_a_key_file_that_is_missing(tmp_path: Path, environments: BareRepository, server: SshServer) -> None:
    with pytest.raises(Refused, match="the ssh key file cannot be used"):
        opened(tmp_path, environments, replace(server, key_file=tmp_path / "nothing")).fetch("imagebot/")


def test_no_such_repository(tmp_path: Path, environments: BareRepository, server: SshServer) -> None:
    environments.folder.rename(tmp_path / "elsewhere.git")

    with pytest.raises(NotFound, match="no such repository"):
        opened(tmp_path, environments, server).fetch("imagebot/")
