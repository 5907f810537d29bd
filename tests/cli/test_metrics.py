"""`imagebot run` as Prometheus and the kubelet see it."""

from __future__ import annotations

import json
import signal
import socket
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest
from prometheus_client.parser import text_string_to_metric_families

from imagebot.http_server import MOST_CONNECTIONS
from tests.cli.test_run import LOG, read_until, running
from tests.support.stage import Stage

SETTINGS = 'every: 1h\nmetrics: {listen: "127.0.0.1:0"}\n'


def got(address: object, path: str) -> tuple[int, str]:
    connection = HTTPConnection(str(address), timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def sample(page: str, name: str, **labels: str) -> float:
    """The one of these labels."""
    families = text_string_to_metric_families(page)
    (found,) = (one.value for family in families for one in family.samples if (one.name, one.labels) == (name, labels))
    return found


def test_a_process_is_scraped_and_ends_in_time_whoever_hangs_on_it(stage: Stage) -> None:
    stage.settings(SETTINGS, log=LOG)
    with running(stage) as process, ExitStack() as held:
        address = read_until(process.stderr, "metrics.served")["address"]
        assert got(address, "/livez") == (200, "ok\n")
        read_until(process.stderr, "pass.finished")
        status, page = got(address, "/metrics")
        assert status == 200
        assert sample(page, "imagebot_passes_total", result="ok") == 1
        assert sample(page, "imagebot_pull_requests_open", repository="environments") == 1
        assert sample(page, "imagebot_pull_request_actions_total", repository="environments", action="opened") == 1
        assert got(address, "/readyz") == (200, "ok\n")
        assert got(address, "/")[0] == 404
        assert "6.5.4" not in page
        assert str(stage.folder) not in page
        host, _, port = str(address).rpartition(":")
        for _ in range(MOST_CONNECTIONS):
            held.enter_context(socket.create_connection((host, int(port)), timeout=60)).sendall(b"GET /metrics")

        process.send_signal(signal.SIGTERM)

        assert process.wait() == 0


def test_metrics_come_move_and_go_with_the_settings(stage: Stage) -> None:
    """An address that somebody has is refused, told, and seen by who asks at the old one."""
    stage.settings("every: 1h\n", log=LOG)
    with running(stage) as process, socket.create_server(("127.0.0.1", 0)) as taken:
        read_until(process.stderr, "pass.finished")
        stage.settings(SETTINGS, log=LOG)
        process.send_signal(signal.SIGHUP)
        address = read_until(process.stderr, "metrics.served")["address"]
        read_until(process.stderr, "pass.finished")
        stage.settings(SETTINGS.replace("127.0.0.1:0", f"127.0.0.1:{taken.getsockname()[1]}"), log=LOG)
        process.send_signal(signal.SIGHUP)

        assert "Address already in use" in str(read_until(process.stderr, "configuration.refused")["because"])
        read_until(process.stderr, "pass.finished")
        status, said = got(address, "/readyz")
        assert (status, said) == (503, "imagebot.yaml is wrong, the last good settings hold; the log says why\n")
        assert sample(got(address, "/metrics")[1], "imagebot_configuration_refused") == 1

        stage.settings("every: 1h\n", log=LOG)
        process.send_signal(signal.SIGHUP)
        read_until(process.stderr, "pass.finished")
        with pytest.raises(ConnectionRefusedError):
            got(address, "/readyz")


def test_an_address_that_somebody_has_keeps_the_bot_from_beginning(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        stage.settings(f'metrics: {{listen: "127.0.0.1:{taken.getsockname()[1]}"}}\n', log=LOG)
        with running(stage) as process:
            _, said = process.communicate()
            assert process.wait() == 2

    assert "metrics cannot be served at 127.0.0.1:" in said
    assert not [
        line for line in said.splitlines() if line.startswith("{") and json.loads(line)["event"] == "pass.started"
    ]
