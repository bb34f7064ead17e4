"""Phones: one module per phone system, one protocol (`base.Phone`) that the desk speaks to."""
