"""The command line: `rung demo`, `rung run`, `rung phone`, `rung doctor`, `rung policy`."""

from rung.cli.app import main

__all__ = ["main"]
