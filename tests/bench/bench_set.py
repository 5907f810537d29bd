"""`set` and `select` as whole processes, beside the version before, and beside a bare interpreter."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.bench_edit import manifest
from tests.bench.bench_select import tags, variants
from tests.bench.old_version import Version, bare, in_pairs, told, versions

SET = ["-m", "imagebot", "set", "--check", "ghcr.io/acme/api:2.0.0", "."]
MARK = b" # imagebot: ghcr.io/acme/api"


def main() -> None:
    """Print each case of both versions."""
    print(f"whole processes; a bare interpreter takes {bare():.3f} s of processor time")
    with versions() as (new, old), TemporaryDirectory() as name:
        for what, hold, files in CASES:
            folder = Path(name) / what.replace(" ", "-")
            folder.mkdir()
            for file, data in files().items():
                (folder / file).write_bytes(data)
            print(told(what, *in_pairs(new, old, folder, SET), hold))
        choose(new, old, Path(name))


def choose(new: Version, old: Version | None, folder: Path) -> None:
    """`select` out of many tags."""
    few, many = folder / "few.txt", folder / "many.txt"
    few.write_text("\n".join(tags(50_000)))
    many.write_text("\n".join(variants(100_000)))
    words = ["-m", "imagebot", "select", "--semver"]
    print(told("50 000 tags under a range", *in_pairs(new, old, folder, [*words, "^1.4"], few), "0.25 s"))
    matched = [*words, "*", "--match", "^(?P<version>[0-9.]+)-alpine$", "--extract", "$version"]
    print(told("100 000 through a pattern", *in_pairs(new, old, folder, matched, many), "1.0 s"))


def marked() -> dict[str, bytes]:
    """1 000 files with a marked field each."""
    files = {f"{number}.yaml": manifest("ghcr.io/acme/api", number) for number in range(1_000)}
    return {file: data.replace(b":1.0.0", b":1.0.0" + MARK) for file, data in files.items()}


def few() -> dict[str, bytes]:
    """5 000 files of which 10 matter."""
    images = ("api" if number % 500 == 0 else "web" for number in range(5_000))
    return {f"{number}.yaml": manifest(f"ghcr.io/acme/{image}", number) for number, image in enumerate(images)}


def one() -> dict[str, bytes]:
    """2 000 documents of which one matters."""
    images = ("api" if number == 1_000 else "web" for number in range(2_000))
    return {"large.yaml": b"".join(manifest(f"ghcr.io/acme/{image}", number) for number, image in enumerate(images))}


def every() -> dict[str, bytes]:
    """2 000 documents of which all matter."""
    return {"large.yaml": b"".join(manifest("ghcr.io/acme/api", number) for number in range(2_000))}


CASES = (
    ("1 000 marked files", "a fifth of the old", marked),
    ("5 000 files of which 10 matter", "0.25 s", few),
    ("2 000 documents of which one matters", "0.25 s", one),
    ("2 000 documents of which all matter", "1 s", every),
)


if __name__ == "__main__":
    main()
