"""Keyless signers in whole passes: Sigstore's keys come by TUF, change, and are kept while nobody can be asked."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from imagebot.cycle.report import Report
from imagebot.observe.signatures import TrustUnrefreshed
from imagebot.selection.verdict import Held, Unknown, Update
from tests.cycle.conftest import POLICY, verdict
from tests.support import oci_folder
from tests.support.fulcio import ISSUER, WORKFLOW, Sigstore
from tests.support.signed_images import referred
from tests.support.signing import statement
from tests.support.stage import NOON, Stage
from tests.support.tuf_repository import TufFiles
from tests.support.web_function import Served

KEYLESS = f"{POLICY}    verify: [{{keyless: {{identity: {WORKFLOW}, issuer: {ISSUER}}}}}]\n"


def sign(stage: Stage, tag: str, by: Sigstore) -> None:
    folder = stage.folder / "registry"
    image = oci_folder.publish(folder, "acme/podinfo", tag)
    for one in referred(image, [by.bundle(statement(image))]):
        oci_folder.hang(folder, "acme/podinfo", one.reference, one.manifest, one.blobs)


def a_pass(stage: Stage, hours: int) -> Report:
    """One so many hours later: what is known of the repository was asked for that much longer ago."""
    for file in (stage.folder / "state" / "tuf").rglob("kept.json"):
        said = json.loads(file.read_text())
        said["asked"] = (datetime.fromisoformat(said["asked"]) - timedelta(hours=hours)).isoformat()
        file.write_text(json.dumps(said))
    return stage.one_pass(now=NOON + timedelta(hours=hours))


def told(stage: Stage) -> list[TrustUnrefreshed]:
    return [event for event in stage.events if isinstance(event, TrustUnrefreshed)]


def test_sigstores_keys_change_and_nobody_carries_a_file(stage: Stage) -> None:
    old, new, repository = Sigstore(), Sigstore(), TufFiles()
    repository.publish(old.root)
    with Served(repository) as served:
        first = repository.keep_first(stage.folder)
        stage.settings(f"trust: {{tuf: {{url: {served.url}, initialRootFile: {first}}}}}\n")
        stage.policy(KEYLESS)
        sign(stage, "6.5.4", new)
        assert isinstance(verdict(a_pass(stage, 0)), Held)

        repository.publish(new.root)
        assert isinstance(verdict(a_pass(stage, 1)), Update)
        [pull] = stage.pulls()
        assert "| signature | – | verified, signed by " in pull.body
        assert told(stage) == []

    assert isinstance(verdict(a_pass(stage, 2)), Update), "nobody answers there any more"
    [event] = told(stage)
    assert "cannot be reached" in event.because
    assert event.until > NOON.isoformat()


def test_without_a_root_nobody_knows_and_nothing_is_written(stage: Stage) -> None:
    repository = TufFiles(life=timedelta(days=-1))
    repository.publish(Sigstore().root)
    with Served(repository) as served:
        first = repository.keep_first(stage.folder)
        stage.settings(f"trust: {{tuf: {{url: {served.url}, initialRootFile: {first}}}}}\n")
        stage.policy(KEYLESS)
        found = verdict(stage.one_pass())
    assert isinstance(found, Unknown)
    assert "timestamp.json is expired" in found.because
    assert stage.pulls() == ()
