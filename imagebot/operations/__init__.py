"""What people ask for by hand, beside the passes: a rollback, the past of a branch, a policy tried on the past.

None of it is a step of a pass; each is composed of the same parts.
"""
