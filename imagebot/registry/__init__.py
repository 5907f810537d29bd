"""Asks registries: tags of an image, digest of a tag. The only room that speaks their protocol.

Credentials leave only for the host they are meant for; every answer is hostile until checked.
"""
