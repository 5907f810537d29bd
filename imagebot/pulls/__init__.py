"""What bot and people say to each other on a pull request.

The machine block, commands, freeze, refusals, and the trailers of commits. Knows no policy and writes no sentence.
"""
