"""What a page of docs/ tells people to write, to be tried as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def sections(page: str) -> dict[str, list[str]]:
    """The YAML under each heading of a page, in its order; of a heading without any nothing."""
    parts = re.split(r"^#{2,3} (.+)$", (DOCS / page).read_text(), flags=re.MULTILINE)
    return {
        heading: re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
        for heading, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def elsewhere(text: str, folder: Path) -> str:
    """The same with the folders of a machine below `folder`."""
    return re.sub(r"(?<=[ \[])/(?=(?:etc|root|run|usr)/)", f"{folder}/", text)
