"""`imagebot run` is called, by a real registry too, and looks."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import signal
import socket
import subprocess
from http.client import HTTPConnection
from pathlib import Path

import pytest

from imagebot.errors import WRONG_INPUT
from tests.cli.test_run import LOG, read_until, running
from tests.cycle.conftest import DEPLOYMENT, POLICY
from tests.support.alone import free_port
from tests.support.docker_registry import MANIFEST, Running, docker_registry, push
from tests.support.stage import Stage

HOUR = "every: 1h\n"
CONFIG = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'


def receiver(name: str, more: str) -> str:
    return f"webhooks:\n  listen: 127.0.0.1:0\n  receivers:\n    {name}: {{secretFile: hook, {more}}}\n"


def call(address: object, path: str, body: bytes, **headers: str) -> int:
    connection = HTTPConnection(str(address), timeout=60)
    connection.request("POST", path, body, headers={name.replace("_", "-"): value for name, value in headers.items()})
    return connection.getresponse().status


def test_a_call_has_what_it_is_about_looked_at_and_nothing_else(stage: Stage) -> None:
    stage.policy(POLICY.replace("podinfo", "other").replace("IMAGE", "IMAGE-other"), "other.yaml")
    (stage.folder / "hook").write_text("sesame")
    stage.settings(HOUR + receiver("mine", "type: generic"), log=LOG)
    body = json.dumps({"repository": stage.image}).encode()
    signature = f"sha256={hmac.new(b'sesame', body, hashlib.sha256).hexdigest()}"
    with running(stage) as process:
        address = read_until(process.stderr, "webhooks.served")["address"]
        read_until(process.stderr, "pass.finished")
        stage.publish("6.6.0")
        asked = len(stage.registry.asked)

        assert call(address, "/hook/mine", body, X_Signature="sha256=00") == 403
        assert call(address, "/hook/mine", body, X_Signature=signature) == 202

        heeded = read_until(process.stderr, "webhook.heeded")
        assert (heeded["policies"], heeded["about"], heeded["more"]) == (1, stage.image, 0)
        assert read_until(process.stderr, "pull_request.settled")["action"] == "updated"
        finished = read_until(process.stderr, "pass.finished")
    assert (finished["exit_code"], finished["part"]) == (0, True)
    assert {one.path for one in stage.registry.asked[asked:] if one.path.endswith("/tags/list")} == {
        f"/v2/{stage.image.partition('/')[2]}/tags/list"
    }


def test_a_pipeline_calls_as_the_page_of_webhooks_shows(stage: Stage) -> None:
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
    [script] = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    (stage.folder / "hook").write_text("sesame")
    stage.settings(HOUR + receiver("pipeline", "type: generic"), log=LOG)
    with running(stage) as process:
        address = read_until(process.stderr, "webhooks.served")["address"]
        read_until(process.stderr, "pass.finished")
        variables = {**os.environ, "SECRET": "sesame", "IMAGEBOT": f"http://{address}"}
        own = script.replace("registry.acme.internal/shop/api", stage.image)
        done = subprocess.run(["sh", "-euc", own], env=variables, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "it is looked at soon\n", "")
        assert read_until(process.stderr, "webhook.heeded")["about"] == stage.image


def test_receivers_come_and_go_with_the_settings(stage: Stage) -> None:
    (stage.folder / "hook").write_text("sesame")
    stage.settings(HOUR, log=LOG)
    with running(stage) as process:
        read_until(process.stderr, "pass.finished")
        for name in ("one", "two"):
            stage.settings(HOUR + receiver(name, "type: gitlab"), log=LOG)
            process.send_signal(signal.SIGHUP)
            if name == "one":
                address = read_until(process.stderr, "webhooks.served")["address"]
            read_until(process.stderr, "pass.finished")
            assert call(address, f"/hook/{name}", b"{}", X_Gitlab_Token="sesame") == 200
        assert call(address, "/hook/one", b"{}", X_Gitlab_Token="sesame") == 404


def test_what_to_enter_where_is_shown(stage: Stage) -> None:
    (stage.folder / "hook").write_text("sesame")
    stage.settings(receiver("hub", "type: dockerhub") + "    forge: {secretFile: hook, type: github}\n")
    said = stage.imagebot("webhooks")
    token = hmac.new(b"sesame", b"imagebot webhook hub", hashlib.sha256).hexdigest()
    assert (said.code, said.err) == (0, "")
    assert said.out == (
        "listening at 127.0.0.1:0\n"
        f"hub (dockerhub)\n  path   /hook/hub/{token}\n  proof  the path alone: treat it as a secret\n"
        "forge (github)\n  path   /hook/forge\n  proof  its field Secret\n"
    )
    rows = json.loads(stage.imagebot("webhooks", "--json").out)
    assert rows[0] == {
        "receiver": "hub",
        "type": "dockerhub",
        "path": f"/hook/hub/{token}",
        "proof": "the path alone: treat it as a secret",
    }


def test_a_secret_that_cannot_be_read_hides_no_other_path(stage: Stage) -> None:
    (stage.folder / "hook").write_text("sesame")
    stage.settings(
        receiver("hub", "type: dockerhub").replace("hook,", "none,") + "    q: {secretFile: hook, type: quay}\n"
    )
    said = stage.imagebot("webhooks")
    assert said.code == WRONG_INPUT
    assert "hub (dockerhub)\n  path   not known: cannot read the secret file" in said.out
    assert "  path   /hook/q/" in said.out


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        pytest.param("a: {type: github}", "secretFile", id="no secret"),
        pytest.param("a: {type: githup, secretFile: hook}", "githup", id="no such type"),
        pytest.param("a: {type: harbor, secretFile: hook}", "does not say which registry", id="no registry"),
        pytest.param("A/b: {type: github, secretFile: hook}", "part of a path", id="a name that is no path"),
        pytest.param(
            "a: {type: gitlab, secretFile: hook}\nmetrics: {listen: ':9292'}",
            "port of their own",
            id="one port for two",
        ),
        pytest.param("a: {type: github, secret: hunter2hunter2}", "secretFile", id="a secret in the file"),
    ],
)
def test_a_receiver_that_could_not_be_called_is_wrong_settings(stage: Stage, keys: str, said: str) -> None:
    stage.settings(f"webhooks:\n  listen: :9292\n  receivers:\n    {keys}\n")
    done = stage.imagebot("lint")
    assert done.code == WRONG_INPUT
    assert said in done.out + done.err
    assert "imagebot.yaml:" in done.out + done.err
    assert "hunter2" not in done.out + done.err


def test_without_any_it_is_said_where_to_read_of_them(stage: Stage) -> None:
    done = stage.imagebot("webhooks")
    assert (done.code, "docs/webhooks.md" in done.err) == (WRONG_INPUT, True)


@pytest.mark.parametrize(
    ("secret", "keys", "line"),
    [
        pytest.param("x" * 32, "type: gitlab", "ok    webhook mine: gitlab may call", id="well"),
        pytest.param("sesame", "type: gitlab", "look  webhook mine: its secret is short", id="short"),
        pytest.param("", "type: gitlab", "wrong webhook mine: the secret file", id="empty"),
        pytest.param(
            "x" * 32, "type: harbor, registry: other.test", "look  webhook mine: no policy watches", id="unwatched"
        ),
    ],
)
def test_doctor_looks_at_each_receiver(stage: Stage, secret: str, keys: str, line: str) -> None:
    (stage.folder / "hook").write_text(secret)
    stage.settings(receiver("mine", keys))
    assert line in stage.imagebot("doctor").out


def test_a_call_about_what_nobody_watches_is_told(stage: Stage) -> None:
    (stage.folder / "hook").write_text("sesame")
    stage.settings(HOUR + receiver("mine", "type: quay"), log=LOG)
    path = json.loads(stage.imagebot("webhooks", "--json").out)[0]["path"]
    with running(stage) as process:
        address = read_until(process.stderr, "webhooks.served")["address"]
        read_until(process.stderr, "pass.finished")
        assert call(address, path, b'{"repository": "acme/unknown"}') == 202
        heeded = read_until(process.stderr, "webhook.heeded")
    assert (heeded["about"], heeded["policies"]) == ("quay.io/acme/unknown", 0)


def test_a_port_that_is_taken_moves_nothing_else(stage: Stage) -> None:
    (stage.folder / "hook").write_text("sesame")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        first, second = free_port(), free_port()
        metrics = "metrics: {{listen: '127.0.0.1:{}'}}\n"
        stage.settings(HOUR + metrics.format(first), log=LOG)
        with running(stage) as process:
            read_until(process.stderr, "pass.finished")
            hooks = receiver("a", "type: gitlab").replace("127.0.0.1:0", f"127.0.0.1:{taken.getsockname()[1]}")
            stage.settings(HOUR + metrics.format(second) + hooks, log=LOG)
            process.send_signal(signal.SIGHUP)
            assert "webhooks cannot be served" in str(read_until(process.stderr, "configuration.refused")["because"])
            read_until(process.stderr, "pass.finished")
            connection = HTTPConnection("127.0.0.1", first, timeout=60)
            connection.request("GET", "/livez")
            assert connection.getresponse().status == 200


def pushed(registry: Running, tag: str) -> None:
    """An image of its own for each tag."""
    config = CONFIG.replace(b"linux", f"linux-{tag}".encode())
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    described = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": len(config)}
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": []}
    push(registry, "acme/podinfo", tag, json.dumps(manifest).encode(), [config])


def test_a_push_to_a_real_registry_opens_a_pull_request(stage: Stage, tmp_path: Path) -> None:
    (stage.folder / "hook").write_text("sesame")
    port = free_port()
    endpoint = {
        "name": "imagebot",
        "url": f"http://127.0.0.1:{port}/hook/registry",
        "headers": {"Authorization": ["Bearer sesame"]},
        "timeout": "5s",
        "threshold": 3,
        "backoff": "1s",
    }
    (tmp_path / "registry-storage").mkdir()
    with docker_registry(tmp_path / "registry-storage", notifications={"endpoints": [endpoint]}) as registry:
        image = f"{registry.host}/acme/podinfo"
        pushed(registry, "6.5.3")
        stage.policy(POLICY.replace("IMAGE", image))
        stage.commit({"staging/app.yaml": DEPLOYMENT.replace("IMAGE", image)})
        hooks = receiver("registry", f"type: distribution, registry: '{registry.host}'")
        stage.settings(HOUR + hooks.replace("127.0.0.1:0", f"127.0.0.1:{port}"), log=LOG)
        stage.config.write_text(stage.config.read_text().replace(stage.registry.host, registry.host, 1))
        with running(stage) as process:
            read_until(process.stderr, "pass.finished")
            assert stage.pulls() == ()

            pushed(registry, "6.5.4")

            assert read_until(process.stderr, "pull_request.settled")["action"] == "opened"
    assert "6.5.4" in stage.pulls()[0].title
