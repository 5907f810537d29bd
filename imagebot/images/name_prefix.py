"""Where image names lie together: a registry, with a path in it or without. `harbor.corp/hub`, `docker.io`."""

from __future__ import annotations

from dataclasses import dataclass

from imagebot.images.reference import DOCKER_HUB, ImageName


@dataclass(frozen=True, slots=True)
class NamePrefix:
    """All images of a registry whose repositories begin with `path`; it is empty for all of them."""

    registry: str
    path: str = ""

    def __str__(self) -> str:
        return f"{self.registry}/{self.path}" if self.path else self.registry

    def holds(self, name: ImageName) -> bool:
        """Whether an image lies here."""
        return name.registry == self.registry and (not self.path or name.repository.startswith(f"{self.path}/"))

    def name(self, rest: str) -> ImageName:
        """The image whose repository goes on with `rest`; on Docker Hub one word is an image of `library`."""
        repository = f"{self.path}/{rest}" if self.path else rest
        if self.registry == DOCKER_HUB and "/" not in repository:
            repository = f"library/{repository}"
        return ImageName(self.registry, repository)

    @classmethod
    def parse(cls, text: str) -> NamePrefix:
        """Read `HOST`, `HOST/PATH`, or the URL that the registry's API has for these: `https://HOST/v2/PATH`.

        Raises `ValueError` that says what is wrong.
        """
        if text.startswith("http://"):
            raise ValueError("write it without http://, and plainHttp: true for that host under registries")
        host, _, path = text.removeprefix("https://").rstrip("/").partition("/")
        path = "" if path == "v2" else path.removeprefix("v2/")
        if "v2" in path.split("/"):
            raise ValueError("what stands before /v2 in a URL is in no image's name: write HOST/PATH as names have it")
        found = ImageName.parse(f"{host}/{path}/x" if path else f"{host}/x/x")
        if found.repository != (f"{path}/x" if path else "x/x"):
            raise ValueError(f"{host!r} is no registry host: a host has a dot or a port, or is localhost")
        return cls(found.registry, path)
