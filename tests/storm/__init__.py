"""Hundreds of changes at once against a GitHub that counts by a clock of its own: no documented limit may be passed."""
