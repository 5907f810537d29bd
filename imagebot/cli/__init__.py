"""One file per verb. A verb reads its flags, composes the rooms it needs and prints; it decides nothing."""
