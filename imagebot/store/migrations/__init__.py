"""How the tables that must survive came to be, a file for each step; `imagebot.store.migrate` runs what is missing."""
