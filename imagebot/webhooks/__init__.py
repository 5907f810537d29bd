"""Calls of registries and forges: whose they are, and what is to be looked at sooner. What they say is looked up."""
