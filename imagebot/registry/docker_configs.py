"""The files with credentials that the settings name, all of them together; read again when one changes.

Programs that they name (`credsStore`, `credHelpers`) are run where the settings allow it. Elsewhere their registries
are asked without a credential, and if one refuses that, the advice says what to write.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from imagebot.errors import BadInput
from imagebot.images.reference import ImageName
from imagebot.registry.credential_helpers import CredentialHelpers
from imagebot.registry.docker_config import DockerConfig, KeptByProgram, WrittenCredential, scopes_of
from imagebot.registry.limits import Deadline
from imagebot.registry.logins import Login
from imagebot.settings.registry_logins import pull_secret

_Stamp = tuple[int, int, int]


class DockerConfigs:
    """Files of Docker's or Kubernetes'. One that is not there has no credentials."""

    def __init__(self, files: Sequence[Path], helpers: CredentialHelpers) -> None:
        self._files = tuple(map(_File, files))
        self._helpers = helpers

    def login(self, name: ImageName, deadline: Deadline) -> Login | None:
        """The login for `name`: of the longest path in any file, else of the host; of two alike the first file's.

        Raises `BadInput` with file, line and key where a file, or the entry, cannot be read or sent, and what a program
        raises. A file that cannot be read is none of the others' business, as long as one of them has a login.
        """
        configs, problems = self._read()
        for scope in scopes_of(name):
            for config in configs:
                if (found := config.at(scope)) is not None:
                    return self._login(found, config, deadline)
        for config in configs:
            kept = config.in_store(name.registry)
            if kept is not None and kept.program in self._helpers:
                login = self._login(kept, config, deadline)
                if login.credential is not None:
                    return login
        problems += [BadInput(f"{config.file}: {config.wrong}") for config in configs if config.wrong]
        if problems:
            raise problems[0]
        if configs or not self._files:
            return None
        missing = " and no ".join(str(file.path) for file in self._files)
        return Login(None, f"there is no {missing}, and imagebot.yaml has no credentials under registries")

    def _read(self) -> tuple[list[DockerConfig], list[BadInput]]:
        configs, problems = [], []
        for file in self._files:
            try:
                config = file.current()
            except BadInput as error:
                problems.append(error)
            else:
                configs += [] if config is None else [config]
        return configs, problems

    def _login(self, found: WrittenCredential | KeptByProgram, config: DockerConfig, deadline: Deadline) -> Login:
        if isinstance(found, WrittenCredential):
            return Login(found.credential, f"the credentials at {found.place} are wrong or not enough")
        if found.program in self._helpers:
            return self._helpers.login(found.program, found.server, deadline)
        title = f"docker-credential-{found.program}"
        allowed = f"credentialHelpers in imagebot.yaml has `{found.program}: {{program: /…/{title}}}`"
        return Login(
            None, f"{config.file} keeps its credentials in {title}, which imagebot does not run unless {allowed}"
        )


class _File:
    """One of them, as it was read last. Kubernetes exchanges a whole folder at once, by a link: both are followed."""

    def __init__(self, named: Path) -> None:
        self._named = named
        self._lock = threading.Lock()
        self._stamp: _Stamp | None = None
        self._config = DockerConfig(named)

    @property
    def path(self) -> Path:
        return pull_secret(self._named)

    def current(self) -> DockerConfig | None:
        """What is in it now; None if it is not there. Raises `BadInput`."""
        file = self.path
        with self._lock:
            try:
                state = file.stat()
                stamp = (state.st_mtime_ns, state.st_size, state.st_ino)
                if stamp != self._stamp:
                    self._config = DockerConfig.read(file)
                    self._stamp = stamp
            except FileNotFoundError:
                return None
            except OSError as error:
                raise BadInput(f"cannot read {file}: {error.strerror}") from None
            except ValueError:
                raise BadInput(f"cannot read {str(file)!r}: that is no file's name") from None
            return self._config
