"""Settings come before config.json, and both are read at each question."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

import pytest

from imagebot.clock import boottime
from imagebot.errors import BadInput, Refused
from imagebot.images.reference import ImageName
from imagebot.registry.client import Registries
from imagebot.registry.credentials import ANONYMOUS, CredentialStore
from imagebot.registry.endpoint import Endpoint
from imagebot.registry.limits import PATIENCE, Deadline
from imagebot.registry.logins import Basic, Login, RegistryToken
from imagebot.registry.waits import Waits
from imagebot.registry.wire import Count
from imagebot.secret import Secret, SecretFile
from imagebot.settings.resolve import BasicCredentials, BearerCredentials, CredentialSources, RegistrySettings
from tests.support.fake_registry import challenge, tag_list
from tests.support.web_function import Answer, Asked, serving

NAME = ImageName("ghcr.io", "acme/api")
MINE = BasicCredentials("bot", Secret("mine"))


def store(settings: Mapping[str, RegistrySettings], *files: Path) -> CredentialStore:
    return CredentialStore(settings, CredentialSources(files), boottime)


def login(credentials: CredentialStore, name: ImageName = NAME) -> Login:
    endpoint = Endpoint.of(name.registry, None, Count(), Waits())
    return credentials.login(name, endpoint, Deadline(PATIENCE))


@pytest.fixture
def docker_config(tmp_path: Path) -> Path:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"auths": {"ghcr.io": {"username": "docker", "password": "word"}}}))
    return file


def test_settings_come_first(docker_config: Path) -> None:
    both = store({"ghcr.io": RegistrySettings(credentials=MINE)}, docker_config)
    advice = "the credentials of ghcr.io in imagebot.yaml are wrong or not enough"
    assert login(both) == Login(Basic("bot", Secret("mine")), advice)


def test_settings_without_credentials_leave_it_to_docker(docker_config: Path) -> None:
    found = login(store({"ghcr.io": RegistrySettings()}, docker_config))
    assert found == Login(
        Basic("docker", Secret("word")), f"the credentials at {docker_config}:1 are wrong or not enough"
    )


def test_without_both_it_is_nobody() -> None:
    assert login(store({})) == ANONYMOUS


def test_who_asks_a_clouds_registry_without_a_login_is_told_of_identities() -> None:
    found = login(store({}), ImageName("acme.azurecr.io", "api"))
    assert found == Login(
        None, "if there is such an image, give credentials under registries in imagebot.yaml, such as {identity: azure}"
    )


def test_a_secret_file_is_read_at_each_question(tmp_path: Path) -> None:
    file = tmp_path / "password"
    settings = RegistrySettings(credentials=BasicCredentials(SecretFile(file), SecretFile(file)))
    credentials = store({"ghcr.io": settings})
    for word in ("old", "new"):
        file.write_text(f"{word}\n")
        assert login(credentials).credential == Basic(word, Secret(word))


def test_a_ready_made_token_is_taken_as_it_is() -> None:
    settings = RegistrySettings(credentials=BearerCredentials(Secret("a-t0ken")))
    assert login(store({"ghcr.io": settings})).credential == RegistryToken(Secret("a-t0ken"))


@pytest.mark.parametrize("token", ["a token", "a\ntoken", "tökén"])
def test_a_token_that_would_break_a_header_is_refused_unshown(token: str) -> None:
    settings = RegistrySettings(credentials=BearerCredentials(Secret(token)))
    with pytest.raises(BadInput) as caught:
        login(store({"ghcr.io": settings}))
    assert str(caught.value).startswith("the credentials of ghcr.io in imagebot.yaml: a token has neither")


def test_a_missing_secret_stops_one_image_and_not_the_pass(tmp_path: Path) -> None:
    """A `BadInput` would end the whole pass: for whoever asks about many images it is this registry's refusal."""
    settings = RegistrySettings(credentials=BasicCredentials("bot", SecretFile(tmp_path / "none")))
    with pytest.raises(Refused) as caught:
        Registries({"ghcr.io": settings}).tags(NAME)
    reason = f"cannot read the secret file {tmp_path}/none: No such file or directory"
    assert str(caught.value) == f"ghcr.io was not asked to list acme/api: {reason}"


@pytest.mark.parametrize(
    ("repository", "user"),
    [
        ("acme/team-a/api", "team-a"),
        ("acme/team-a", "team-a"),
        ("acme/team-ab/api", "acme"),
        ("acme/web", "acme"),
        ("acme", "acme"),
        ("acmes/web", "rest"),
    ],
)
def test_of_several_logins_that_of_the_longest_path_counts(repository: str, user: str) -> None:
    logins = (
        BasicCredentials("acme", Secret("word"), "acme"),
        BasicCredentials("rest", Secret("word")),
        BasicCredentials("team-a", Secret("word"), "acme/team-a"),
    )
    found = login(store({"ghcr.io": RegistrySettings(credentials=logins)}), ImageName("ghcr.io", repository))
    assert found.credential == Basic(user, Secret("word"))


def test_an_image_below_no_path_of_the_settings_is_left_to_docker(docker_config: Path) -> None:
    logins = (BasicCredentials("acme", Secret("word"), "other"),)
    found = login(store({"ghcr.io": RegistrySettings(credentials=logins)}, docker_config))
    assert found.credential == Basic("docker", Secret("word"))


def test_the_advice_says_whose_login_of_several_it_is() -> None:
    logins = (BasicCredentials("acme", Secret("word"), "acme"),)
    found = login(store({"ghcr.io": RegistrySettings(credentials=logins)}))
    assert found.advice == "the credentials of ghcr.io/acme in imagebot.yaml are wrong or not enough"


def test_each_image_has_the_login_of_its_path_and_only_the_first_question_is_refused() -> None:
    def function(asked: Asked) -> Answer:
        team = asked.path.split("/")[2]
        mine = "Basic " + b64encode(f"{team}:word".encode()).decode()
        return tag_list("1.0.0") if asked.headers.get("Authorization") == mine else challenge("Basic realm=x")

    with serving(function) as served:
        logins = tuple(BasicCredentials(team, Secret("word"), team) for team in ("a", "b"))
        registries = Registries({served.host: RegistrySettings(plain_http=True, credentials=logins)})
        for team in ("a", "b", "a", "b"):
            assert registries.tags(ImageName(served.host, f"{team}/api")).tags == ("1.0.0",)
        assert len(served.asked) == 5
