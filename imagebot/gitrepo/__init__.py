"""The only room that runs git, and what signs for it: a bare mirror of an environment repository, never a work tree.

Nothing of a repository is executed, checked out or followed: hooks, filters, submodules and symbolic links mean nothing
here. Git itself is run through GitPython's command runner, with argument lists of our own and an environment made from
nothing. A mirror is a cache: whatever breaks it, the next fetch makes it anew. This room does not know what an image
is.
"""
