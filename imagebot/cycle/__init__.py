"""One pass: policy files -> tags -> verdicts -> plan -> bytes -> commit -> pull request.

The only room that knows the order (`run.py`, one page) and the only one where worldly rooms meet. It decides nothing:
it asks the pure rooms and carries out what they answer.
"""
