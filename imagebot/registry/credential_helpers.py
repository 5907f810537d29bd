"""The programs that the settings allow to be asked for credentials; each answer is used for a while."""

from __future__ import annotations

from collections.abc import Mapping

from imagebot.registry.credential_program import credential_of
from imagebot.registry.limits import HELPER_LIFE, Deadline
from imagebot.registry.logins import Login
from imagebot.registry.renewal import Issued, Renewals
from imagebot.settings.resolve import CredentialHelper


class CredentialHelpers:
    """Those of a process, by the names that Docker has for them; shared by all threads."""

    def __init__(self, allowed: Mapping[str, CredentialHelper], renewals: Renewals) -> None:
        self._allowed = allowed
        self._renewals = renewals

    def __contains__(self, name: object) -> bool:
        return name in self._allowed

    def login(self, name: str, server: str, deadline: Deadline) -> Login:
        """What the helper says of `server`, as Docker would spell it. Raises `BadInput`, `Unavailable`."""
        helper, title = self._allowed[name], f"docker-credential-{name}"
        renewal = self._renewals.of(
            ("helper", name, server),
            f"what {title} has for {server}",
            lambda: Issued(credential_of(name, helper, server), HELPER_LIFE),
        )
        credential = renewal.get(deadline)
        if credential is None:
            return Login(None, f"{title} has no credentials for {server}")
        advice = f"the credentials that {title} has for {server} are wrong or not enough"
        return Login(credential, advice, lambda: renewal.get(deadline, credential))
