"""Whose password: what imagebot.yaml says of registries' credentials, and where else they may stand."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from imagebot.errors import BadInput
from imagebot.outgoing import outgoing
from imagebot.secret import Secret, SecretFile
from imagebot.settings.clouds import cloud_of
from imagebot.settings.registry_logins import PassedVariable
from imagebot.settings.resolve import (
    BasicCredentials,
    BearerCredentials,
    CloudCredentials,
    HelperCredentials,
    RegistryLogin,
    Settings,
    read_settings,
)

HERE = Path("/etc/imagebot")
ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
HELPERS = "\ncredentialHelpers: {keys: {program: /bin/docker-credential-keys}}"


def settings(text: str, **environ: str) -> Settings:
    least = "policies: [p]\nrepositories: {r: {url: /x}}\n"
    return read_settings("imagebot.yaml", f"{least}{text}\n".encode(), HERE, environ)


@pytest.mark.parametrize(
    ("host", "credentials", "found"),
    [
        ("ghcr.io", "{username: bot, passwordFile: w}", (BasicCredentials("bot", SecretFile(HERE / "w")),)),
        ("ghcr.io", "[{tokenEnv: T}]", (BearerCredentials(Secret("word")),)),
        ("ghcr.io", "[]", ()),
        (
            "ghcr.io",
            "[{path: acme/a/, tokenEnv: T}, {path: acme, helper: keys}, {username: bot, passwordEnv: T}]",
            (
                BearerCredentials(Secret("word"), "acme/a"),
                HelperCredentials("keys", "acme"),
                BasicCredentials("bot", Secret("word")),
            ),
        ),
        (ECR, "{identity: aws}", (CloudCredentials("aws"),)),
        ("europe-docker.pkg.dev", "{identity: gcp, path: acme}", (CloudCredentials("gcp", "acme"),)),
        ("acme.azurecr.io", "{identity: azure}", (CloudCredentials("azure"),)),
    ],
)
def test_a_registry_knows_the_bot_by_one_login_or_by_several(
    host: str, credentials: str, found: tuple[RegistryLogin, ...]
) -> None:
    text = f"registries: {{{host}: {{credentials: {credentials}}}}}{HELPERS}"
    assert settings(text, T="word").registries[host].credentials == found


@pytest.mark.parametrize(
    ("credentials", "says"),
    [
        ("{identity: aws}", "3:45: r.io is none of AWS's registries, which are ACCOUNT.dkr.ecr.REGION.amazonaws.com"),
        ("{identity: gcp}", "r.io is none of Google Cloud's registries, which are REGION-docker.pkg.dev, gcr.io"),
        ("{identity: ibm}", "expected 'aws', 'gcp' or 'azure'"),
        ("{identity: aws, username: bot}", "a token, a helper or an identity goes without user name and password"),
        ("{identity: aws, tokenEnv: T}", "write exactly one of tokenEnv, tokenFile, helper and identity"),
        ("{helper: other}", "3:43: 'other' is not among credentialHelpers, which has keys"),
        ("[{helper: keys, path: r.io/acme}]", "3:56: a path comes after the registry's host, which is not repeated"),
        ("[{helper: keys, path: Acme}]", "write the first part of image names"),
        ("[{helper: keys, path: a}, {helper: keys, path: a/}]", "the path a has credentials already"),
        ("[{helper: keys}, {helper: keys}]", "all images without a path of their own have credentials already"),
        ("word", "expected a mapping, found text"),
        ("{password: hunter2}", "secrets come from files or the environment: passwordFile or passwordEnv"),
    ],
)
def test_a_login_that_cannot_be_is_a_problem_at_its_place(credentials: str, says: str) -> None:
    with pytest.raises(BadInput, match=re.escape(says)) as caught:
        settings(f"registries: {{r.io: {{credentials: {credentials}}}}}{HELPERS}", T="word")
    assert "hunter2" not in str(caught.value)


def test_what_a_cloud_hands_out_is_not_sent_without_tls() -> None:
    with pytest.raises(BadInput, match="what AWS hands out is not sent without TLS; leave plainHttp away"):
        settings(f"registries: {{{ECR}: {{plainHttp: true, credentials: {{identity: aws}}}}}}")


def test_secrets_that_clouds_libraries_find_are_masked() -> None:
    settings("", AWS_SECRET_ACCESS_KEY="a-secret-key-of-aws", AZURE_CLIENT_SECRET="a-secret-of-azures")
    assert outgoing("a-secret-key-of-aws and a-secret-of-azures") == "… and …"


@pytest.mark.parametrize(
    ("written", "files"),
    [
        ("a.json", (HERE / "a.json",)),
        ("[a.json, /run/pull]", (HERE / "a.json", Path("/run/pull"))),
        ("[]", (Path("/docker/config.json"),)),
    ],
)
def test_files_with_credentials_are_one_or_several(written: str, files: tuple[Path, ...]) -> None:
    found = settings(f"dockerConfig: {written}", DOCKER_CONFIG="/docker")
    assert found.credential_sources.docker_configs == files


def test_a_helper_is_allowed_by_its_name() -> None:
    text = "credentialHelpers: {ecr-login: {program: /bin/x, timeout: 20s, variables: [HOME, AWS_PROFILE, NOT_SET]}}"
    helper = settings(text, HOME="/root", AWS_PROFILE="prod", OTHER="x").credential_sources.helpers["ecr-login"]
    assert (helper.program, helper.timeout) == (Path("/bin/x"), timedelta(seconds=20))
    assert helper.variables == (
        PassedVariable("HOME", "/root"),
        PassedVariable("AWS_PROFILE", "prod"),
        PassedVariable("NOT_SET"),
    )


def test_a_helper_has_a_home_unless_it_is_told_otherwise() -> None:
    text = "credentialHelpers: {a: {program: /bin/x}, b: {program: /bin/x, variables: []}}"
    helpers = settings(text, HOME="/root").credential_sources.helpers
    assert [helpers[name].variables for name in "ab"] == [(PassedVariable("HOME", "/root"),), ()]


@pytest.mark.parametrize(
    ("helper", "says"),
    [
        ("keys: {program: bin/x}", "write the whole path, from the root on"),
        ("keys: {program: /x, timeout: 2m}", "write a time from 1s to 60s"),
        ("keys: {program: /x, timeout: 0s}", "write a time from 1s to 60s"),
        ("keys: {program: /x, variables: [hunter2]}", "write the name of an environment variable, in capitals"),
        ("keys: {}", "the key 'program' is missing"),
        ("docker-credential-keys: {program: /x}", "of docker-credential-ecr-login it is ecr-login"),
        ("../keys: {program: /x}", "'../keys' is no helper's name"),
    ],
)
def test_a_helper_that_cannot_be_is_a_problem_at_its_place(helper: str, says: str) -> None:
    with pytest.raises(BadInput, match=re.escape(says)):
        settings(f"credentialHelpers: {{{helper}}}")


def test_identities_and_what_googles_libraries_know_the_bot_by() -> None:
    found = settings("identities: [aws, gcp]", GOOGLE_APPLICATION_CREDENTIALS="/run/google.json").credential_sources
    assert (found.identities, found.google_file) == (frozenset({"aws", "gcp"}), Path("/run/google.json"))


@pytest.mark.parametrize(
    ("host", "cloud"),
    [
        (ECR, "aws"),
        ("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "aws"),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "aws"),
        ("123456789012.dkr-ecr.eu-west-1.on.aws", "aws"),
        ("public.ecr.aws", "aws"),
        ("123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.test", None),
        ("evil.test.dkr.ecr.eu-central-1.amazonaws.com", None),
        ("123456789012.dkr.ecr.eu-central-1.amazonaws.com:8443", None),
        ("s3.amazonaws.com", None),
        ("europe-docker.pkg.dev", "gcp"),
        ("docker.europe-west3.rep.pkg.dev", "gcp"),
        ("gcr.io", "gcp"),
        ("eu.gcr.io", "gcp"),
        ("evilgcr.io", None),
        ("pkg.dev", None),
        ("europe-docker.pkg.dev.evil.test", None),
        ("acme.azurecr.io", "azure"),
        ("acme.azurecr.cn", "azure"),
        ("azurecr.io", None),
        ("acme.azurecr.io.evil.test", None),
        ("ghcr.io", None),
    ],
)
def test_a_clouds_registries_are_told_by_their_hosts(host: str, cloud: str | None) -> None:
    assert cloud_of(host) == cloud


@pytest.mark.parametrize(
    "line",
    [
        "'bot:hunter2@registry.corp': {}",
        "'https://bot:hunter2@registry.corp': {}",
        "registry.corp: {authHosts: ['bot:hunter2@tokens.corp']}",
        "registry.corp: {blobHosts: ['bot:hunter2@blobs.corp']}",
        "registry.corp: {pullThrough: 'bot:hunter2@docker.io'}",
    ],
)
def test_a_password_before_a_host_is_not_shown(line: str) -> None:
    with pytest.raises(BadInput, match="leave user and password out; write them under credentials") as refused:
        settings(f"registries:\n  {line}")
    assert "hunter2" not in str(refused.value)
