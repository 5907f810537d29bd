"""A GitHub for one repository of several that one account works in, keeping time by the simulated clock."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from tests.storm.limits import Account
from tests.support.forge_server import Answer, Pull
from tests.support.github_server import LIMITED, GitHubServer, described
from tests.support.openapi import Call

# Other tests hold every answer against GitHub's description; here it would take most of the time.
_HELD_AGAINST_THE_DESCRIPTION = 5


class StormGitHub(GitHubServer):
    """Bans the account that passes a documented limit, which fails the test."""

    def __init__(self, repository: str, account: Account) -> None:
        super().__init__(described())
        self.repository = repository
        self.account = account
        self.created: dict[int, datetime] = {}
        self.listings = 0
        self._kinds: Counter[tuple[str, str]] = Counter()

    def add(self, head: str, **facts: Any) -> Pull:
        pull = super().add(head, **{"head_repo": self.repository, **facts})
        self.created[pull.number] = self.account.clock.now
        return pull

    def close(self, pull: Pull, person: str) -> None:
        """A person does not want it."""
        pull.state, pull.closed_at, pull.closed_by = "closed", _written(self.account.clock.now), person

    def answer(self, call: Call, authorization: str) -> Answer:
        if banned := self.account.count(writes=self.is_write(call)):
            self.violations.append(banned)
            return 403, LIMITED
        found = self.description.match(call.path)
        kind = (call.verb, found[0] if found else call.path)
        self._kinds[kind] += 1
        self.listings += kind == ("GET", "/repos/{owner}/{repo}/pulls")
        if found is None or self._kinds[kind] <= _HELD_AGAINST_THE_DESCRIPTION:
            return super().answer(call, authorization)
        return self.decide(call, authorization)

    def _limited(self) -> None:
        """The account is counted instead, over all repositories."""

    def shown(self, pull: Pull, schema: str) -> dict[str, Any]:
        return {**super().shown(pull, schema), "created_at": _written(self.created[pull.number])}


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
