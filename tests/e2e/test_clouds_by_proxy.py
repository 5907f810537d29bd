"""Clouds' own libraries where a proxy is the only way out: they ask nobody but by it, and nobody else at all."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

from tests.support import tls
from tests.support.alone import free_port, run_alone
from tests.support.clouds import ACR, DOORS, ECR, GAR, HOSTS, PUBLIC, Cloud, known_to_all
from tests.support.forward_proxy import ForwardProxy
from tests.support.git_repos import a_repository
from tests.support.web_function import Served

POLICY = "app: a\nrepository: environments\nenvironments: {e: {}}\nimages:\n"


def test_no_packet_of_a_clouds_library_goes_astray(tmp_path: Path) -> None:
    """STS, ECR, Google's token service and Entra are beyond the proxy; nobody else is there, nor a name server."""
    images = [f"{registry}/acme/api" for registry in DOORS]
    a_repository(tmp_path / "environments.git", {f"{n}.yaml": f"image: {one}:1.0.0\n" for n, one in enumerate(images)})
    (tmp_path / "policies").mkdir()
    rules = [f"  - {{image: {one}, semver: ^1}}\n" for one in images]
    (tmp_path / "policies" / "a.yaml").write_text(POLICY + "".join(rules))
    (tmp_path / "imagebot.yaml").write_text(
        "policies: [policies/]\nstate: state\ncaFile: authority.pem\nidentities: [aws, gcp, azure]\n"
        "repositories: {environments: {url: environments.git, forge: local}}\n"
        f"registries: {{{ECR}: {{}}, {PUBLIC}: {{}}, {GAR}: {{}}, {ACR}: {{}}}}\n"
    )
    variables, federation = known_to_all(tmp_path)
    cloud, port = Cloud(), free_port()
    with ExitStack() as stack:
        context, _ = tls.loopback(tmp_path, *HOSTS)
        served = stack.enter_context(Served(cloud, tls=context))
        proxy = ForwardProxy({f"{host}:443": ("127.0.0.1", served.port) for host in HOSTS})
        by = {"HTTPS_PROXY": f"http://127.0.0.1:{port}", "GOOGLE_APPLICATION_CREDENTIALS": str(federation)}
        said = run_alone(proxy, port, tmp_path, ["once", "--json"], {**variables, **by})
    assert said.code == 0, said.out + said.err
    assert [one["state"] for one in json.loads(said.out)["images"]] == ["up to date"] * len(images)
    assert proxy.hosts == set(proxy.routes)
    assert said.strays == 0
