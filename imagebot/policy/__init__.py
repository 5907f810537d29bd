"""What people decide, one file per app: bytes in, frozen policies or every problem at once out.

No clock, disk or network. A `Policy` that exists is sound; nobody checks it again.
"""
