"""What must be remembered between passes, and who may remember it: one bot, one state."""
