"""Asterisk through a broker: one program beside the PBX holds its login, and each desk has only its own calls."""
