"""`make picture`: the pull request of a real pass, in a real browser, as docs/pull-request.png."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.picture.page import WIDTH, page
from tests.picture.story import pull_request

PICTURE = Path(__file__).parent.parent.parent / "docs" / "pull-request.png"
SCALE = 1
_MEASURE = "<script>document.title = document.documentElement.scrollHeight</script>"


def main() -> None:
    """Write the picture."""
    browser = shutil.which("chromium")
    if browser is None:
        sys.exit("picture: no chromium; `apt-get install chromium` as root")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        file = place / "page.html"
        (place / "stage").mkdir()
        file.write_text(page(pull_request(place / "stage")) + _MEASURE, encoding="utf-8")
        height = _height(_chromium(browser, place, file, "--dump-dom", f"--window-size={WIDTH},600"))
        sizes = (f"--window-size={WIDTH},{height}", f"--force-device-scale-factor={SCALE}")
        _chromium(browser, place, file, f"--screenshot={PICTURE}", "--hide-scrollbars", *sizes)
    print(f"{PICTURE.name}: {PICTURE.stat().st_size // 1000} kB")


def _chromium(browser: str, place: Path, file: Path, *flags: str) -> str:
    """What it prints. A page of our own, without a network: the sandbox, which root cannot have, guards nothing."""
    quiet = ("--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={place / 'profile'}")
    command = [browser, *quiet, *flags, file.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=100).stdout


def _height(dom: str) -> int:
    title = re.search(r"<title>(\d+)</title>", dom)
    assert title is not None, "the page measures itself"
    return int(title[1])


if __name__ == "__main__":
    main()
