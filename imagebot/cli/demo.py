"""`imagebot demo`: the main job on things that are made for it, told step by step."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import click

from imagebot.cli.tables import console
from imagebot.demo import folder as demo
from imagebot.demo.registry import DemoRegistry
from imagebot.errors import Unavailable

_EXAMPLES = """
\b
Examples:
  imagebot demo                       # in the folder imagebot-demo
  imagebot demo --serve               # its registry again, for looking further; until Ctrl-C
  imagebot demo /tmp/look --port 5200

It needs git, and no account, cluster, registry or network. Exit code: 0 done; 1 the port is taken; 2 the folder is
something else.
"""


@click.command("demo", epilog=_EXAMPLES, short_help="Show the main job in a folder of its own; needs nothing.")
@click.argument("folder", default="imagebot-demo", type=click.Path(file_okay=False, path_type=Path))
@click.option("--port", default=demo.PORT, show_default=True, type=click.IntRange(1, 65535), help="The registry's.")
@click.option("--serve", is_flag=True, help="Serve the registry of a demo that was made, and do nothing else.")
def command(folder: Path, port: int, serve: bool) -> None:
    """Make a registry, an environment repository with two apps, and policies; do three passes over them.

    What is left is to be looked at: pull requests as files, a repository, settings and policies of the kind that you
    would write. A demo that is there is made anew.
    """
    registry = demo.registry()
    if serve:
        demo.release(registry)
        with registry.serving(port):
            click.echo(f"the demo's registry answers at localhost:{port} until Ctrl-C")
            threading.Event().wait()
    with registry.serving(port):
        demo.make(folder, port)
        _play(folder, registry)
    _farewell(folder, port)


def _play(folder: Path, registry: DemoRegistry) -> None:
    _say("A registry with three images, an environment repository with two apps in two environments, and one pass:")
    _imagebot(folder, "once")
    _say("The pull requests it left, and the first of them as a reviewer sees it:")
    _imagebot(folder, "pr", "list")
    _imagebot(folder, "pr", "show", "1")
    _imagebot(folder, "pr", "diff", "1")
    _say(f"{demo.release(registry)} is published. The same pull requests move on; no new ones pile up:")
    _imagebot(folder, "once")
    _imagebot(folder, "pr", "show", "1")
    _say("A person merges the first. The next pass has nothing to do, and writes nothing:")
    _imagebot(folder, "pr", "merge", "1")
    _imagebot(folder, "once")


def _farewell(folder: Path, port: int) -> None:
    _say(f"All of it is still in {folder}/. What to look at:")
    serve = "imagebot demo --serve" + (f" --port {port}" if port != demo.PORT else "")
    if shutil.which("imagebot") is None:
        click.echo(f'  export PATH="{Path(sys.executable).parent}:$PATH"')
    click.echo(f"""\
  cd {shlex.quote(str(folder))}
  imagebot pr list                     # three are open
  imagebot pr diff 2
  git -C environments.git log --graph --all

  {serve} &              # the registry again
  imagebot explain shop@staging        # why this tag, and why not that one
  imagebot pr close 2                  # "not this version"
  imagebot once                        # ... and it is not proposed again""")
    _say("And then your own repository, in a folder of its own:")
    click.echo("""\
  mkdir my-imagebot && cd my-imagebot
  imagebot init https://github.com/acme/environments.git   # or the path of a clone: settings, and a policy for each app
  imagebot lint
  imagebot plan                        # the diffs of a first pass, and nothing written""")


def _say(text: str) -> None:
    console().print(f"\n{text}" if sys.stdout.isatty() else f"\n== {text}", style="bold", soft_wrap=True, markup=False)


def _imagebot(folder: Path, *words: str) -> None:
    click.echo(f"\n$ imagebot {' '.join(words)}")
    sys.stdout.flush()
    # A process of its own, as a person would start it; the settings are named, whatever else is in the environment.
    flags = ("--config", "imagebot.yaml")
    done = subprocess.run([sys.executable, "-m", "imagebot", *words, *flags], cwd=folder, check=False)  # noqa: S603
    if done.returncode:
        raise Unavailable(f"`imagebot {' '.join(words)}` ended with exit code {done.returncode}")
