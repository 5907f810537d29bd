"""With which credential a registry is asked about an image: the settings' own first, then a cloud's, then files'.

What is nowhere is asked by nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from imagebot.errors import BadInput
from imagebot.images.reference import ImageName
from imagebot.registry.credential_helpers import CredentialHelpers
from imagebot.registry.docker_config import server_of
from imagebot.registry.docker_configs import DockerConfigs
from imagebot.registry.endpoint import Endpoint
from imagebot.registry.identities.known import Identities
from imagebot.registry.limits import Deadline
from imagebot.registry.logins import Basic, Credential, Login, RegistryToken
from imagebot.registry.renewal import Clock, Renewals
from imagebot.secret import Secret, SecretSource
from imagebot.settings.clouds import cloud_of
from imagebot.settings.resolve import (
    BasicCredentials,
    BearerCredentials,
    CloudCredentials,
    CredentialSources,
    HelperCredentials,
    RegistryLogin,
    RegistrySettings,
)

ANONYMOUS = Login(None, "if there is such an image, give credentials under registries in imagebot.yaml")


class CredentialStore:
    """Looks a login up at each question, because mounted secrets and files of Docker's are rotated in place."""

    def __init__(self, settings: Mapping[str, RegistrySettings], sources: CredentialSources, clock: Clock) -> None:
        renewals = Renewals(clock)
        self._settings = settings
        self._clouds = sources.identities
        self._identities = Identities(sources.google_file, renewals)
        self._helpers = CredentialHelpers(sources.helpers, renewals)
        self._files = DockerConfigs(sources.docker_configs, self._helpers)

    def login(self, name: ImageName, endpoint: Endpoint, deadline: Deadline) -> Login:
        """What to ask about `name` with, at the registry that `endpoint` is.

        Raises `BadInput` when a file cannot be read or makes no sense, and every `WorldError` where a program or a
        cloud is asked.
        """
        listed = self._settings.get(name.registry)
        chosen = _longest(listed.credentials, name.repository) if listed else None
        if chosen is not None:
            return self._listed(chosen, name.registry, endpoint, deadline)
        cloud = None if listed is not None and listed.plain_http else cloud_of(name.registry)
        if cloud is not None and cloud in self._clouds:
            return self._identities.login(cloud, name.registry, endpoint, deadline)
        return self._files.login(name, deadline) or _nobody(name.registry)

    def _listed(self, chosen: RegistryLogin, registry: str, endpoint: Endpoint, deadline: Deadline) -> Login:
        match chosen:
            case CloudCredentials(cloud):
                return self._identities.login(cloud, registry, endpoint, deadline)
            case HelperCredentials(helper):
                return self._helpers.login(helper, server_of(registry), deadline)
            case BasicCredentials() | BearerCredentials():
                return _written(chosen, registry)
            case _:
                assert_never(chosen)


def _nobody(registry: str) -> Login:
    cloud = cloud_of(registry)
    return ANONYMOUS if cloud is None else Login(None, f"{ANONYMOUS.advice}, such as {{identity: {cloud}}}")


def _longest(logins: Iterable[RegistryLogin], repository: str) -> RegistryLogin | None:
    """The one whose path says most about an image."""
    fitting = (each for each in logins if f"{repository}/".startswith(f"{each.path}/" if each.path else ""))
    return max(fitting, key=lambda each: len(each.path), default=None)


def _written(credentials: BasicCredentials | BearerCredentials, registry: str) -> Login:
    place = f"{registry}/{credentials.path}" if credentials.path else registry
    where = f"the credentials of {place} in imagebot.yaml"
    try:
        match credentials:
            case BasicCredentials(username, password):
                credential: Credential = Basic(_text(username), Secret(password.reveal()))
            case BearerCredentials(token):
                credential = RegistryToken(Secret(token.reveal()))
    except ValueError as error:
        raise BadInput(f"{where}: {error}") from None
    return Login(credential, f"{where} are wrong or not enough")


def _text(source: SecretSource | str) -> str:
    return source if isinstance(source, str) else source.reveal()
