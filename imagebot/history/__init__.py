"""What a base branch tells about its past: which version was where when, who brought it, and how to put it back.

Commits and what their files said in, entries and figures out. Told by the fields themselves, so that changes by hand
count like the bot's; what git does not know is None here, never zero.
"""
