"""Files written to hurt, beside the time that libyaml alone takes for a harmless file of the same size."""

from __future__ import annotations

import time
import tracemalloc

import yaml

from imagebot.fields.find import find
from imagebot.yamledit.limits import MAX_BYTES

FILES = {
    "100 000 open brackets": b"[" * 100_000,
    "65 levels deep": b"".join(b"%sa:\n" % (b" " * level) for level in range(70)),
    "8 MiB and a byte": b"#" * (MAX_BYTES + 1),
    "400 000 %TAG directives": b"".join(b"%%TAG !e%d! x\n" % n for n in range(400_000)) + b"---\n",
    "billion laughs": b"a0: &a0 x\n"
    + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 30)),
    "billion merges": b"m: &m {image: nginx:1}\nx0: &x0 [*m]\n"
    + b"".join(b"x%d: &x%d [*x%d, *x%d]\n" % (n, n, n - 1, n - 1) for n in range(1, 60))
    + b"z: {<<: *x59}\n",
    "4 000 merges of 4 000 maps": b"m: &m {tag: v1}\nl: &l [" + b"*m," * 4_000 + b"]\nx:\n" + b"- {<<: *l}\n" * 4_000,
    "a value of 3 MB": b"image: " + b"a:1" * 2**20,
    "4 000 images below a key of 1 MB": b"? " + b"k" * 2**20 + b"\n:\n" + b"- image: nginx:1\n" * 4_000,
    "100 000 keys": b"".join(b"k%d: v\n" % n for n in range(100_000)),
    "a million keys": b"".join(b"k%d: v\n" % n for n in range(1_000_000))[:MAX_BYTES],
    "500 000 images": b"- image: a:1\n" * 500_000,
}


def main() -> None:
    """Print each file: what it cost, how it ended, and what libyaml's events of plain text of its size cost."""
    for name, data in FILES.items():
        begin = time.process_time()
        found = find("f.yaml", data)
        took = time.process_time() - begin
        beside = _plain(len(data))
        end = found.unreadable.headline if found.unreadable else f"{len(found.fields)} fields"
        print(
            f"{name:33} {len(data) / 1e6:5.1f} MB {took * 1e3:7.1f} ms {took / beside:5.1f} times as long"
            f" {_memory(data):6.1f} MiB  {end}"
        )


def _plain(size: int) -> float:
    text = "- some plain text\n" * (size // 18 + 1)
    begin = time.process_time()
    for _ in yaml.parse(text, Loader=yaml.CSafeLoader):
        pass
    return time.process_time() - begin


def _memory(data: bytes) -> float:
    """Of files up to a megabyte, because watching the memory of more takes long."""
    if len(data) > 2**20:
        return float("nan")
    tracemalloc.start()
    find("f.yaml", data)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 2**20


if __name__ == "__main__":
    main()
