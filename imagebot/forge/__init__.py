"""A branch becomes exactly one pull request; one file per forge.

Knows nothing of registries, policies or YAML, and never runs git.
"""
