"""How large a file of YAML may be before it is refused: one table.

Real files are far below: of 1 193 in the repositories that the tests read none has more than 313 kB, 6 447 events,
34 levels, or 41 aliases that lead to an image. Anybody may write the others. Without a limit on depth libyaml takes
54 s for 100 000 levels; a tree of 100 000 events takes a quarter of a second and 100 MB; and libyaml looks each `%TAG`
up among all that came before, so that 8 MiB of them would take minutes.
"""

from __future__ import annotations

# Of a document. An event is what begins or ends a document, a map or a list, or a scalar or an alias in it.
MAX_DEPTH = 64
MAX_EVENTS = 100_000
MAX_ALIASES = 64

# Of a file, with the YAML in its texts.
MAX_BYTES = 8 * 1024 * 1024
MAX_FILE_EVENTS = 600_000
MAX_HANDLES = 100
