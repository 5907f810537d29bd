"""Files that people write for this bot: YAML bytes in, frozen models or every problem with its place out.

Every scalar is its source text: `1.10` stays `1.10`. Knows nothing of what the models mean.
"""
