"""Verdicts and fields in, changes out; and every sentence that a reviewer reads.

Pure: the same verdicts give the same bytes, title, body and commit message, at any time on any machine.
"""
