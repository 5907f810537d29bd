"""With which credential a registry is asked about an image: settings first, then Docker's config.json, then none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from imagebot.errors import BadInput
from imagebot.images.reference import ImageName
from imagebot.registry.docker_config import DockerConfig
from imagebot.registry.logins import Basic, Credential, Login, RegistryToken
from imagebot.secret import Secret, SecretSource
from imagebot.settings.resolve import BasicCredentials, BearerCredentials, RegistrySettings

ANONYMOUS = Login(None, "give credentials under registries in imagebot.yaml")


@dataclass(frozen=True, slots=True)
class CredentialStore:
    """Looks a login up at each question, because mounted secrets and config.json are rotated in place."""

    settings: Mapping[str, RegistrySettings]
    docker: DockerConfig | None

    @classmethod
    def of(cls, settings: Mapping[str, RegistrySettings], docker_config: Path | None) -> CredentialStore:
        return cls(settings, DockerConfig(docker_config) if docker_config else None)

    def login(self, name: ImageName) -> Login:
        """What to ask about `name` with. Raises `BadInput` when a file cannot be read or makes no sense."""
        listed = self.settings.get(name.registry)
        if listed is not None and listed.credentials is not None:
            return _from_settings(name.registry, listed.credentials)
        found = self.docker.login(name) if self.docker else None
        return found or ANONYMOUS


def _from_settings(host: str, credentials: BasicCredentials | BearerCredentials) -> Login:
    where = f"the credentials of {host} in imagebot.yaml"
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
