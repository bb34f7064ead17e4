"""Floors: all desks together, and one protocol (`base.Floor`) by which a desk speaks to them."""
