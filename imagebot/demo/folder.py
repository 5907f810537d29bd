"""The folder of a demo: settings, policies, and an environment repository of two apps in two environments."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from imagebot.demo.registry import DemoRegistry
from imagebot.documents.schema import schema_file
from imagebot.errors import BadInput
from imagebot.gitrepo.process import Git
from imagebot.policy.model import PolicyFile

PORT = 5123
_HERE = Path(__file__).parent
# A package that was built has them beside this file, a checkout at its top.
_POLICIES = next(folder for folder in (_HERE / "policies", _HERE.parent.parent / "policies") if folder.is_dir())
_FIRST_LINE = "# The settings of `imagebot demo`: everything is in this folder."
_SETTINGS = f"""\
{_FIRST_LINE}
policies: [policies/]
state: state
repositories:
  environments:
    url: environments.git
    forge: local
registries:
  localhost:{{port}}: {{{{plainHttp: true}}}}
log: {{{{level: warning}}}}
"""
_PODINFO, _API, _WORKER = "stefanprodan/podinfo", "acme/shop-api", "acme/shop-worker"
_TAGS = {
    _PODINFO: ("6.4.1", "6.5.0", "6.5.3", "6.5.4", "7.0.0-rc.1", "latest", "6.5"),
    _API: ("1.4.2-alpine", "1.4.3-alpine", "1.4.3", "1.5.0-alpine", "2.0.0-alpine"),
    _WORKER: ("2.1.0", "2.1.4", "2.2.0"),
}
_LABELS = {_PODINFO: {"org.opencontainers.image.source": "https://github.com/stefanprodan/podinfo"}}


def registry() -> DemoRegistry:
    """The registry as the demo begins."""
    found = DemoRegistry()
    for repository, tags in _TAGS.items():
        for tag in tags:
            found.publish(repository, tag, _LABELS.get(repository, {}))
    return found


def release(there: DemoRegistry) -> str:
    """Somebody publishes a new version; which one, in words."""
    there.publish(_PODINFO, "6.6.0", _LABELS[_PODINFO])
    return "podinfo 6.6.0"


def make(folder: Path, port: int) -> None:
    """Write the folder anew. Raises `BadInput` where something else is there, or it cannot be written."""
    settings = folder / "imagebot.yaml"
    try:
        if folder.exists() and any(folder.iterdir()):
            if not settings.is_file() or not settings.read_bytes().startswith(_FIRST_LINE.encode()):
                raise BadInput(f"{folder} is there already, and no demo: name another folder, `imagebot demo FOLDER`")
            shutil.rmtree(folder)
        bare = folder.absolute() / "environments.git"
        bare.mkdir(parents=True)
        Git(bare).out("init", "--quiet", "--bare", "--template=", "--initial-branch=main")
        Git(bare).out("fast-import", "--quiet", stdin=b"".join(_first_commit(port)))
        (folder / "policies").mkdir()
        (folder / "policies" / "policy.schema.json").write_bytes(schema_file(PolicyFile, "Policy file"))
        for file in sorted(_POLICIES.glob("*.yaml")):
            (folder / "policies" / file.name).write_bytes(_at(port, file.read_bytes()))
        settings.write_text(_SETTINGS.format(port=port))
    except OSError as error:
        raise BadInput(f"cannot write {error.filename or folder}: {error.strerror}") from None


def _first_commit(port: int) -> Iterator[bytes]:
    message = b"two apps in two environments"
    yield b"commit refs/heads/main\ncommitter Demo <demo@example.com> 1767225600 +0000\n" + _data(message)
    root = _HERE / "environments"
    for file in sorted(root.rglob("*.yaml")):
        path = file.relative_to(root).as_posix().encode()
        yield b"M 100644 inline " + path + b"\n" + _data(_at(port, file.read_bytes()))


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _at(port: int, content: bytes) -> bytes:
    return content.replace(b"localhost:%d" % PORT, b"localhost:%d" % port).replace(b"$schema=../docs/", b"$schema=")
