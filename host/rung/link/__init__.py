"""The line to the box: serial port, the link's own thread, and the one mapping of words to wire codes."""
