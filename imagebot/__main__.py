"""`imagebot` and `python -m imagebot`: signals are heeded first, as what is imported next takes its time."""

import sys
from importlib import import_module

from imagebot.stop import Ended, end_by_signal


def run() -> None:
    """The entry point. SIGHUP never ends `imagebot run`: it reads its settings after it, early or late."""
    try:
        end_by_signal(but_hangup=sys.argv[1:2] == ["run"])
        import_module("imagebot.cli.main").run()
    except Ended as ended:
        sys.stderr.write(f"{ended}\n")
        sys.exit(ended.exit_code)


if __name__ == "__main__":
    run()
