"""Frames to bytes and back: `!` kind, sequence, session, fields, `~`, tag, CRC, newline.

The decoder takes any bytes whatever, in any portions, in memory bounded by one frame and in time
linear in their number. What is no valid frame changes nothing but a counter.
"""

import binascii

from rung_wire import codes, const

TYPE_CHECKING = const(0)  # MicroPython has no `typing`; type checkers take this name for true
if TYPE_CHECKING:
    from typing import Any

    Fields = tuple[Any, ...]
    Frame = tuple[str, int, int, Fields, str, str]  # kind, sequence, session, fields, text, tag
    Frames = dict[str, str]  # kind to the rules of its fields, as `codes` has them

_HEAD_CHARS = const(7)  # kind, sequence, session
_CRC_CHARS = const(8)
_LEAST_BYTES = const(_HEAD_CHARS + 1 + _CRC_CHARS)


def _crc(body: bytes) -> bytes:
    return ("%08x" % binascii.crc32(body)).encode()


def _fits(rule: str, text: str) -> bool:
    """Whether `text` is a legal field."""
    form = rule[0]
    if form == "=":
        return text in rule[1:].split("|")
    if form == codes.LAMP_FORM:
        return len(text) == 2 and text[0] in codes.LAMP_STATES and text[1] in codes.LAMP_MARKS
    allowed = codes.TEXT_CHARS if form == "t" else codes.HEX_CHARS
    # What is left after stripping begins with a character that is not allowed; and it is C speed.
    return 0 < len(text) <= int(rule[1:]) and not text.strip(allowed)


def pack(kind: str, values: "Fields") -> str:
    """The payload of a frame; ValueError when a value is not legal in its field."""
    rules = (codes.HOST_FRAMES if kind in codes.HOST_FRAMES else codes.BOX_FRAMES)[kind].split()
    if len(values) != len(rules):
        raise ValueError("%s has %d fields" % (kind, len(rules)))
    texts = []
    for rule, value in zip(rules, values):
        text = "%x" % value if rule[0] == "n" else value
        if not _fits(rule, text):
            raise ValueError("%s, %s: %r" % (kind, rule, value))
        texts.append(text)
    return ",".join(texts)


def text_of(kind: str, sequence: int, session: int, payload: str = "") -> str:
    """What a frame says: all that its tag proves."""
    return "%s%02x%04x%s" % (kind, sequence, session, payload)


def encode(text: str, tag: str = "") -> bytes:
    """The bytes of a frame; ValueError when it would be too long with a tag."""
    body = ("%s~%s" % (text, tag)).encode()
    line = b"!" + body + _crc(body) + b"\n"
    most = codes.HOST_FRAME_MAX_BYTES if text[0] in codes.HOST_FRAMES else codes.BOX_FRAME_MAX_BYTES
    if len(line) + codes.TAG_CHARS - len(tag) > most:
        raise ValueError("frame too long: %r" % line)
    return line


class Decoder:
    """Finds the frames of one direction, `frames` of at most `most_bytes`, in what arrives.

    `noise_bytes` counts bytes outside of frames; `bad_frames` what began like a frame and was none,
    or one of the other direction (an echo).
    """

    def __init__(self, frames: "Frames", most_bytes: int) -> None:
        self._frames = frames
        self._most_bytes = most_bytes  # counted after the start mark: makes room for `\r`
        self._begun: "bytes | None" = None  # what came after a start mark
        self.noise_bytes = 0
        self.bad_frames = 0

    @property
    def kept_bytes(self) -> int:
        """Of a frame that has begun, after its start mark; -1 while none has."""
        return -1 if self._begun is None else len(self._begun)

    def forget(self) -> None:
        """A frame that has begun shall not be completed."""
        if self._begun is not None:
            self._begun = None
            self.bad_frames += 1

    def feed(self, data: bytes) -> "list[Frame]":
        """The valid frames that these bytes complete. Never raises."""
        found: "list[Frame]" = []
        at = 0
        while at < len(data):
            if self._begun is None:
                mark = data.find(b"!", at)
                if mark < 0:
                    self.noise_bytes += len(data) - at
                    break
                self.noise_bytes += mark - at
                self._begun = b""
                at = mark + 1
            else:
                at = self._go_on(self._begun, data, at, found)
        return found

    def _go_on(self, begun: bytes, data: bytes, at: int, found: "list[Frame]") -> int:
        """Take bytes of the begun frame, at most as many as a frame may still have; returns where to go on."""
        end = min(len(data), at + self._most_bytes - len(begun))
        newline = data.find(b"\n", at, end)
        stop = end if newline < 0 else newline
        # A start mark within a frame begins a new one. Jumping to the last of them keeps the work linear.
        mark = data.rfind(b"!", at, stop)
        if mark >= 0:
            self.bad_frames += data.count(b"!", at, stop)
            self._begun = b""
            return mark + 1
        line = begun + data[at:stop]
        if newline >= 0:
            self._begun = None
            self._finish(line, found)
            return newline + 1
        if len(line) >= self._most_bytes:
            self.bad_frames += 1
            self._begun = None
        else:
            self._begun = line
        return stop

    def _finish(self, line: bytes, found: "list[Frame]") -> None:
        frame = self._parse(line)
        if frame is None:
            self.bad_frames += 1
        else:
            found.append(frame)

    def _parse(self, line: bytes) -> "Frame | None":
        if line.endswith(b"\r"):
            line = line[:-1]
        body = line[:-_CRC_CHARS]
        if len(line) < _LEAST_BYTES or line[-_CRC_CHARS:] != _crc(body):
            return None
        try:
            text = body.decode()
        except ValueError:
            return None
        tilde = text.find("~")
        tag = text[tilde + 1 :]
        text = text[: max(0, tilde)]
        known = self._frames.get(text[:1])
        if known is None or tilde < _HEAD_CHARS or len(tag) not in (0, codes.TAG_CHARS):
            return None
        number = text[1:_HEAD_CHARS]
        if number.strip(codes.HEX_CHARS) or tag.strip(codes.TAG_ALPHABET):
            return None
        values = self._values(known.split(), text[_HEAD_CHARS:])
        if values is None:
            return None
        return text[0], int(number[:2], 16), int(number[2:], 16), values, text, tag

    def _values(self, rules: "list[str]", payload: str) -> "Fields | None":
        texts = payload.split(",") if payload else []
        if len(texts) != len(rules):
            return None
        values: "list[Any]" = []
        for rule, text in zip(rules, texts):
            if not _fits(rule, text):
                return None
            values.append(int(text, 16) if rule[0] == "n" else text)
        return tuple(values)
