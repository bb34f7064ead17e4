"""What is needed once gives its memory back."""

import sys


def forget(*modules: str) -> None:
    """Whoever imports one of them again gets it anew."""
    for module in modules:
        package, _, name = module.rpartition(".")
        if sys.modules.pop(module, None) is not None:
            delattr(sys.modules[package], name)
