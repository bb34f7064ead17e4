"""What proves a frame: a tag under a key that both ends hold, and a count that no frame repeats."""

import binascii
import hashlib

from rung_wire import codes, const
from rung_wire.frame import encode, text_of

TYPE_CHECKING = const(0)  # MicroPython has no `typing`; type checkers take this name for true
if TYPE_CHECKING:
    from rung_wire.frame import Frame

_BLOCK_BYTES = const(64)  # of SHA-256
_TAG_BYTES = codes.TAG_CHARS * 6 // 8
_AHEAD_MAX = const(0x7F)  # frames that may get lost in a row; SILENCE_MS ends a session long before

UNPROVEN, AGAIN, FRESH = 0, 1, 2  # what `Session.judge` says of a frame


class Key:
    """HMAC-SHA256 (RFC 2104) with one secret of KEY_BYTES; MicroPython has no `hmac`. ValueError for another length."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != codes.KEY_BYTES:
            raise ValueError("a key has %d bytes" % codes.KEY_BYTES)
        block = secret + bytes(_BLOCK_BYTES - len(secret))
        self._inner = bytes([byte ^ 0x36 for byte in block])
        self._outer = bytes([byte ^ 0x5C for byte in block])

    def mac(self, text: str) -> bytes:
        inner = hashlib.sha256(self._inner)
        inner.update(text.encode())
        outer = hashlib.sha256(self._outer)
        outer.update(inner.digest())
        return outer.digest()

    def tag(self, text: str) -> str:
        # Compared with `==`: how long that takes is far below what the line lets anyone measure.
        return binascii.b2a_base64(self.mac(text)[:_TAG_BYTES])[: codes.TAG_CHARS].decode()

    def greeting_tag(self, hello: str) -> str:
        """Of a HELLO: that the box holds this key. Nothing here says that it is no repetition."""
        return self.tag("greeting!" + hello)

    def session(self, number: int, boot: str, box_nonce: str, host_nonce: str) -> "Session":
        """The session that only these two nonces make. (The key is the box's own, so its id needs not stand here.)"""
        secret = self.mac("session!%04x,%s,%s,%s" % (number, boot, box_nonce, host_nonce))
        return Session(number, Key(secret))


class Session:
    """One end's view of a session: its key, and how many frames have gone each way.

    A frame carries the lowest two digits of its count in its sequence; its tag proves the whole. The reliable kinds
    are counted by themselves, since they alone may come again under the count they had.
    """

    def __init__(self, number: int, key: Key) -> None:
        self.number = number
        self._key = key
        self._sent = [0, 0]  # of the others, of the reliable ones
        self._taken = [0, 0]

    @property
    def sequence(self) -> int:
        """That of the last reliable frame sent."""
        return self._sent[1] & 0xFF

    def welcome(self, payload: str) -> bytes:
        """The frame that opens this session."""
        text = text_of(codes.WELCOME, 0, self.number, payload)
        return encode(text, self._tag(0, text))

    def is_opened_by(self, welcome: "Frame") -> bool:
        """Whether this WELCOME answers the very HELLO that this session was made for."""
        return welcome[5] == self._tag(0, welcome[4])

    def frame(self, kind: str, payload: str = "", again: bool = False) -> bytes:
        """The bytes of the next frame; with `again`, of the last reliable one with a fresh payload."""
        stream = int(kind in codes.RELIABLE)
        if not again:
            self._sent[stream] += 1
        count = self._sent[stream]
        text = text_of(kind, count & 0xFF, self.number, payload)
        return encode(text, self._tag(count, text))

    def judge(self, frame: "Frame") -> int:
        """Whether the other end made this frame in this session, and has made it since the last one taken."""
        kind, sequence, _, _, text, tag = frame
        stream = int(kind in codes.RELIABLE)
        last = self._taken[stream]
        ahead = (sequence - last) & 0xFF
        if ahead > _AHEAD_MAX or tag != self._tag(last + ahead, text):
            return UNPROVEN
        if not ahead:
            return AGAIN if stream and last else UNPROVEN
        self._taken[stream] = last + ahead
        return FRESH

    def _tag(self, count: int, text: str) -> str:
        return self._key.tag("%x!%s" % (count, text))
