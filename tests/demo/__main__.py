"""`make demo`: the main job on things made here, with a registry in this process and a git repository in a folder.

`python -m tests.demo` does it all in the folder demo/ and leaves it there; `python -m tests.demo registry` serves that
folder's registry again, for looking further.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from tests.support import oci_folder
from tests.support.web_function import Served

PORT = 5123
HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
FOLDER = PROJECT / "demo"

SETTINGS = """\
# The demo's settings: everything is in this folder.
policies: [../policies/]
state: state
repositories:
  environments:
    url: {url}
    forge: local
registries:
  localhost:5123: {{plainHttp: true}}
log: {{level: warning}}
"""

TAGS = {
    "stefanprodan/podinfo": ["6.4.1", "6.5.0", "6.5.3", "6.5.4", "7.0.0-rc.1", "latest", "6.5"],
    "acme/shop-api": ["1.4.2-alpine", "1.4.3-alpine", "1.4.3", "1.5.0-alpine", "2.0.0-alpine"],
    "acme/shop-worker": ["2.1.0", "2.1.4", "2.2.0"],
}


def main() -> None:
    """Play the whole story, or serve the registry of the last one."""
    if sys.argv[1:] == ["registry"]:
        with _registry():
            print(f"the demo's registry answers at localhost:{PORT} until Ctrl-C")
            threading.Event().wait()
    elif sys.argv[1:]:
        sys.exit("usage: python -m tests.demo [registry]")
    else:
        _build()
        with _registry():
            _play()
        _farewell()


def _registry() -> Served:
    try:
        return oci_folder.serve(FOLDER / "registry", port=PORT)
    except OSError as error:
        sys.exit(f"the demo's registry cannot listen on port {PORT}: {error.strerror}; free that port and try again")


def _build() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for repository, tags in TAGS.items():
        for tag in tags:
            oci_folder.publish(FOLDER / "registry", repository, tag)
    bare = FOLDER / "environments.git"
    _git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    with_work_tree = ("--git-dir", str(bare), "--work-tree", str(HERE / "environments"))
    _git(*with_work_tree, "add", "--all")
    _git(
        *with_work_tree,
        "-c",
        "user.name=Demo",
        "-c",
        "user.email=demo@example.com",
        "commit",
        "--quiet",
        "-m",
        "two apps",
    )
    (bare / "index").unlink()
    (FOLDER / "imagebot.yaml").write_text(SETTINGS.format(url=bare))


def _play() -> None:
    _say("A registry with three images, an environment repository with two apps in two environments, and one pass:")
    _imagebot("once")
    _say("The pull requests it left, and the first of them as a reviewer sees it:")
    _imagebot("pr", "list")
    _imagebot("pr", "show", "1")
    _imagebot("pr", "diff", "1")
    _say("podinfo 6.6.0 is published. The same pull requests move on; no new ones pile up:")
    oci_folder.publish(FOLDER / "registry", "stefanprodan/podinfo", "6.6.0")
    _imagebot("once")
    _imagebot("pr", "show", "1")
    _say("A person merges the first. The next pass has nothing to do, and writes nothing:")
    _imagebot("pr", "merge", "1")
    _imagebot("once")


def _farewell() -> None:
    _say("All of it is still in demo/. What to type next:")
    print(
        """\
  export IMAGEBOT_CONFIG=demo/imagebot.yaml PATH="$PWD/.venv/bin:$PATH"
  imagebot pr list                     # three are open
  imagebot pr diff 2
  git -C demo/environments.git log --graph --all

  python -m tests.demo registry &      # the registry again
  imagebot explain shop@staging        # why this tag, and why not that one
  imagebot pr close 2                  # "not this version"
  imagebot once                        # ... and it is not proposed again

  Your own: README.md tells how; `imagebot --help` lists the verbs."""
    )


def _say(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n== {text}", flush=True)


def _imagebot(*words: str) -> None:
    print(f"\n$ imagebot {' '.join(words)}", flush=True)
    program = Path(sys.executable).with_name("imagebot")
    subprocess.run([program, *words], cwd=FOLDER, check=True, env={**os.environ, "IMAGEBOT_CONFIG": "imagebot.yaml"})


def _git(*words: str) -> None:
    subprocess.run(["git", *words], check=True)


if __name__ == "__main__":
    main()
