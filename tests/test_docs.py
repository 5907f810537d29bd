"""What documents say of the code is there; what they draw can be drawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from imagebot.cli.main import VERBS
from imagebot.policy.read import read_policies
from imagebot.settings.resolve import read_settings
from imagebot.versions.all_orders import ORDERS

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("deploy/*.md"))]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


def mentioned() -> list[str]:
    """Paths of this repository that stand in code spans of its pages, with the page in front."""
    found = []
    for page in PAGES:
        for span in re.findall(
            r"`((?:imagebot|tests|docs|deploy|requirements|cycle|plan|review|pulls|selection|history"
            r"|registry|yamledit|versions|cli|fields|policy|operations|forge|settings)/[\w./-]*)`",
            page.read_text(),
        ):
            found.append(f"{page.relative_to(ROOT)} {span}")
    return found


@pytest.mark.parametrize("mention", sorted(set(mentioned())))
def test_files_that_are_mentioned_are_there(mention: str) -> None:
    _, path = mention.split(" ")
    if "NAME" not in path and (path.endswith("/") or "." in path):  # a label has no ending
        assert (ROOT / path).exists() or (ROOT / "imagebot" / path).exists()


def test_the_readme_names_every_verb_and_every_order() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [verb for verb in VERBS if f"imagebot {verb}" not in readme] == []
    assert [order for order in ORDERS if f"| `{order}: " not in readme] == [], "the table of orders lacks a line"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_each_room_promises_something() -> None:
    rooms = {path.name for path in (ROOT / "imagebot").iterdir() if (path / "__init__.py").is_file()}
    promised = set(re.findall(r"`(\w+)/`", "\n".join(re.findall(r"^\| (.*?) \|", ARCHITECTURE, re.MULTILINE))))
    assert promised == rooms


def test_the_flow_is_one_diagram_of_mermaids() -> None:
    (diagram,) = re.findall(r"```mermaid\n(.*?)```", ARCHITECTURE, re.DOTALL)
    assert diagram.startswith("flowchart LR\n")
    assert diagram.count("subgraph ") == len(re.findall(r"^  end$", diagram, re.MULTILINE))
    drawn = set(re.findall(r"\b(\w+)(?:\[|\()", diagram))
    linked = set(re.findall(r"^  \s*(\w+)\b.*(?:-->|-\.|<-->)", diagram, re.MULTILINE))
    assert linked <= drawn


def snippets() -> list[str]:
    """What these pages show of imagebot's own files: a pod's keys are not."""
    pages = [(ROOT / "docs" / page).read_text() for page in ("registries.md", "signatures.md", "webhooks.md")]
    found = [snippet for page in pages for snippet in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    return [snippet for snippet in found if not snippet.startswith("volumes:")]


@pytest.mark.parametrize("snippet", snippets())
def test_what_is_shown_of_settings_and_policies_can_be_written(snippet: str) -> None:
    keys = set(re.findall(r"^(\w+):", snippet, re.MULTILINE))
    if keys == {"images"}:
        policy = f"app: a\nrepository: environments\nenvironments: {{e: {{paths: [e/]}}}}\n{snippet}"
        assert read_policies({"a.yaml": policy.encode()}, None).problems == ()
        return
    around = "policies: [policies/]\n" + ("" if "repositories" in keys else "repositories: {r: {url: /r}}\n")
    variables = dict.fromkeys(re.findall(r"Env: (\w+)", snippet), "a-word")
    read_settings("imagebot.yaml", (around + snippet).encode(), Path("/etc/imagebot"), variables)


_ROW_ALONE = re.compile(r"(?:\A|\n\n)\|[^\n]*\n(?!\|[ :|-]+\n)")


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_table_is_torn_by_an_empty_line(page: Path) -> None:
    """Rows without a head are shown as text."""
    assert [row[0].strip() for row in _ROW_ALONE.finditer(page.read_text())] == []
