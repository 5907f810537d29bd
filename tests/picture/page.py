"""A page that shows a pull request about as forges do."""

from __future__ import annotations

import html
import re

from markdown_it import MarkdownIt

from imagebot.forge.protocol import PullRequest

WIDTH = 900
_BOX = re.compile(r"<li>\[ \] ")
_STYLE = """
body { margin: 0; padding: 20px 24px; background: #fff; color: #1f2328;
  font: 14px/1.5 "Noto Sans", "DejaVu Sans", sans-serif; }
h1 { font-size: 24px; font-weight: 400; line-height: 1.25; margin: 0 0 8px; }
.about { color: #59636e; padding-bottom: 14px; border-bottom: 1px solid #d1d9e0; margin-bottom: 16px; }
.state { background: #1a7f37; color: #fff; border-radius: 2em; padding: 4px 12px; margin-right: 8px; }
.label { border: 1px solid #d1d9e0; border-radius: 2em; padding: 1px 9px; margin-left: 6px; font-size: 12px; }
.needs-attention { background: #d1242f; border-color: #d1242f; color: #fff; }
.body { border: 1px solid #d1d9e0; border-radius: 6px; padding: 4px 16px 12px; overflow-wrap: break-word; }
h3 { font-size: 17px; margin: 14px 0 10px; }
p, ul, table, details { margin: 0 0 11px; }
ul { padding-left: 2em; }
li.task { list-style: none; margin-left: -1.5em; }
li.task input { margin: 0 .5em 0 0; vertical-align: -1px; }
table { border-collapse: collapse; }
th, td { border: 1px solid #d1d9e0; padding: 4px 11px; text-align: left; }
tr:nth-child(2n) { background: #f6f8fa; }
code { background: #818b981f; border-radius: 6px; padding: .2em .4em; white-space: break-spaces;
  font: 85% "DejaVu Sans Mono", monospace; }
a { color: #0969da; }
summary { cursor: default; }
"""


def page(pull: PullRequest) -> str:
    """The whole page as HTML. Every forge reads tables and task lists; plain CommonMark knows no tasks."""
    body = MarkdownIt("commonmark").enable("table").render(pull.body)
    body = _BOX.sub('<li class="task"><input type="checkbox" disabled>', body)
    labels = "".join(
        f'<span class="label {html.escape(label)}">{html.escape(label)}</span>' for label in sorted(pull.labels)
    )
    branches = f"<code>{html.escape(pull.base)}</code> ← <code>{html.escape(pull.branch)}</code>"
    return (
        f'<!doctype html><meta charset="utf-8"><style>{_STYLE}</style><h1>{html.escape(pull.title)}</h1>'
        f'<div class="about"><span class="state">Open</span>{branches}{labels}</div><div class="body">{body}</div>'
    )
