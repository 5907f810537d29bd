"""The environment that git runs in: made from nothing, so that no setting of a person or a host reaches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin:/run/current-system/sw/bin"
"""Where git and what git starts (ssh, sh) are looked for; the PATH of whoever started us is not asked."""

_VARIABLES = {
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "HOME": "/nonexistent",
    "LANGUAGE": "C",
    "LC_ALL": "C.UTF-8",
    "PATH": SEARCH_PATH,
}

_CONFIG = (
    ("core.attributesFile", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.quotePath", "false"),
    ("credential.helper", ""),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    # A redirect may lead to a host that nobody named; git says 301 and a person writes the new URL.
    ("http.followRedirects", "false"),
    # A connection that says nothing for a minute is dead; so a git whose bot was killed ends by itself, too.
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "60"),
    ("i18n.logOutputEncoding", "UTF-8"),
    ("protocol.version", "2"),
    ("submodule.recurse", "false"),
    ("transfer.credentialsInUrl", "die"),
    ("transfer.fsckObjects", "true"),
)

# Old tools wrote these into histories that are hosted everywhere and can no longer be mended. They cannot harm a
# repository without a work tree; everything else that git's fsck calls an error stays one.
_HARMLESS = (
    "badDate",
    "badDateOverflow",
    "badEmail",
    "badName",
    "badTimezone",
    "missingAuthor",
    "missingCommitter",
    "missingEmail",
    "missingNameBeforeEmail",
    "missingSpaceBeforeDate",
    "missingSpaceBeforeEmail",
    "multipleAuthors",
    "nulInCommit",
    "zeroPaddedDate",
    "zeroPaddedFilemode",
)


def sealed(config: Sequence[tuple[str, str]] = (), variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Git's whole environment, with what one command needs besides. `config` overrides every file of settings."""
    lines = [*_CONFIG, *((f"fetch.fsck.{name}", "warn") for name in _HARMLESS), *config]
    environment = {**_VARIABLES, "GIT_CONFIG_COUNT": str(len(lines))}
    for number, (key, value) in enumerate(lines):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return {**environment, **(variables or {})}


def with_setting(environment: Mapping[str, str], key: str, value: str) -> dict[str, str]:
    """The same environment with one more setting of git's."""
    number = environment["GIT_CONFIG_COUNT"]
    more = {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {**environment, **more, "GIT_CONFIG_COUNT": str(int(number) + 1)}
