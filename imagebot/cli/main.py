"""The command line: finds the verb, runs it, turns every error into its line and exit code."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module

import click

from imagebot import __version__
from imagebot.cli.outlet import Outlet, through_outlets
from imagebot.errors import BUG, NOT_ALL_DONE, WRONG_INPUT, ImagebotError
from imagebot.stop import Ended

VERBS = {
    "demo": "Show the main job in a folder of its own; needs nothing.",
    "once": "Do one pass: look, decide, open or update pull requests.",
    "run": "Do a pass every few minutes until told to stop.",
    "plan": "Show the diff and the reasons of a pass, and write nothing.",
    "status": "Show what is deployed, what is chosen, and why.",
    "explain": "Say for each tag of an app why it was chosen or refused.",
    "history": "Tell which version was where when, and who brought it.",
    "rollback": "Propose what an app's fields said before, and hold what they say now.",
    "hold": "Keep a version of an app back.",
    "unhold": "Let a version of an app through again.",
    "suspend": "Write nothing about an app, an environment, or anything.",
    "resume": "Go on with what was suspended.",
    "simulate": "Replay a registry's past against a policy.",
    "select": "Choose a tag from those on standard input.",
    "set": "Set an image's tag in files, and touch no other byte.",
    "pr": "Look after the pull requests of a local forge.",
    "init": "Write policies for the images that a repository holds.",
    "fields": "List every image in files, and what cannot be edited.",
    "doctor": "Examine all that a pass needs, and say what to do.",
    "webhooks": "Show where registries and forges call, and how they prove who they are.",
    "lint": "Check policies and settings, and show every problem.",
    "schema": "Print the JSON Schema of policy files or of imagebot.yaml.",
}


class Verbs(click.Group):
    """Imports a verb's module when that verb is called, so that none pays for another's libraries."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command = import_module(f"imagebot.cli.{cmd_name}").command
        if not gc.isenabled():
            # What was loaded stays: none of it is looked at for garbage, now or later.
            gc.freeze()
            _look_at_all_seldom()
            gc.enable()
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name == "help":
            name, *args = [*args[1:2], "--help"]
            if name == "--help":
                click.echo(ctx.get_help())
                ctx.exit()
            return self.resolve_command(ctx, [name, *args])
        if name not in VERBS and not name.startswith("-"):
            near = import_module("difflib").get_close_matches(name, VERBS, 1)
            hint = f"did you mean {near[0]!r}?" if near else "`imagebot --help` lists them"
            ctx.fail(f"No such verb {name!r}; {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="imagebot")
def main() -> None:
    """Open pull requests that move a GitOps repository to new container images.

    Exit codes: 0 fine; 1 something is unknown or was not carried out; 2 a policy, a flag or the configuration is wrong;
    3 a bug.
    """


def run() -> None:
    """Carry out what the command line says. `ImagebotError`s become one line on standard error; bugs keep a trace."""
    gc.disable()
    through_outlets()
    try:
        code = main(standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        code = WRONG_INPUT
    except click.exceptions.Abort:
        code = 130
    except Ended as ended:
        print(ended, file=sys.stderr)
        code = ended.exit_code
    except ImagebotError as error:
        print(f"imagebot: {error}", file=sys.stderr)
        code = error.exit_code
    except Exception:  # noqa: BLE001 the one catch-all: it prints the stack trace and ends the process
        print("imagebot: this is a bug; please report it with what follows", file=sys.stderr)
        sys.excepthook(*sys.exc_info())
        code = BUG
    _leave(code)


def _look_at_all_seldom() -> None:
    """Have the whole of memory searched for garbage once in 700 000 new objects, not in 70 000.

    Policies and fields are many, stay, and are in no cycles: with 20 000 of them these searches took half the time.
    What is young is searched as often as ever.
    """
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, 100)


def _leave(code: int) -> None:
    """End the process at once, when all is said.

    To take modules and objects apart one by one would cost a third of a start, and nobody waits for the threads that
    still ask. All else was written when it was done.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        lost = stream.lost if isinstance(stream, Outlet) else None
        # Who reads no more has what they wanted.
        if lost is not None and not isinstance(lost, BrokenPipeError):
            code = code or NOT_ALL_DONE
            print(f"imagebot: what it says cannot be written: {lost.strerror}", file=sys.stderr, flush=True)
    os._exit(code)
