"""`imagebot init`: read a repository, and write the policies that a person would begin with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from imagebot.cli.disk import create_file
from imagebot.cli.first_settings import FirstSettings, first_settings
from imagebot.cli.sources import Contents, RepositoryLocation, read, source_of
from imagebot.documents.model import Model
from imagebot.documents.schema import schema_file
from imagebot.errors import FINE, NOT_ALL_DONE, BadInput
from imagebot.images.name_prefix import NamePrefix
from imagebot.policy.model import Policy, PolicyFile
from imagebot.policyfiles import load_paths
from imagebot.settings.file import SettingsFile
from imagebot.settings.grammar import registry_host
from imagebot.settings.policies import NO_RULES
from imagebot.settings.resolve import DEFAULT_FILE, read_document, rules_for_policies
from imagebot.suggest.sort import UnplacedField
from imagebot.suggest.suggest import Suggestion, suggest, survey

_EXAMPLES = """
\b
Examples:
  imagebot init .                                    # the clone that this is; its origin becomes the URL
  imagebot init ../environments --into bot           # write to the folder bot
  imagebot init https://github.com/acme/environments.git --token-env GITHUB_TOKEN

A git repository is read as it is committed on its branch, a plain folder as it lies there. Nothing in it is changed.
Nothing is written over: an imagebot.yaml that is there is used, and images that have a policy are passed by, so that
another run adds what is new. Exit code: 0 done; 1 there is nothing to write a policy for; 2 wrong usage.
"""
_FILE = click.Path(dir_okay=False, path_type=Path)
_SCHEMAS: dict[str, tuple[type[Model], str]] = {
    "policy": (PolicyFile, "Policy file"),
    "settings": (SettingsFile, "imagebot.yaml"),
}


@click.command("init", epilog=_EXAMPLES, short_help="Write policies for the images that a repository holds.")
@click.argument("source", metavar="PATH|URL")
@click.option("--into", default=".", type=click.Path(file_okay=False, path_type=Path), help="Default: this folder.")
@click.option("--branch", metavar="NAME", help="The branch that is deployed. Default: the repository's own.")
@click.option("--token-env", metavar="NAME", help="The variable with a token for an https URL.")
@click.option("--token-file", metavar="FILE", type=_FILE, help="The file with a token for an https URL.")
@click.option("--ssh-key-file", metavar="FILE", type=_FILE, help="The private key for an ssh URL.")
@click.option("--known-hosts-file", metavar="FILE", type=_FILE, help="The host keys to trust with an ssh key.")
def command(source: str, into: Path, branch: str | None, **flags: str | Path | None) -> int:
    """Read a repository, and write imagebot.yaml and a policy file for each app that is found in it.

    Apps and environments are told from folders and files (clusters/ENVIRONMENT/APP, APP/overlays/ENVIRONMENT,
    values-ENVIRONMENT.yaml and the like), rules from the tags that run now: no update leaves its track, so -alpine
    stays -alpine. Comments in the files say why; what has no policy is listed with its reason.
    """
    given = source_of(source)
    first = first_settings(into, given, branch, _credentials(flags))
    contents = read(given, first.branch, first.access)
    base = first.on(contents.branch)
    folder = (into / base.policies).absolute()
    schema = os.path.relpath(into.absolute() / "schemas" / "policy.schema.json", folder)
    found = survey(base.name, contents.files, contents.paths)
    known = _existing(folder, into / DEFAULT_FILE)
    suggestion = suggest(found, known, schema, _caches(into / DEFAULT_FILE))
    # Settings without a policy would only fail in the next verb.
    wrote = _write(into, base, suggestion) if known or suggestion.files else ()
    for line in [_read_line(given, contents), *wrote]:
        click.echo(line)
    for line in _summary(suggestion, contents):
        click.echo(line)
    return FINE if suggestion.placed or suggestion.taken else NOT_ALL_DONE


def _credentials(flags: Mapping[str, str | Path | None]) -> dict[str, str]:
    """The keys of `credentials` that the flags stand for, files by their whole path."""
    keys = {"token_env": "tokenEnv", "token_file": "tokenFile"}
    keys |= {"ssh_key_file": "sshKeyFile", "known_hosts_file": "knownHostsFile"}
    values = {keys[name]: value for name, value in flags.items() if value is not None}
    return {key: str(value.absolute()) if isinstance(value, Path) else value for key, value in values.items()}


def _existing(policies: Path, file: Path) -> tuple[Policy, ...]:
    """The policies that are there. Raises `BadInput` with every problem in them: what they mean must be known."""
    if not policies.is_dir() or not any(policies.iterdir()):
        return ()
    rules = rules_for_policies(file) if file.exists() else NO_RULES
    known = load_paths([policies], None, rules=rules)
    if known.problems:
        raise BadInput(*known.problems, "these policies are there already: mend them, then run init again")
    return known.policies


def _caches(file: Path) -> list[NamePrefix]:
    """The pull-through caches that the settings know, if there are any settings. Raises `BadInput`."""
    keys = read_document(file)[1].registries if file.exists() else {}
    return [NamePrefix(registry_host(host), path) for host, one in keys.items() for path in one.upstreams]


def _write(into: Path, base: FirstSettings, suggestion: Suggestion) -> Iterator[str]:
    """Write each file that is new, and say so; nothing is ever written over."""
    pages = {Path("schemas", f"{name}.schema.json"): schema_file(*_SCHEMAS[name]) for name in _SCHEMAS}
    if base.page is not None:
        pages[Path("imagebot.yaml")] = base.page
    pages |= {base.policies / name: data for name, data in suggestion.files.items()}
    for name, data in pages.items():
        target = into / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            create_file(target, data)
        except FileExistsError:
            if name.parent == base.policies:
                yield f"kept  {target}: it is there already"
            continue
        except OSError as error:
            raise BadInput(f"cannot write {target}: {error.strerror}") from None
        yield f"wrote {target}{_holds(suggestion, name.name)}"


def _holds(suggestion: Suggestion, file: str) -> str:
    """What a policy file is about: `: shop in staging, production`."""
    here = [policy for policy in suggestion.policies if policy.file == file]
    return f": {here[0].app} in {', '.join(policy.environment for policy in here)}" if here else ""


def _read_line(given: RepositoryLocation, contents: Contents) -> str:
    where = f"{contents.branch} at {contents.commit[:10]} of " if contents.branch else ""
    files = "1 file" if len(contents.paths) == 1 else f"{len(contents.paths)} files"
    return f"read  {where}{given.path or given.url}: {files}"


def _summary(suggestion: Suggestion, contents: Contents) -> Iterator[str]:
    yield ""
    fields = "1 field has" if suggestion.placed == 1 else f"{suggestion.placed} fields have"
    already = f"; {suggestion.taken} had one already" if suggestion.taken else ""
    yield f"{fields} a policy now{already}"
    left = [*map(_left_line, suggestion.left_out), *(f"{path}: larger than 8 MiB" for path in contents.too_large)]
    if left:
        yield "1 place has none:" if len(left) == 1 else f"{len(left)} places have none:"
        yield from (f"  {line}" for line in left)
    if not (suggestion.placed or suggestion.taken):
        yield ""
        yield "Nothing was written. Next: name the repository, or the branch, that says what runs, if it is another; or"
        yield "begin a policy by hand: the README shows one, and `imagebot schema policy` its keys."
    if suggestion.placed:
        yield ""
        yield "Next: `imagebot plan` shows what a pass would change, and writes nothing."


def _left_line(left: UnplacedField) -> str:
    return f"{left.file}:{left.line} {left.image}: {left.version} {left.why}".replace(":  ", ": ")
