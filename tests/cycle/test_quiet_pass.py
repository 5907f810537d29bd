"""What a day without news costs registries: 1 500 watches of 400 images, by the manners of Docker Hub."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from imagebot.errors import FINE
from imagebot.observe.events import PullsCounted
from tests.support.fake_registry import JSON, oci_error, tag_list
from tests.support.registry_profiles import PULLS
from tests.support.stage import set_up
from tests.support.web_function import Answer, Asked, Served

IMAGES, SHARED = 400, 300
ENVIRONMENTS = ("dev", "test", "staging", "production")


def hub(asked: Asked) -> Answer:
    """Tokens for anybody; every image is at 1.0.1; nothing else is answered."""
    if asked.path == "/token":
        return Answer(200, (JSON,), json.dumps({"token": asked.query["scope"], "expires_in": 300}).encode())
    if asked.headers.get("Authorization") != f"Bearer repository:{asked.path.split('/tags/')[0][4:]}:pull":
        realm = f'Bearer realm="http://{asked.headers["Host"]}/token",service="registry.docker.io"'
        return oci_error(401, "UNAUTHORIZED", ("WWW-Authenticate", realm))
    return tag_list("1.0.0", "1.0.1", headers=PULLS) if asked.path.endswith("/tags/list") else Answer(500)


def policy(app: str, host: str, images: range, environments: tuple[str, ...]) -> str:
    places = "".join(f"  {name}: {{paths: [{name}/]}}\n" for name in environments)
    watches = "".join(f"  - {{image: '{host}/acme/a{number}', semver: ^1}}\n" for number in images)
    return f"app: {app}\nrepository: environments\nenvironments:\n{places}images:\n{watches}"


def test_a_quiet_pass_costs_one_request_for_each_image_and_no_pull(tmp_path: Path) -> None:
    with Served(hub) as served:
        stage = set_up(tmp_path, served)
        stage.policy(policy("all", served.host, range(SHARED), ENVIRONMENTS), "all.yaml")
        stage.policy(policy("some", served.host, range(SHARED, IMAGES), ENVIRONMENTS[:3]), "some.yaml")
        files = {}
        for name in ENVIRONMENTS:
            there = range(IMAGES if name != "production" else SHARED)
            files[f"{name}/pods.yaml"] = "".join(f"- image: {served.host}/acme/a{number}:1.0.1\n" for number in there)
        stage.commit(files)
        world = stage.world()
        report = stage.one_pass(world)
        assert report.exit_code == FINE
        assert sum(len(one.watches) for one in report.decisions) == 1500
        asked = Counter("token" if one.path == "/token" else one.path.rpartition("/")[2] for one in served.asked)
        assert asked["token"] == IMAGES
        assert IMAGES < asked["list"] <= IMAGES + 4, "one refusal for each question that began before the first token"
        before = len(served.asked)
        assert stage.one_pass(world).exit_code == FINE
        again = served.asked[before:]
        assert {one.method for one in again} == {"GET"}
        assert len({one.path for one in again}) == len(again) == IMAGES, "each list once: no manifest, no token"
        (told, *_) = [event for event in stage.events if isinstance(event, PullsCounted)]
        assert (told.registry, told.left, told.limit) == (served.host, 76, 100)
