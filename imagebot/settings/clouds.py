"""The clouds that know the bot without a password, and the hosts of their registries.

An identity is shown to these hosts alone: they belong to the cloud, whoever names one of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

CloudName = Literal["aws", "gcp", "azure"]
CLOUD_NAMES: tuple[CloudName, ...] = get_args(CloudName)


@dataclass(frozen=True, slots=True)
class Cloud:
    """What people call it and its registries, and how the hosts of these are told."""

    name: str
    registries: str
    hosts: re.Pattern[str]


CLOUDS: Mapping[CloudName, Cloud] = {
    "aws": Cloud(
        "AWS",
        "ACCOUNT.dkr.ecr.REGION.amazonaws.com, public.ecr.aws",
        # https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-requests.html; the second form is the dual stack's.
        re.compile(
            r"(?:public\.ecr\.aws|ecr-public\.aws\.com)"
            r"|[0-9]{12}\.dkr\.ecr(?:-fips)?\.[a-z0-9-]{1,32}\.amazonaws\.com(?:\.cn)?"
            r"|[0-9]{12}\.dkr-ecr(?:-fips)?\.[a-z0-9-]{1,32}\.on\.(?:aws|amazonwebservices\.com\.cn)",
            re.ASCII,
        ),
    ),
    "gcp": Cloud(
        "Google Cloud",
        "REGION-docker.pkg.dev, gcr.io",
        re.compile(r"(?:[a-z0-9-]{1,63}\.){1,3}pkg\.dev|(?:[a-z0-9-]{1,63}\.)?gcr\.io", re.ASCII),
    ),
    "azure": Cloud(
        "Azure",
        "NAME.azurecr.io",
        re.compile(r"[a-z0-9-]{1,63}\.azurecr\.(?:io|cn|us)", re.ASCII),
    ),
}


def cloud_of(host: str) -> CloudName | None:
    """The cloud whose registry is at this host, if it is one's."""
    return next((name for name in CLOUD_NAMES if CLOUDS[name].hosts.fullmatch(host)), None)
