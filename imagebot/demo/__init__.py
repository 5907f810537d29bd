"""`imagebot demo`: the main job in a folder of its own, on a registry and a repository that are made for it."""
