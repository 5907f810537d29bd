"""The doors at which clouds hand out passwords, as their own libraries knock: strict about what they are shown."""

from __future__ import annotations

import json
import time
from base64 import b64decode, b64encode, urlsafe_b64encode
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from imagebot.registry.endpoint import Endpoint
from imagebot.registry.waits import Waits
from imagebot.registry.wire import Count
from imagebot.settings.resolve import RegistrySettings
from tests.support.fake_registry import challenge, tag_list
from tests.support.web_function import Answer, Asked, Served

ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
ACR = "acme.azurecr.io"
PUBLIC = "public.ecr.aws"
GAR = "europe-docker.pkg.dev"
# Whom a registry's cloud is asked by besides the registry itself.
DOORS = {
    ECR: ("sts.eu-central-1.amazonaws.com", "api.ecr.eu-central-1.amazonaws.com"),
    PUBLIC: ("sts.us-east-1.amazonaws.com", "api.ecr-public.us-east-1.amazonaws.com"),
    GAR: ("sts.googleapis.com",),
    ACR: ("login.microsoftonline.com",),
}
HOSTS = [*DOORS, *(door for doors in DOORS.values() for door in doors)]
WEB_TOKEN = "eyJhbGciOiJSUzI1NiJ9.service-account.of-kubernetes"
ROLE = "arn:aws:iam::123456789012:role/imagebot"
TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "99999999-8888-7777-6666-555555555555"
POOL = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q"
_JSON = (("Content-Type", "application/json"),)
_STS = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAOFTHEWEB</AccessKeyId>
<SecretAccessKey>secret-of-the-web</SecretAccessKey><SessionToken>session-of-the-web</SessionToken>
<Expiration>{ends}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>"""


def jwt(**claims: object) -> str:
    """A token that says this, signed by nobody."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + ".c2ln"


def in_json(document: object, status: int = 200) -> Answer:
    return Answer(status, _JSON, json.dumps(document).encode())


def form(asked: Asked) -> dict[str, str]:
    return {key: values[-1] for key, values in parse_qs(asked.body.decode()).items()}


def acr(answer: Answer, stack: ExitStack) -> tuple[Endpoint, Served]:
    """The registry that exchanges tokens of Azure's; what it is called is not where it is."""
    served = stack.enter_context(Served(lambda _: answer))
    return Endpoint.of(served.host, RegistrySettings(plain_http=True), Count(), Waits()), served


@dataclass
class Aws:
    """STS, pod identity, instance metadata, ECR and ECR Public behind one door. Each password is another.

    `refusal` is what ECR answers instead, `seconds` how long its passwords are good for.
    """

    seconds: float = 12 * 3600.0
    refusal: Answer | None = None
    keys: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        target = asked.headers.get("X-Amz-Target", "")
        match asked.method, asked.path:
            case "POST", "/" if target:
                return self._password(target, asked.headers["Authorization"])
            case "POST", "/":
                return self._assumed(form(asked))
            case "GET", "/v1/credentials":
                assert asked.headers["Authorization"] == WEB_TOKEN
                return in_json(self._keys("ASIAOFTHEPOD", Token="session-of-the-pod"))
            case "PUT", "/latest/api/token":
                return Answer(200, (), b"a-token-of-the-machine")
            case "GET", "/latest/meta-data/iam/security-credentials/":
                return Answer(200, (), b"a-role")
            case "GET", "/latest/meta-data/iam/security-credentials/a-role":
                assert asked.headers["X-Aws-Ec2-Metadata-Token"] == "a-token-of-the-machine"
                return in_json(self._keys("ASIAOFTHEMACHINE", Code="Success", Token="session-of-the-machine"))
        raise AssertionError(asked)

    def _keys(self, key: str, **more: str) -> dict[str, str]:
        return {"AccessKeyId": key, "SecretAccessKey": f"secret of {key}", "Expiration": _later(3600), **more}

    def _assumed(self, asked: dict[str, str]) -> Answer:
        assert asked["Action"] == "AssumeRoleWithWebIdentity"
        assert (asked["RoleArn"], asked["WebIdentityToken"]) == (ROLE, WEB_TOKEN)
        return Answer(200, (("Content-Type", "text/xml"),), _STS.format(ends=_later(3600)).encode())

    def _password(self, target: str, signed: str) -> Answer:
        service = {
            "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken": "ecr",
            "SpencerFrontendService.GetAuthorizationToken": "ecr-public",
        }[target]
        scheme, _, rest = signed.partition(" Credential=")
        key, _, region, *ends = rest.partition(",")[0].split("/")
        assert (scheme, ends) == ("AWS4-HMAC-SHA256", [service, "aws4_request"])
        if self.refusal is not None:
            return self.refusal
        self.keys.append(f"{key} {region}")
        token = b64encode(f"AWS:password {len(self.keys)}".encode()).decode()
        data: Any = {"authorizationToken": token, "expiresAt": time.time() + self.seconds}
        return in_json({"authorizationData": [data] if service == "ecr" else data})


@dataclass
class Google:
    """Google's token service and that of a machine's metadata. Each token is another."""

    seconds: int = 3600
    tokens: int = 0

    def __call__(self, asked: Asked) -> Answer:
        match asked.method, asked.path:
            case "POST", "/v1/token":
                told = form(asked)
                assert (told["audience"], told["subject_token"]) == (POOL, WEB_TOKEN)
                return self._token()
            case "POST", "/token":
                assert form(asked)["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
                return self._token()
            case "GET", "/computeMetadata/v1/instance/service-accounts/default/":
                assert asked.headers["Metadata-Flavor"] == "Google"
                found = in_json({"email": "bot@acme.iam.gserviceaccount.com", "scopes": [], "aliases": ["default"]})
                return Answer(200, (*_JSON, ("Metadata-Flavor", "Google")), found.body)
            case "GET", "/computeMetadata/v1/instance/service-accounts/default/token":
                return self._token()
        raise AssertionError(asked)

    def _token(self) -> Answer:
        self.tokens += 1
        return in_json(
            {"access_token": f"ya29.token-{self.tokens}", "expires_in": self.seconds, "token_type": "Bearer"}
        )


@dataclass
class Azure:
    """Microsoft Entra, and a machine's metadata. `audiences` are what tokens were asked for."""

    audiences: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        token = {"access_token": jwt(tid=TENANT), "expires_in": 3600, "token_type": "Bearer"}
        match asked.method, asked.path:
            case "POST", path if path == f"/{TENANT}/oauth2/v2.0/token":
                told = form(asked)
                assert (told["client_id"], told["client_assertion"]) == (CLIENT, WEB_TOKEN)
                self.audiences.append(told["scope"])
                return in_json(token)
            case "GET", "/metadata/identity/oauth2/token" if "Metadata" not in asked.headers:
                return in_json({"error": "invalid_request"}, 400)
            case "GET", "/metadata/identity/oauth2/token":
                self.audiences.append(asked.query["resource"])
                return in_json(
                    {**token, "resource": asked.query["resource"], "expires_on": str(int(time.time()) + 3600)}
                )
        raise AssertionError(asked)


@dataclass
class Cloud:
    """All servers of three clouds, told apart by the host that they are asked as; `shown` is what registries saw."""

    aws: Aws = field(default_factory=Aws)
    google: Google = field(default_factory=Google)
    azure: Azure = field(default_factory=Azure)
    shown: list[str] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Answer:
        host = asked.headers["Host"].partition(":")[0]
        match host, asked.path:
            case str(), path if path.endswith("/tags/list"):
                return self._listed(host, asked.headers.get("Authorization", ""))
            case _ if host == GAR:
                return self._token(b64decode(asked.headers["Authorization"].removeprefix("Basic ")).decode())
            case _, "/token/" if host == PUBLIC:
                return self._token(b64decode(asked.headers["Authorization"].removeprefix("Basic ")).decode())
            case _, "/oauth2/exchange" if host == ACR:
                assert form(asked)["access_token"] == jwt(tid=TENANT)
                return in_json({"refresh_token": jwt(number=len(self.shown))})
            case _, "/oauth2/token" if host == ACR:
                told = form(asked)
                assert (told["grant_type"], told["service"]) == ("refresh_token", ACR)
                return self._token(told["refresh_token"])
        if host.startswith("sts.google"):
            return self.google(asked)
        return self.aws(asked) if host.endswith("amazonaws.com") else self.azure(asked)

    def _token(self, shown: str) -> Answer:
        self.shown.append(shown)
        return in_json({"access_token": "a-token-of-the-registry"})

    def _listed(self, host: str, given: str) -> Answer:
        if given == "Bearer a-token-of-the-registry":
            return tag_list("1.0.0")
        if host == ECR:
            if not given:
                return challenge(f'Basic realm="https://{ECR}/",service="ecr.amazonaws.com"')
            self.shown.append(b64decode(given.removeprefix("Basic ")).decode())
            return tag_list("1.0.0")
        path = {PUBLIC: "/token/", GAR: "/v2/token", ACR: "/oauth2/token"}[host]
        return challenge(f'Bearer realm="https://{host}{path}",service="{host}"')


def known_to_all(folder: Path) -> tuple[dict[str, str], Path]:
    """What a pod is given whose service account all three clouds know: variables, and a file for Google's libraries."""
    token = folder / "token-of-kubernetes"
    token.write_text(WEB_TOKEN)
    variables = {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        "AWS_ROLE_ARN": ROLE,
        "AZURE_TENANT_ID": TENANT,
        "AZURE_CLIENT_ID": CLIENT,
        "AZURE_FEDERATED_TOKEN_FILE": str(token),
        "HOME": str(folder),
    }
    federation = folder / "google.json"
    document = {
        "type": "external_account",
        "audience": POOL,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"file": str(token)},
    }
    federation.write_text(json.dumps(document))
    return variables, federation


def _later(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
