"""Verdicts and fields in, changes out. Writes no sentence that a reviewer reads.

Pure: the same verdicts give the same bytes, at any time on any machine.
"""
