"""Editing, beside a ruamel.yaml round trip of the same files and beside a plain copy of their bytes."""

from __future__ import annotations

import io
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ruamel.yaml import YAML

from imagebot.cycle.index import FieldIndex
from imagebot.errors import plainly
from imagebot.fields.assign import assign
from imagebot.fields.edit import edit
from imagebot.fields.field import Value
from imagebot.fields.screen import screen
from imagebot.gitrepo.mirror import Mirror
from imagebot.gitrepo.remote import Remote
from imagebot.images.reference import ImageName
from imagebot.policy.gates import Gates
from imagebot.policy.model import Policy, PullRequestKeys
from tests.support.git_repos import a_repository
from tests.support.watches import watch

API = ImageName("ghcr.io", "acme/api")
TO = Value("2.0.0")
POLICY = Policy("api.yaml", "api", "production", "environments", (), (watch(),), PullRequestKeys(), Gates())
SAMPLE = 20  # files for ruamel.yaml, which is a hundred times slower

Files = dict[str, bytes]


def main() -> None:
    """Print each case: what it took, and how that compares."""
    many(Files({f"{number}.yaml": manifest("ghcr.io/acme/api", number) for number in range(1_000)}))
    few(
        {
            f"{number}.yaml": manifest(f"ghcr.io/acme/{'api' if number % 500 == 0 else 'web'}", number)
            for number in range(5_000)
        }
    )
    large(
        b"".join(
            manifest("ghcr.io/acme/api" if number == 1_000 else "ghcr.io/acme/web", number) for number in range(2_000)
        )
    )


def many(files: Files) -> None:
    """1 000 files with one field each."""
    ours = timed(lambda: set_all(files))
    print(f"1 000 files with one field each: {ours * 1e3:.0f} ms (to hold: 1 000 ms)")
    compare(ours, files)


def few(files: Files) -> None:
    """5 000 files of which 10 hold the image: from a folder as `set` does, then as a pass finds and edits them."""
    cold = timed(lambda: set_all(files))
    print(f"5 000 files of which 10 matter, from their bytes: {cold * 1e3:.0f} ms, {screened(files)} of them parsed")
    compare(cold, files)
    with TemporaryDirectory() as name:
        remote = a_repository(Path(name) / "environments.git", files)
        mirror = Mirror.open(Path(name) / "mirror.git", Remote(str(remote.folder)))
        base = mirror.fetch("imagebot/").base
        index = FieldIndex()
        first = once(lambda: index.look("environments", [POLICY], mirror, base, plainly))
        indexed = timed(lambda: index_and_edit(index, mirror, base))
        print(
            f"  through a mirror and the index of fields: the first time {first * 1e3:.0f} ms, {index.parsed} parsed,"
        )
        print(f"  then {indexed * 1e3:.0f} ms with the 10 files edited (to hold: 200 ms)")
        print(f"  {compared(indexed, timed(lambda: copy(files)))}")


def index_and_edit(index: FieldIndex, mirror: Mirror, base: str) -> None:
    """What a pass does in a repository that has not changed, when there is a new version."""
    held = index.look("environments", [POLICY], mirror, base, plainly).files
    entries = mirror.entries(base, list(held))
    for path, data in zip(held, mirror.blobs([entries[path].blob for path in held]), strict=True):
        edit(path, data or b"", [(field, TO) for field in held[path].found.fields])


def large(data: bytes) -> None:
    """One file of 2 000 documents."""
    files = {"large.yaml": data}
    ours = timed(lambda: set_all(files))
    tracemalloc.start()
    set_all(files)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    print(f"one file of {len(data) / 1e6:.1f} MB, 2 000 documents: {ours * 1e3:.0f} ms, {peak:.0f} MiB of memory")
    print("  (to hold: 2 000 ms, 100 MiB)")
    print(f"  {compared(ours, timed(lambda: copy(files)))}")
    some = b"".join(manifest("ghcr.io/acme/web", number) for number in range(SAMPLE))
    trip = once(lambda: round_trip([some])) / SAMPLE * 2_000
    print(f"  1/{trip / ours:.0f} of ruamel.yaml's round trip ({trip:.1f} s)")


def compare(ours: float, files: Files) -> None:
    """The same files copied, and some of them through ruamel.yaml."""
    some = dict(list(files.items())[:SAMPLE])
    trip = timed(lambda: round_trip(list(some.values()))) / SAMPLE * len(files)
    print(f"  {compared(ours, timed(lambda: copy(files)))}")
    print(f"  1/{trip / ours:.0f} of ruamel.yaml's round trip ({trip:.1f} s)")


def compared(ours: float, copied: float) -> str:
    return f"{ours / copied:.1f} times a plain copy of the bytes ({copied * 1e3:.1f} ms)"


def manifest(image: str, number: int) -> bytes:
    """A Deployment of 1.5 kB."""
    env = "".join(f"            - name: VARIABLE_{n}\n              value: a longer text {n}\n" for n in range(16))
    head = f"---\n# app {number}\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: app-{number}}}\n"
    pod = "spec:\n  template:\n    spec:\n      containers:\n        - name: app\n"
    return f"{head}{pod}          image: {image}:1.0.0\n          env:\n{env}".encode()


def set_all(files: Files) -> int:
    """What `imagebot set` does between reading and writing."""
    return sum(len(assign(file, data, API, TO).changes) for file, data in files.items())


def screened(files: Files) -> int:
    return sum(screen(data, API) for data in files.values())


def copy(files: Files) -> None:
    """Write the files, as `cp` would."""
    with TemporaryDirectory() as folder:
        for file, data in files.items():
            (Path(folder) / file).write_bytes(data)


def round_trip(files: Sequence[bytes]) -> None:
    for data in files:
        yaml = YAML()
        yaml.dump_all(list(yaml.load_all(data)), io.BytesIO())


def timed(work: Callable[[], object]) -> float:
    """Seconds of CPU time, so that a busy machine tells the same: the best of three."""
    return min(once(work) for _ in range(3))


def once(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


if __name__ == "__main__":
    main()
