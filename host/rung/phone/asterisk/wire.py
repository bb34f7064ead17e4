"""Asterisk's manager interface (AMI) as bytes and messages, with no I/O.

A message is lines of ``Key: value``, ended by an empty one. The first line of a connection is a banner, which is none.
Asterisk escapes nothing, so a line's end inside a value would begin a field of its own: such an action is refused.
"""

Message = dict[str, str]

BANNER = b"Asterisk Call Manager/"
LINE_MAX = 64 * 1024  # bytes; the longest honest line, a channel variable of a large PBX, is some 8 KiB
LINES_MAX = 1000  # of one message; the longest honest one has some 60


class WireError(Exception):
    """What came is not AMI. One line."""


class Reader:
    """Takes what a connection brings and gives the whole messages in it."""

    def __init__(self) -> None:
        self._rest = b""
        self._greeted = False
        self._fields: Message = {}
        self._lines = 0

    def feed(self, data: bytes) -> list[Message]:
        """Raises WireError at the first line that cannot be one; the connection is then good for nothing."""
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        if len(self._rest) > LINE_MAX:
            raise WireError("a line without end")
        found = []
        for line in lines:
            if not self._greeted:
                self._greet(line)
            elif line:
                self._field(line)
            elif self._fields:
                found.append(self._fields)
                self._fields, self._lines = {}, 0
        return found

    def _greet(self, line: bytes) -> None:
        if not line.startswith(BANNER):
            raise WireError(f"whoever answers there is no Asterisk manager: {line[:60]!r}")
        self._greeted = True

    def _field(self, line: bytes) -> None:
        key, colon, value = line.decode(errors="replace").partition(":")
        self._lines += 1
        if not colon or not key.isprintable() or self._lines > LINES_MAX:
            raise WireError(f"not a line of the manager interface: {line[:60]!r}")
        value = value.removeprefix(" ")
        earlier = self._fields.get(key)  # a few keys repeat, such as Output
        self._fields[key] = value if earlier is None else f"{earlier}\n{value}"


def action(name: str, action_id: str, fields: dict[str, str | tuple[str, ...]]) -> bytes:
    """The bytes of one action; a tuple gives a key once for each value. ValueError for what cannot be sent."""
    lines = [f"Action: {name}", f"ActionID: {action_id}"]
    for key, value in fields.items():
        lines += [f"{key}: {each}" for each in ((value,) if isinstance(value, str) else value)]
    if any(not line.isprintable() for line in lines):
        raise ValueError(f"{name} with a character that cannot be printed")
    return "\r\n".join([*lines, "", ""]).encode()
