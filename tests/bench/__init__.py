"""How long a press takes, from the edge to the phone, on real parts: `python -m tests.bench`."""
