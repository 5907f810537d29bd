"""What a person might decide: fields that were found in, policy files for them out, with comments that say why.

A suggestion never crosses a track: same prefix, same number of parts, same variant. What fits no order is left out with
its reason. No clock, disk or network.
"""
