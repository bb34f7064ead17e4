"""Stand-ins for the world outside: virtual boxes, virtual phones, faults."""
