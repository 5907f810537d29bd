"""Every metric by name: what it says, and its labels. Names follow https://prometheus.io/docs/practices/naming/.

Labels are repositories of the settings, hosts of registries and forges, and words from short lists. Tags, URLs, images
and people never are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """One family. A counter grows while the process runs; a gauge is as the last pass left it."""

    name: str
    kind: Literal["counter", "gauge", "histogram", "info"]
    says: str
    labels: tuple[str, ...] = ()


BUILD = Metric("imagebot_build_info", "info", "The version of imagebot that runs.", ("version",))
INTERVAL = Metric(
    "imagebot_pass_interval_seconds", "gauge", "From the beginning of a pass to that of the next: `every`."
)
PASSES = Metric(
    "imagebot_passes_total",
    "counter",
    "Passes by result: ok, not_all_done (something unknown or not carried out), wrong_input (a policy is wrong), bug, "
    "failed (nothing was looked at), abandoned (told to stop).",
    ("result",),
)
DURATION = Metric("imagebot_pass_duration_seconds", "histogram", "How long passes took.")
FINISHED = Metric("imagebot_pass_last_finished_timestamp_seconds", "gauge", "When a pass ended last; 0: none has.")
SUCCEEDED = Metric(
    "imagebot_pass_last_success_timestamp_seconds", "gauge", "When a pass ended last in which all was known and done."
)
POLICIES = Metric(
    "imagebot_policies",
    "gauge",
    "Policies by state: suspended, unknown, waiting (a server wants to be left alone), unsigned, frozen, held, "
    "no_candidate (no tag fits), outdated (a newer version is proposed), current.",
    ("repository", "state"),
)
UNKNOWN_SINCE = Metric(
    "imagebot_policies_unknown_since_timestamp_seconds",
    "gauge",
    "Since when the policy is unknown that has been for longest; absent while none is.",
    ("repository",),
)
PROBLEMS = Metric("imagebot_policy_problems", "gauge", "Problems for which policies are not followed.")
REFUSED = Metric(
    "imagebot_configuration_refused", "gauge", "1 while imagebot.yaml is wrong and the last good settings hold."
)
UNSAVED = Metric("imagebot_state_unsaved", "gauge", "1 while the state cannot be written, so that nothing is done.")
REPOSITORY_SUCCEEDED = Metric(
    "imagebot_repository_last_success_timestamp_seconds",
    "gauge",
    "When a pass last knew all policies of a repository and failed at nothing there; 0: not since the process began.",
    ("repository",),
)
OPEN = Metric("imagebot_pull_requests_open", "gauge", "Open pull requests of the bot.", ("repository",))
OLDEST = Metric(
    "imagebot_pull_requests_oldest_open_timestamp_seconds",
    "gauge",
    "When the oldest open pull request was opened; absent while none is.",
    ("repository",),
)
WAITING = Metric(
    "imagebot_pull_requests_waiting",
    "gauge",
    "Pull requests that wait for their turn within the limits, for people, or for a forge that said later.",
    ("repository",),
)
FAILED = Metric(
    "imagebot_pull_requests_failed",
    "gauge",
    "Pull requests that the last pass could not open, bring up to date or close.",
    ("repository",),
)
ACTIONS = Metric(
    "imagebot_pull_request_actions_total",
    "counter",
    "What passes did to pull requests: opened, updated, closed, failed; ended by others, who merged or closed them.",
    ("repository", "action"),
)
FORGE_WRITES = Metric(
    "imagebot_forge_writes_total", "counter", "Requests that asked a forge to change something.", ("repository",)
)
FETCHES = Metric("imagebot_git_fetches_total", "counter", "Fetches from repositories.")
PUSHES = Metric("imagebot_git_pushes_total", "counter", "Pushes to repositories.")
REQUESTS = Metric(
    "imagebot_registry_requests_total",
    "counter",
    "Requests to registries, and to the token servers and stores that they name, by outcome: ok, unauthorized (also "
    "where a token is asked for), not_found, refused, limited (429), error (5xx), unanswered.",
    ("registry", "outcome"),
)
PULLS_LEFT = Metric(
    "imagebot_registry_pulls_left", "gauge", "Pulls that a registry that counts them still grants.", ("registry",)
)
WAIT = Metric(
    "imagebot_wait_until_timestamp_seconds",
    "gauge",
    "Until when a registry or a forge wants to be left alone; absent while it does not.",
    ("party", "host"),
)
MISSED = Metric("imagebot_answers_missed_total", "counter", "Questions that were given up because their time was over.")
SKIPPED = Metric("imagebot_ticks_skipped_total", "counter", "Passes that were due while the one before still ran.")
CALLS = Metric(
    "imagebot_webhook_calls_total",
    "counter",
    "Calls by receiver (none: those that reach none) and what became of them: heeded, nothing (of interest), again "
    "(heard before), forged, too_many, unreadable, too_large, no_secret, no_receiver.",
    ("receiver", "outcome"),
)
WARNINGS = Metric("imagebot_forge_warnings_total", "counter", "Warnings of forges.", ("repository",))
BUGS = Metric("imagebot_bugs_total", "counter", "Faults of imagebot itself: the log has their traces.")

METRICS = tuple(found for found in list(globals().values()) if isinstance(found, Metric))
BUCKETS_S = (1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Upper ends for how long a pass takes, in seconds."""
