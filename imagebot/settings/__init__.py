"""imagebot.yaml and the environment become frozen `Settings`.

`file` is the file as its author sees it, `grammar` its small texts, `resolve` the only reader of the environment.
"""
