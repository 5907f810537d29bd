"""Scalars of a YAML file as spans of bytes: locate, splice, prove.

Bytes in, bytes out. Should this room ever need to know what an image is, the design has gone wrong.
"""
