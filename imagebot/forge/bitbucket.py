"""Bitbucket, Cloud and Data Center: two dialects of one forge, told apart by the URL of the API."""

from __future__ import annotations

from urllib.parse import urlsplit

from imagebot.errors import BadInput
from imagebot.forge import bitbucket_cloud, bitbucket_data_center, rest
from imagebot.forge.manners import Manners
from imagebot.forge.protocol import Forge
from imagebot.settings.resolve import RepositorySettings


def connect(settings: RepositorySettings, manners: Manners) -> Forge:
    """The forge at `settings.api_url`; asks nothing of it yet. Raises `BadInput` if the settings do not fit Bitbucket.

    Cloud's API ends with `/2.0`, Data Center's has `/rest/api/` in it.
    """
    credentials = rest.token_of(settings)
    path = urlsplit(settings.api_url).path
    if path.endswith(bitbucket_cloud.API):
        return bitbucket_cloud.connect(settings, credentials, manners)
    if "/rest/api/" in path:
        return bitbucket_data_center.connect(settings, credentials, manners)
    raise BadInput(
        f"the URL of Bitbucket's API ends with {bitbucket_cloud.API} on Cloud, with /rest/api/latest on Data Center; "
        f"{settings.api_url!r} does neither"
    )
