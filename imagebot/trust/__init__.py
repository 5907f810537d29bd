"""Signatures and attestations of a digest become a state: who signed it, or why that is not so, or that nobody knows.

Bytes in, values out: what is fetched, and when, is for others. Whatever is read here was written by whoever may push to
a registry, so nothing is believed before a signature over these very bytes was verified, and nothing raises.
"""
