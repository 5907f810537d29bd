"""Put at the top of a copy while what its tests run is noted: each Python that starts there notes the lines it runs.

So do verbs that tests fork or start, for the test that `current` names beside the notes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

NOTES = Path(__file__).parent.parent / "notes"


def note_lines() -> None:
    """Until this process ends, however it ends, but for a SIGKILL."""
    sys.path.append((NOTES / "mutator").read_text())
    from coverage import Coverage  # noqa: PLC0415  found from here on

    coverage = Coverage(config_file=str(NOTES / "coveragerc"), auto_data=True)
    coverage.start()

    def for_current_test() -> None:
        coverage.switch_context((NOTES / "current").read_text())

    for_current_test()
    os.register_at_fork(after_in_child=for_current_test)


if NOTES.is_dir():
    note_lines()
