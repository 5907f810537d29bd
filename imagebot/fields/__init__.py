"""Where images are written: one file per shape.

Bytes of a file in, fields out; fields and a version in, proved bytes out. Never guesses: what cannot be
edited is refused.
"""
