"""Which cloud is asked, and what became of it in words; each registry's password is renewed before it ends."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

from imagebot.errors import BadInput
from imagebot.registry.endpoint import Endpoint
from imagebot.registry.limits import Deadline
from imagebot.registry.logins import Login
from imagebot.registry.renewal import Issued, Renewals
from imagebot.settings.clouds import CLOUDS, CloudName

_NEEDS: Mapping[CloudName, str] = {
    "aws": "let it ecr:GetAuthorizationToken, ecr:ListImages, ecr:BatchGetImage and ecr:GetDownloadUrlForLayer",
    "gcp": "give its account the role Artifact Registry Reader",
    "azure": "give it the role AcrPull",
}
_LOGGERS: Mapping[CloudName, tuple[str, ...]] = {
    "aws": ("botocore",),
    "gcp": ("google",),
    "azure": ("azure", "msal"),
}


class Identities:
    """The bot as clouds know it; shared by all threads. `google_file` is what Google's libraries know it by, if any.

    A cloud is reached as its registry is.
    """

    def __init__(self, google_file: Path | None, renewals: Renewals) -> None:
        self._google_file = google_file
        self._renewals = renewals

    def login(self, cloud: CloudName, registry: str, endpoint: Endpoint, deadline: Deadline) -> Login:
        """What `cloud` hands out for `registry`. Raises `BadInput` and every `WorldError`."""
        name = CLOUDS[cloud].name
        renewal = self._renewals.of(
            ("identity", cloud, registry),
            f"what {name} hands out for {registry}",
            lambda: self._issue(cloud, registry, endpoint),
        )
        credential = renewal.get(deadline)
        advice = f"{name} knows the bot here, and that is not enough: {_NEEDS[cloud]}"
        return Login(credential, advice, lambda: renewal.get(deadline, credential))

    def _issue(self, cloud: CloudName, registry: str, endpoint: Endpoint) -> Issued:
        for name in _LOGGERS[cloud]:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            return self._asked(cloud, registry, endpoint)
        except ModuleNotFoundError as error:
            if str(error.name).startswith("imagebot"):
                raise
            library = str(error.name).partition(".")[0]
            raise BadInput(
                f"identity: {cloud} needs the library {library}, which is not installed: install imagebot[{cloud}]"
            ) from None

    def _asked(self, cloud: CloudName, registry: str, endpoint: Endpoint) -> Issued:
        match cloud:
            case "aws":
                from imagebot.registry.identities import aws

                return aws.issue(registry, endpoint.way)
            case "gcp":
                from imagebot.registry.identities import gcp

                return gcp.issue(registry, endpoint.way, self._google_file)
            case "azure":
                from imagebot.registry.identities import azure

                return azure.issue(registry, endpoint.way, endpoint)
            case _:
                assert_never(cloud)
