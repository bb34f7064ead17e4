"""Rung: a call climbs one rung at a time, and no rung is skipped."""

__version__ = "0.1.0"
