"""Passwords that a cloud hands out to whom it knows: a file for each cloud, over its own library.

A library is loaded where its cloud is asked, and asks by our own connections; what it finds out by itself (its
variables, its files, the metadata service of the machine) is listed in `docs/registries.md`. What it would log is not
logged: it may be a token. An identity is shown to hosts of its own cloud alone.
"""
