"""What one question about an image may use, and what its pass has learnt before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from imagebot.images.reference import ImageName
from imagebot.registry.allowance import RegistryAllowance
from imagebot.registry.budget import Lists, MemoryBudget, MemoryShare
from imagebot.registry.endpoint import Endpoint
from imagebot.registry.image_config import Config, config_of
from imagebot.registry.known_pages import KnownPages
from imagebot.registry.limits import Deadline
from imagebot.registry.logins import Login
from imagebot.registry.manifest import Manifest, manifest_of
from imagebot.registry.paging import TagPages
from imagebot.registry.pass_cache import Documents, Failures
from imagebot.registry.requests import Conversation, ImageQuestion
from imagebot.registry.responses import json_object

_KEPT = 3  # times its own bytes is what a document is kept in at most: many short texts


class Learnt:
    """What is known and counted from one pass to the next; shared by all threads."""

    def __init__(self, pages: KnownPages) -> None:
        self.pages = pages
        self.failures = Failures()
        self.lists = Lists()
        self.manifests: Documents[Manifest] = Documents()
        self.configs: Documents[Config] = Documents()
        self._lock = threading.Lock()
        self._allowances: dict[str, RegistryAllowance] = {}

    def allowance(self, registry: str) -> RegistryAllowance:
        with self._lock:
            return self._allowances.setdefault(registry, RegistryAllowance(registry))


@dataclass(frozen=True, slots=True)
class Lookup:
    """One call of `Registries`. `task` names it for people: `list acme/api`."""

    name: ImageName
    task: str
    login: Login
    endpoint: Endpoint
    deadline: Deadline
    learnt: Learnt
    budget: MemoryBudget

    @contextmanager
    def conversation(self) -> Iterator[Conversation]:
        """Ask in this block; what is made of the answers must be small at its end. Raises `Skipped`."""
        allowance = self.learnt.allowance(self.name.registry)
        with (
            allowance.question(self.name.repository, self.deadline),
            MemoryShare(self.budget, self.name.registry) as share,
        ):
            yield Conversation(
                self.endpoint, ImageQuestion(self.name, self.login, self.task, self.deadline, allowance, share)
            )

    @contextmanager
    def once(self, *question: str) -> Iterator[Conversation]:
        """Ask in this block, unless the same question failed before in this pass: then raise what it met."""
        with self.learnt.failures.of((self.name, *question)), self.conversation() as conversation:
            yield conversation

    def tags(self) -> TagPages:
        """Every tag, which the pass may hold to its end. Raises every `WorldError`."""
        with self.once("tags") as conversation:
            pages = conversation.all_tags(self.learnt.pages)
            self.learnt.lists.keep(pages.held, self.name.registry)
            return pages

    def manifest(self, digest: str) -> Manifest:
        """The manifest of this digest, whose bytes are what the digest says. Raises `BadResponse`, `NotFound`."""

        def fetch() -> tuple[Manifest, int]:
            with self.once("manifest", digest) as conversation:
                answer = conversation.manifest(digest, "GET")
                return manifest_of(conversation.document(answer, digest)), _KEPT * answer.size

        return self.learnt.manifests.get((self.name, digest), fetch, self.deadline)

    def config(self, digest: str) -> Config:
        """The config of this digest. Raises every `WorldError`."""

        def fetch() -> tuple[Config, int]:
            with self.once("config", digest) as conversation:
                answer = conversation.blob(digest)
                return config_of(json_object(answer, self.name.registry)), _KEPT * answer.size

        return self.learnt.configs.get((self.name, digest), fetch, self.deadline)
