"""Every sentence that a reviewer reads: titles, bodies, comments, commit messages. Decides nothing."""
