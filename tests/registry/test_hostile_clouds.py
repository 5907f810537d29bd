"""What answers in a cloud's place is bounded before the cloud's library sees it, whatever that would do with it."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from imagebot.errors import Unavailable, WorldError
from imagebot.proxies import DIRECT
from imagebot.registry.identities import aws, azure, gcp
from imagebot.registry.identities.network import CloudNetwork
from imagebot.registry.limits import MIB, Timeouts
from tests.support.clouds import ACR, ECR, POOL, acr, in_json
from tests.support.web_function import Answer, Served

JSON = (("Content-Type", "application/json"),)

ODD = (
    b"",
    b"\xb9\x00",
    b"null",
    b"[1, 2]",
    b"[" * 100_000,
    b"{}",
    b'{"authorizationData": 7}',
    b'{"authorizationData": [7]}',
    b'{"authorizationData": [{"authorizationToken": "YTpi", "expiresAt": 1e300}]}',
    b'{"access_token": [7], "expires_in": 60, "expires_on": "60"}',
    b'{"access_token": "a", "expires_in": 1e300, "expires_on": 1e300}',
    b'{"access_token": "a", "expires_in": {}, "expires_on": {}}',
    b'{"access_token": "a\\r\\nb", "expires_in": 60, "expires_on": "60"}',
    b'{"AccessKeyId": 7, "SecretAccessKey": {}, "Token": [], "Expiration": 1e300}',
)
"""What somebody answers in the place of a cloud, or a proxy on the way."""


def odd_ecr(variables: pytest.MonkeyPatch, url: str, token: Path) -> None:
    variables.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    variables.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-key-of-aws")
    variables.setenv("AWS_ENDPOINT_URL_ECR", url)
    aws.issue(ECR, DIRECT)


def odd_pod(variables: pytest.MonkeyPatch, url: str, token: Path) -> None:
    variables.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{url}/v1/credentials")
    variables.setenv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1")
    variables.setenv("AWS_ENDPOINT_URL_ECR", url)
    aws.issue(ECR, DIRECT)


def odd_google(variables: pytest.MonkeyPatch, url: str, token: Path) -> None:
    file = token.parent / "google.json"
    source = {"file": str(token)}
    kind = {"type": "external_account", "subject_token_type": "urn:ietf:params:oauth:token-type:jwt"}
    file.write_text(json.dumps({**kind, "audience": POOL, "token_url": f"{url}/token", "credential_source": source}))
    gcp.issue("gcr.io", DIRECT, file)


def odd_azure(variables: pytest.MonkeyPatch, url: str, token: Path) -> None:
    variables.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", url)
    with ExitStack() as stack:
        azure.issue(ACR, DIRECT, acr(in_json({}), stack)[0])


@pytest.mark.parametrize("cloud", [odd_ecr, odd_pod, odd_google, odd_azure])
def test_a_cloud_that_answers_nonsense_is_no_bug_of_ours(
    stack: ExitStack, nobody: pytest.MonkeyPatch, token_file: Path, cloud: object
) -> None:
    assert callable(cloud)
    body = [b""]
    served = stack.enter_context(Served(lambda _: Answer(200, (("Content-Type", "application/json"),), body[0])))
    for body[0] in ODD:
        with ExitStack() as unless_it_is_a_password:
            unless_it_is_a_password.enter_context(pytest.raises(WorldError, match=r"\A[^\n]{20,700}\Z"))
            cloud(nobody, served.url, token_file)
            unless_it_is_a_password.pop_all()


CLOUDS_AT_FAULT = pytest.mark.parametrize("cloud", [odd_ecr, odd_pod, odd_google, odd_azure])


def answered_by(function: object, cloud: object, variables: pytest.MonkeyPatch, token: Path) -> tuple[str, Served]:
    """What is said of a cloud in whose place this answers."""
    assert callable(function)
    assert callable(cloud)
    with Served(function) as served, pytest.raises(WorldError, match=r"\A[^\n]{20,700}\Z") as caught:
        cloud(variables, served.url, token)
    return str(caught.value), served


@CLOUDS_AT_FAULT
def test_a_cloud_that_sends_without_end_takes_no_memory(
    nobody: pytest.MonkeyPatch, token_file: Path, cloud: object
) -> None:
    sent: list[int] = []

    def endless() -> Iterator[bytes]:
        for number in range(64):
            sent.append(number)
            yield b" " * MIB

    said, served = answered_by(lambda _: Answer(200, JSON, endless()), cloud, nobody, token_file)
    assert "more than the 64 KiB" in said
    assert len(sent) < 10 * len(served.asked), "of 64 MiB no more than sockets hold"


@CLOUDS_AT_FAULT
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_no_answer_drives_a_library_to_the_end_of_its_stack(
    nobody: pytest.MonkeyPatch, token_file: Path, cloud: object, encoding: str
) -> None:
    body = ('{"a": [' * 500).encode(encoding)
    assert "deeper than anything" in answered_by(lambda _: Answer(200, JSON, body), cloud, nobody, token_file)[0]


@CLOUDS_AT_FAULT
def test_no_cloud_sends_a_credential_elsewhere(nobody: pytest.MonkeyPatch, token_file: Path, cloud: object) -> None:
    with Served(lambda _: in_json({})) as elsewhere:
        to = Answer(307, (("Location", f"{elsewhere.url}/"),))
        answered_by(lambda _: to, cloud, nobody, token_file)
        assert elsewhere.asked == []


@CLOUDS_AT_FAULT
def test_a_cloud_that_sends_a_compressed_answer_is_not_unpacked(
    nobody: pytest.MonkeyPatch, token_file: Path, cloud: object
) -> None:
    packed = Answer(200, (*JSON, ("Content-Encoding", "gzip")), gzip.compress(b" " * MIB))
    assert "compressed" in answered_by(lambda _: packed, cloud, nobody, token_file)[0]


def test_a_cloud_that_drips_has_one_time_for_all(nobody: pytest.MonkeyPatch, token_file: Path) -> None:
    stopped = threading.Event()

    def drip() -> Iterator[bytes]:
        while not stopped.wait(0.02):
            yield b" "

    network = CloudNetwork(DIRECT, Timeouts(total=0.3))
    with Served(lambda _: Answer(200, JSON, drip())) as served:
        for _ in range(2):
            with pytest.raises(Unavailable, match=r"took too long: 0\.3 s in all were not enough"):
                network.send("GET", f"{served.url}/", {})
        stopped.set()
        assert len(served.asked) == 1, "once it is over nobody is asked"
