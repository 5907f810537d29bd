"""Files that people write for us and get wrong: policies, imagebot.yaml, Docker's config.json."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import yaml

from imagebot.errors import BadInput, WorldError
from imagebot.images.reference import ImageName
from imagebot.policy.read import read_policies
from imagebot.registry.client import Registries
from imagebot.settings.resolve import CredentialSources, RegistrySettings, load
from tests.fuzz.answers.http_slips import Http
from tests.fuzz.answers.json_slips import slipped
from tests.fuzz.answers.watch import Finding, Tally
from tests.fuzz.mutate import mutate
from tests.support.raw_server import RawServer

_POLICY = """\
app: shop
repository: environments
environments:
  staging: {paths: ["clusters/staging/shop/", "!**/charts/"], minimumAge: 6h}
  production:
    repository: other
    windows: ["Mon-Fri 09:00-17:00 Europe/Berlin", "22:00-04:00"]
    freezes: ["Sat-Sun", {from: 2026-12-20, to: "2027-01-02 18:00", zone: Europe/Berlin, because: holidays}]
    from: {environment: staging, after: 2d}
images:
  - image: ghcr.io/acme/shop-api
    semver: ">=1.4.0 <2.0.0"
    tags:
      match: ^(?P<version>[0-9.]+)-alpine$
      extract: $version
      ignore: [1.5.0-alpine, {range: ">=1.6 <1.6.3"}]
    pin: digest
    fields: [{file: a.yaml, path: "containers[name=app].image", template: "--image={name}:{tag}"}]
    platforms: [linux/amd64, linux/arm64/v8]
  - {image: worker, calver: {format: YYYY.0M.MICRO, range: ">=2026.01 <2027"}, tags: {variant: keep}, repush: allow}
  - {image: "ghcr.io/acme/by-commit", commit: {source: api, branch: main, paths: [src/]}, minimumAge: 3d}
  - {image: nginx, digest: latest, downgrade: allow}
  - {image: quay.io/acme/numbers, numeric: asc, embedded: true}
  - {image: quay.io/acme/words, alphabetical: desc, imagePolicy: "flux-system:words"}
  - {image: quay.io/acme/made, created: newest}
pullRequest:
  group: {name: platform, separateMajor: true}
  autoMerge: [digest, patch]
  title: "{app} {from} to {to}"
  labels: [image-update, "{kind}"]
  note: "[Runbook](https://runbooks.example.com/{app})"
  reviewers: [alice, "team:platform", codeowners]
tests: [{image: ghcr.io/acme/shop-api, tags: [1.4.0-alpine, 1.4.1-alpine], current: 1.4.0-alpine, chosen: 1.4.1-alpine}]
"""
_SETTINGS = """\
policies: [policies/]
state: state
every: 5m
branchPrefix: imagebot/
repositories:
  environments:
    {url: https://github.com/acme/environments.git, branch: main, limits: {openPullRequests: 3, openedPerHour: 20}}
  other: {url: "git@acme.test:platform/other.git", forge: gitea, apiUrl: https://acme.test/api/v1, caFile: ca.pem}
sources: {api: {url: https://github.com/acme/api.git, branch: main}}
registries: {"registry.acme.test:5000": {plainHttp: true, authHosts: [auth.acme.test]}}
author: {name: Bot, email: bot@acme.test, signOff: true}
limits: {openPullRequests: 10, openedPerHour: 20}
log: {level: info, format: json}
"""
_SOUND = b"""\
app: sound
repository: environments
environments: {staging: {}}
images: [{image: ghcr.io/acme/sound, semver: ^1}]
"""


def case(number: str, folder: Path, server: RawServer, tally: Tally) -> None:
    """One file that has slipped, read as it is read in a pass."""
    dice = Random(f"files/{number}")
    kind = dice.choice(("policy", "policy", "settings", "docker config"))
    name = f"{kind} #files/{number}"
    if kind == "policy":
        tally.watch(name, lambda: _policies(name, slipped_yaml(_POLICY, dice), tally), BadInput)
    elif kind == "settings":
        file = folder / "imagebot.yaml"
        file.write_bytes(slipped_yaml(_SETTINGS, dice))
        tally.watch(name, lambda: load(file), BadInput)
    else:
        file = folder / "config.json"
        file.write_bytes(_docker_config(server.host, dice))
        tally.watch(name, lambda: _asked(server, file), WorldError)
    tally.words[kind] += 1


def slipped_yaml(text: str, dice: Random) -> bytes:
    """By lines and characters, or, as JSON is YAML, by structure."""
    if dice.random() < 0.5:
        return mutate(text.encode(), dice)
    return slipped(json.dumps(yaml.safe_load(text), default=str).encode(), dice)


def _policies(name: str, data: bytes, tally: Tally) -> object:
    """The file beside it is read whatever this one holds."""
    found = read_policies({"a.yaml": data, "sound.yaml": _SOUND}, ["environments", "other"], ["api"])
    if "sound@staging" not in map(str, found.policies) and b"sound" not in data:
        tally.add(Finding("the sound policy is gone", name, repr(data)))
    return [*map(str, (*found.problems, *found.advice)), *map(repr, found.policies)]


def _docker_config(host: str, dice: Random) -> bytes:
    entries = dice.choice(_ENTRIES)
    config = {
        "auths": {host: entries, "https://index.docker.io/v1/": {"auth": "YTpi"}},
        "credHelpers": {"gcr.io": "gcr"},
    }
    data = slipped(json.dumps(config).encode(), dice)
    return mutate(data, dice) if dice.random() < 0.3 else data


_ENTRIES: tuple[Mapping[str, Any], ...] = (
    {"auth": b64encode(b"bot:c0rrect").decode()},
    {"username": "bot", "password": "c0rrect"},
    {"username": "b\N{LATIN SMALL LETTER O WITH DIAERESIS}t", "password": "\N{ROCKET}"},
    {"identitytoken": "abc.def"},
    {"registrytoken": "abc.def"},
    {"registrytoken": "\N{EURO SIGN}"},
    {"auth": b64encode(b"\xff:\x00").decode()},
)


def _asked(server: RawServer, file: Path) -> object:
    """The registry wants to see whatever it is given, and says no."""
    challenge = b'Basic realm="x", Bearer realm="http://%s/token",service="s"' % server.host.encode()
    server.script["*"] = Http(401, ((b"WWW-Authenticate", challenge),), b"{}").raw()
    registries = Registries({server.host: RegistrySettings(plain_http=True)}, CredentialSources((file,)))
    try:
        return registries.tags(ImageName(server.host, "acme/api"))
    finally:
        registries.close()
        server.asked.clear()
