"""A thousand commits by people and bots, told exactly as they were made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from imagebot.cli.compose import world_of
from imagebot.cycle.index import Watched
from imagebot.fields.field import Value
from imagebot.history.entry import HistoryEntry
from imagebot.history.moves import FieldTrack
from imagebot.operations.base_history import BaseHistory as Read
from imagebot.operations.base_history import read_past
from imagebot.plan.claims import claims
from imagebot.policy.model import Policy
from imagebot.policy.read import read_policies
from imagebot.selection.verdict import Unknown
from imagebot.settings.resolve import Author, RepositorySettings, Settings
from tests.support.git_repos import a_repository
from tests.support.past import BOT, Past, Told
from tests.support.past_events import a_past

NOW = datetime(2035, 1, 1, tzinfo=UTC)
POLICY = """\
app: APP
repository: environments
environments: {staging: {paths: [clusters/staging/APP*/]}, production: {paths: [clusters/production/APP*/]}}
images: [{image: 127.0.0.1:1/acme/APP, semver: '*'}]
"""


def policies(*apps: str) -> tuple[Policy, ...]:
    """One policy for each app and environment."""
    files = {f"{app}.yaml": POLICY.replace("APP", app).encode() for app in apps or ("api", "web", "till")}
    found = read_policies(files, None)
    assert found.problems == ()
    return found.policies


def read_back(folder: Path, past: Past) -> tuple[Read, list[str]]:
    """The past as the bot reads it from a fresh clone, and the commits that main was at."""
    repository = a_repository(folder / "environments.git")
    ids = past.write(repository)
    author = Author(name=BOT[0], email=BOT[1])
    settings = RepositorySettings(name="environments", url=str(repository.folder))
    world = world_of(
        Settings(policies=(), repositories={"environments": settings}, state=folder / "state", author=author)
    )
    return read_past(world, policies(), NOW), ids


def told(entry: HistoryEntry) -> Told:
    """An entry as the model has it."""
    return Told(
        entry.place,
        int(entry.at.timestamp()),
        entry.dated,
        f"{entry.app}@{entry.environment}",
        tuple(
            (
                move.file,
                move.line,
                move.path,
                None if move.old is None else str(move.old),
                None if move.new is None else str(move.new),
                move.back,
            )
            for move in entry.moves
        ),
        entry.how,
        entry.authors,
        entry.merged_by,
        None if entry.took is None else int(entry.took.total_seconds()),
        entry.number,
    )


@pytest.mark.parametrize(
    ("seed", "with_bot"), [pytest.param(1, True, id="with the bot"), pytest.param(2, False, id="never touched by it")]
)
def test_a_thousand_commits_are_told_as_they_were_made(tmp_path: Path, seed: int, with_bot: bool) -> None:
    past = a_past(seed, 1000, with_bot=with_bot)
    assert min(past.events.values()) >= 5, "every kind of event is there"
    read, ids = read_back(tmp_path, past)
    ledger = read.ledger
    assert [arrival.commit.id for arrival in read.arrived] == ids
    assert [told(entry) for entry in ledger.entries] == past.told
    assert len(ledger.unread) == past.unread
    assert {entry.how for entry in ledger.entries} == (
        {"imagebot", "imagebot, edited by hand", "by hand"} if with_bot else {"by hand"}
    )


def test_what_every_field_said_then_is_what_its_file_said_then(tmp_path: Path) -> None:
    past = a_past(3, 120)
    read, _ = read_back(tmp_path, past)
    watched = Watched.by(read.policies)
    for place in range(0, 120, 7):
        commit = read.arrived[place].commit.id
        entries = [entry for entry in read.mirror.files(commit).entries if watched.is_looked_into(entry.path)]
        contents = zip(entries, read.mirror.blobs([entry.blob for entry in entries]), strict=True)
        found = {entry.path: watched.find(entry.path, data) for entry, data in contents if data is not None}
        files = {path: held for path, held in found.items() if held is not None}
        for key, fields in claims(read.policies, files).items():
            if not isinstance(fields, Unknown):
                assert said(read.until(place).ledger.tracks[key]) == {
                    (each.file, each.line, each.path, each.value) for each in fields
                }


def said(tracks: Sequence[FieldTrack]) -> set[tuple[str, int, str, Value]]:
    return {(track.said.file, track.said.line, track.said.path, track.said.value) for track in tracks}
