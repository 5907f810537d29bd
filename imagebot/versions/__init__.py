"""Ways to order tags, one file each.

Text in, order out. Knows neither registries nor policies.
"""
