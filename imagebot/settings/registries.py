"""What imagebot.yaml says of one registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from imagebot.documents.model import ONE_OR_SEVERAL, WHOLE, FilledBy, Flag
from imagebot.images.name_prefix import NamePrefix
from imagebot.images.reference import ImageName
from imagebot.settings import grammar as words
from imagebot.settings.mirrors import AnyMirror, RegistryMirror, Upstreams
from imagebot.settings.registry_logins import RegistryCredentials, RegistryLogin
from imagebot.settings.ways import Reached


class RegistrySettings(Reached):
    """What is special about one registry host."""

    plain_http: Flag = False
    """Whether it speaks http without TLS."""
    credentials: Annotated[tuple[Annotated[RegistryLogin, FilledBy(RegistryCredentials)], ...], ONE_OR_SEVERAL] = ()
    """How it knows the bot; a list where that differs by `path`. Without it: by `identities`, as the Docker
    configuration says, or anonymously."""
    auth_hosts: tuple[Annotated[str, AfterValidator(words.auth_host)], ...] = ()
    """Hosts besides the registry that may be asked for tokens, and so may see its credentials."""
    blob_hosts: tuple[Annotated[str, AfterValidator(words.blob_host)], ...] = ()
    """Hosts that the registry may send the bot to for blobs, and that may lie in a private network: `HOST`,
    `HOST:PORT`, or `*.SUFFIX`. They never see a credential."""
    requests_per_minute: Annotated[int, Field(ge=1, le=60_000), WHOLE] | None = None
    """How many requests it is sent in a minute at most, evenly apart. Default: as it answers, four at once."""
    mirror: AnyMirror | None = None
    """The registry that is asked in its place: `https://HOST/v2/PATH`, or `{url: …, fallback: true}`. Images are
    written as before. A login, `plainHttp` and `caFile` are those of that host."""
    pull_through: Upstreams | None = None
    """Which registries it is a pull-through cache of: `docker.io`, or `{hub: docker.io, ghcr: ghcr.io}` by the path
    that its repositories begin with. Their tags are then those that the other registry lists."""

    @property
    def mirrored(self) -> RegistryMirror | None:
        """Who is asked in its place."""
        return RegistryMirror(url=self.mirror) if isinstance(self.mirror, NamePrefix) else self.mirror

    @property
    def upstreams(self) -> Mapping[str, NamePrefix]:
        """What it is a cache of, by the path that its repositories begin with; the longest first, none at the end."""
        given = self.pull_through or {}
        if isinstance(given, NamePrefix):
            return {"": given}
        return dict(sorted(given.items(), key=lambda item: -len(item[0])))

    def upstream(self, name: ImageName) -> ImageName | None:
        """The image of another registry that this one of its own is a copy of."""
        for path, prefix in self.upstreams.items():
            if NamePrefix(name.registry, path).holds(name):
                return prefix.name(name.repository.removeprefix(f"{path}/") if path else name.repository)
        return None
