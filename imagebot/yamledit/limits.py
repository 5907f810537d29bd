"""How large a file may be before it is refused: without a limit on depth libyaml takes 54 s for 100 000 levels.

It also looks each `%TAG` up among all that came before: 8 MiB of them would take minutes.
"""

from __future__ import annotations

MAX_BYTES = 8 * 1024 * 1024
MAX_DEPTH = 64
MAX_EVENTS = 2_000_000
MAX_HANDLES = 100
