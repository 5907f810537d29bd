"""Which tag should run: tags and facts in, a verdict with its reason out.

Pure: no clock (`now` is handed in), no disk, no network. Same input, same verdict, whatever the order of the tags.
"""
