"""The only room that runs git: a bare mirror, no work tree, nothing of the repository executed or followed.
"""
