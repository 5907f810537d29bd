"""Clouds' own libraries, against the doors that they knock at: each finds the bot's identity, and what it hands out."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from imagebot.errors import BadInput, BadResponse, Refused, Unavailable, WorldError
from imagebot.proxies import DIRECT, Certificates, WayOut
from imagebot.registry.identities import aws, azure, gcp
from imagebot.registry.logins import Basic, RefreshToken
from imagebot.secret import Secret
from tests.support import tls
from tests.support.clouds import (
    ACR,
    CLIENT,
    ECR,
    POOL,
    ROLE,
    TENANT,
    Aws,
    Azure,
    Google,
    acr,
    form,
    in_json,
    jwt,
)
from tests.support.web_function import Answer, Asked, Served


@pytest.fixture
def amazon(stack: ExitStack, nobody: pytest.MonkeyPatch) -> tuple[Aws, Served]:
    amazon = Aws()
    served = stack.enter_context(Served(amazon))
    for service in ("ECR", "ECR_PUBLIC", "STS"):
        nobody.setenv(f"AWS_ENDPOINT_URL_{service}", served.url)
    return amazon, served


def known_by_web_identity(variables: pytest.MonkeyPatch, file: Path, served: Served) -> None:
    variables.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(file))
    variables.setenv("AWS_ROLE_ARN", ROLE)


def known_as_a_pod(variables: pytest.MonkeyPatch, file: Path, served: Served) -> None:
    variables.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{served.url}/v1/credentials")
    variables.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(file))


def known_as_a_machine(variables: pytest.MonkeyPatch, file: Path, served: Served) -> None:
    variables.delenv("AWS_EC2_METADATA_DISABLED")
    variables.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", served.url)


def known_by_profile(variables: pytest.MonkeyPatch, file: Path, served: Served) -> None:
    config = file.parent / "config"
    config.write_text(f"[profile prod]\nrole_arn = {ROLE}\nweb_identity_token_file = {file}\n")
    variables.setenv("AWS_CONFIG_FILE", str(config))
    variables.setenv("AWS_PROFILE", "prod")


@pytest.mark.parametrize(
    ("known", "key"),
    [
        (known_by_web_identity, "ASIAOFTHEWEB"),
        (known_as_a_pod, "ASIAOFTHEPOD"),
        (known_as_a_machine, "ASIAOFTHEMACHINE"),
        (known_by_profile, "ASIAOFTHEWEB"),
    ],
)
def test_aws_hands_out_a_password_to_whom_it_knows(
    amazon: tuple[Aws, Served], nobody: pytest.MonkeyPatch, token_file: Path, known: object, key: str
) -> None:
    assert callable(known)
    doors, served = amazon
    known(nobody, token_file, served)
    issued = aws.issue(ECR, DIRECT)
    assert issued.credential == Basic("AWS", Secret("password 1"))
    assert issued.seconds == pytest.approx(12 * 3600, abs=600)
    assert doors.keys == [f"{key} eu-central-1"]


def test_ecr_public_is_another_service_in_one_region(
    amazon: tuple[Aws, Served], nobody: pytest.MonkeyPatch, token_file: Path
) -> None:
    doors, served = amazon
    known_by_web_identity(nobody, token_file, served)
    assert aws.issue("public.ecr.aws", DIRECT).credential == Basic("AWS", Secret("password 1"))
    assert doors.keys == ["ASIAOFTHEWEB us-east-1"]


def error(code: str, status: int) -> Answer:
    return in_json({"__type": code, "message": f"the word for {code}"}, status)


@pytest.mark.parametrize(
    ("refusal", "kind", "says"),
    [
        (error("AccessDeniedException", 400), Refused, "the word for AccessDeniedException"),
        (error("ThrottlingException", 400), Unavailable, "the word for ThrottlingException"),
        (in_json({"authorizationData": [{"authorizationToken": "YTpiCg=="}]}), BadResponse, "something that is none"),
    ],
    ids=["no right", "throttled", "line end"],
)
def test_what_aws_says_instead_is_one_line(
    amazon: tuple[Aws, Served],
    nobody: pytest.MonkeyPatch,
    refusal: Answer,
    kind: type[WorldError],
    says: str,
) -> None:
    amazon[0].refusal = refusal
    nobody.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    nobody.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-key-of-aws")
    with pytest.raises(kind, match=says) as caught:
        aws.issue(ECR, DIRECT)
    assert str(caught.value).startswith("AWS ")
    assert "\n" not in str(caught.value)
    assert "secret-key" not in str(caught.value)


def test_whom_aws_does_not_know_is_told_what_was_looked_for(amazon: tuple[Aws, Served]) -> None:
    with pytest.raises(Refused, match=r"it knows nobody here, by a web identity \(IRSA\), pod identity, a profile"):
        aws.issue(ECR, DIRECT)


def test_a_token_of_kubernetes_that_is_not_there_is_named(
    amazon: tuple[Aws, Served], nobody: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    known_by_web_identity(nobody, tmp_path / "none", amazon[1])
    with pytest.raises(Refused, match=rf"No such file or directory: '{tmp_path}/none'"):
        aws.issue(ECR, DIRECT)


def federation(folder: Path, served: Served, token: Path, **source: object) -> Path:
    file = folder / "google.json"
    document = {
        "type": "external_account",
        "audience": POOL,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{served.url}/v1/token",
        "credential_source": source or {"file": str(token)},
    }
    file.write_text(json.dumps(document))
    return file


def account(folder: Path, served: Served, token: Path) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    file = folder / "google.json"
    document = {
        "type": "service_account",
        "client_email": "bot@acme.iam.gserviceaccount.com",
        "private_key_id": "1",
        "private_key": pem,
        "token_uri": f"{served.url}/token",
    }
    file.write_text(json.dumps(document))
    return file


@pytest.mark.parametrize("make", [federation, account])
def test_google_hands_out_a_token_to_whom_a_file_tells_of(
    stack: ExitStack, nobody: pytest.MonkeyPatch, token_file: Path, tmp_path: Path, make: object
) -> None:
    assert callable(make)
    served = stack.enter_context(Served(Google()))
    issued = gcp.issue("europe-docker.pkg.dev", DIRECT, make(tmp_path, served, token_file))
    assert issued.credential == Basic("oauth2accesstoken", Secret("ya29.token-1"))
    assert issued.seconds == pytest.approx(3600, abs=600)
    assert len(served.asked) == 1


METADATA = """
import sys
from pathlib import Path
from imagebot.registry.identities import gcp
from imagebot.proxies import DIRECT
issued = gcp.issue("gcr.io", DIRECT, None)
print(issued.credential.username, issued.credential.password.reveal(), 3000 < issued.seconds <= 3600)
"""


def test_google_knows_a_pod_by_its_metadata_service(stack: ExitStack, nobody: pytest.MonkeyPatch) -> None:
    """In a process of its own: the library asks where the service is when it is loaded."""
    served = stack.enter_context(Served(Google()))
    nobody.setenv("GCE_METADATA_HOST", served.host)
    done = subprocess.run([sys.executable, "-c", METADATA], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("oauth2accesstoken ya29.token-1 True\n", "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is no file of credentials as Google writes them"),
        ("[]", "is no file of credentials as Google writes them"),
        ('{"type": "service_account", "private_key": "x"}', "is no file of credentials as Google writes them"),
        ('{"type": "magic"}', "is none of authorized_user, external_account, service_account"),
        (
            '{"type": "external_account", "credential_source": {"executable": {"command": "x"}}}',
            "imagebot runs none for them",
        ),
    ],
)
def test_a_file_of_googles_that_makes_no_sense_is_named(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "google.json"
    file.write_text(text)
    with pytest.raises(BadInput, match=says):
        gcp.issue("gcr.io", DIRECT, file)


def test_google_that_refuses_or_is_not_there_says_which(
    stack: ExitStack, nobody: pytest.MonkeyPatch, token_file: Path, tmp_path: Path
) -> None:
    no = {"error": "invalid_grant", "error_description": "no such pool"}
    served = stack.enter_context(Served(lambda _: in_json(no, 400)))
    file = federation(tmp_path, served, token_file)
    with pytest.raises(Refused, match=r"Google hands out no token for gcr\.io: .*no such pool"):
        gcp.issue("gcr.io", DIRECT, file)
    stack.close()
    with pytest.raises(Unavailable, match=r"Google hands out no token for gcr\.io now: "):
        gcp.issue("gcr.io", DIRECT, file)


def known_by_workload_identity(stack: ExitStack, variables: pytest.MonkeyPatch, token: Path) -> WayOut:
    context, authority = tls.loopback(token.parent)
    served = stack.enter_context(Served(Azure(), tls=context))
    variables.setenv("AZURE_AUTHORITY_HOST", served.url)
    variables.setenv("AZURE_TENANT_ID", TENANT)
    variables.setenv("AZURE_CLIENT_ID", CLIENT)
    variables.setenv("AZURE_FEDERATED_TOKEN_FILE", str(token))
    return WayOut(certificates=Certificates(authority))


def known_by_managed_identity(stack: ExitStack, variables: pytest.MonkeyPatch, token: Path) -> WayOut:
    served = stack.enter_context(Served(Azure()))
    variables.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", served.url)
    return DIRECT


@pytest.mark.parametrize("known", [known_by_workload_identity, known_by_managed_identity])
def test_azures_token_is_exchanged_for_one_of_the_registrys(
    stack: ExitStack, nobody: pytest.MonkeyPatch, token_file: Path, known: object
) -> None:
    assert callable(known)
    token = jwt(exp=4_000_000_000)
    endpoint, registry = acr(in_json({"refresh_token": token}), stack)
    issued = azure.issue(ACR, known(stack, nobody, token_file), endpoint)
    assert issued.credential == RefreshToken(Secret(token))
    assert issued.seconds > 1_000_000
    asked: Asked = registry.asked[0]
    assert str(asked) == "POST /oauth2/exchange"
    assert form(asked) == {
        "grant_type": "access_token",
        "service": ACR,
        "tenant": TENANT,
        "access_token": jwt(tid=TENANT),
    }


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (in_json({"errors": [{"code": "UNAUTHORIZED"}]}, 401), Refused, "give the bot's identity the role AcrPull"),
        (in_json({}, 503), Unavailable, r"cannot exchange Azure's token now \(503\)"),
        (in_json({}, 404), BadResponse, "exchanges no token of Azure's"),
        (in_json({"refresh_token": "a b"}), BadResponse, "exchanges Azure's token for something that is none"),
        (in_json({"refresh_token": 5}), BadResponse, "exchanges Azure's token for something that is none"),
        (in_json({}), BadResponse, "exchanges Azure's token for something that is none"),
    ],
)
def test_an_exchange_that_fails_is_one_line(
    stack: ExitStack,
    nobody: pytest.MonkeyPatch,
    token_file: Path,
    answer: Answer,
    kind: type[WorldError],
    says: str,
) -> None:
    way = known_by_managed_identity(stack, nobody, token_file)
    with pytest.raises(kind, match=says):
        azure.issue(ACR, way, acr(answer, stack)[0])


def test_whom_azure_does_not_know_is_told_so(stack: ExitStack, nobody: pytest.MonkeyPatch, token_file: Path) -> None:
    served = stack.enter_context(Served(lambda _: in_json({"error": "invalid_request"}, 400)))
    nobody.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", served.url)
    with pytest.raises(Refused, match=r"^Azure hands out no token for acme\.azurecr\.io: ") as caught:
        azure.issue(ACR, DIRECT, acr(in_json({}), stack)[0])
    assert "\n" not in str(caught.value)
