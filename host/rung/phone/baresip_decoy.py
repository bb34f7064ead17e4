"""A call to nobody, by which a command of baresip can be aimed.

baresip's `hangup` takes no call: it ends the current one. `callfind` makes one call the current one, but if that has
just ended, the current one stays what it was. So first a call is dialled that nobody answers, to a port of our own. In
one write then: make this decoy current, make the wanted call current, hang up. If the wanted call is gone, or another
has come in, the decoy is hit and nobody else. (Its end has a price: see `baresip_hold`.) Its INVITE also shows which
life of baresip this is: the contact in it is another after every start.
"""

import asyncio
import re
from typing import cast

from rung.phone.base import PhoneError
from rung.phone.ctrl_tcp import ControlLine
from rung.phone.sip_control import plain

USER = "rung-aim"
_DIALLED_S = 0.5  # from the reply to its INVITE, on loopback
_CALL_ID = re.compile(rb"^Call-ID: *([^\r\n]+)", re.MULTILINE | re.IGNORECASE)
_CONTACT = re.compile(rb"^Contact: *<?sips?:([^@\r\n]+)@", re.MULTILINE | re.IGNORECASE)
_KEPT = ("via", "from", "call-id", "cseq")


class DecoyPort(asyncio.DatagramProtocol):
    """Takes INVITEs and gives no answer before it is told to."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._invites: dict[str, tuple[bytes, tuple[str, int]]] = {}  # by Call-ID
        self._came = asyncio.Event()
        self._awaited = False
        self.life = ""  # of baresip: the contact in the latest INVITE

    @classmethod
    async def open(cls) -> "DecoyPort":
        made = cls()
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: made, local_addr=("127.0.0.1", 0))
        return made

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    @property
    def address(self) -> str:
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")
        return f"sip:{USER}@{host}:{port}"

    async def dial(self, line: ControlLine) -> str:
        """The id of a new decoy's call. PhoneError if baresip dials none."""
        self._came.clear()
        self._awaited = True
        try:
            reply = (await line.ask(("dial", self.address)))[0]
            if not reply.ok:
                raise PhoneError(f"cannot aim: baresip dials no further call: {plain(reply.text)}")
            async with asyncio.timeout(_DIALLED_S):
                await self._came.wait()
        except TimeoutError:
            raise PhoneError("cannot aim: baresip dials no call to this computer; see host/PHONES.md") from None
        finally:
            self._awaited = False
        return next(reversed(self._invites))

    def keep(self, decoy: str) -> None:
        """It may last: baresip need not send its INVITE again."""
        if decoy in self._invites:
            self._answer(*self._invites[decoy], "100 Trying")

    def end(self, decoy: str) -> None:
        """It ends, by an answer that makes no sound."""
        if (invite := self._invites.pop(decoy, None)) is not None:
            self._answer(*invite, "487 Request Terminated")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        method, call = data[:10].partition(b" ")[0], _CALL_ID.search(data)
        if method not in (b"INVITE", b"CANCEL") or call is None:
            return
        id = call[1].decode(errors="replace").strip()
        if method == b"CANCEL":
            self._answer(data, sender, "200 OK")
            if (open_ := self._invites.pop(id, None)) is not None:
                self._answer(*open_, "487 Request Terminated")
        elif self._awaited:
            contact = _CONTACT.search(data)
            self.life = contact[1].decode(errors="replace") if contact else ""
            self._invites[id] = data, sender
            self._came.set()
        elif id not in self._invites:  # late, of a baresip that was stalled, or its answer was lost
            self._answer(data, sender, "487 Request Terminated")

    def _answer(self, request: bytes, sender: tuple[str, int], status: str) -> None:
        head = request.partition(b"\r\n\r\n")[0].decode(errors="replace").split("\r\n")[1:]
        kept = [line for line in head if line.partition(":")[0].strip().lower() in _KEPT]
        to = [f"{line};tag=rung" for line in head if line.partition(":")[0].strip().lower() == "to"][:1]
        assert self._transport is not None
        lines = [f"SIP/2.0 {status}", *kept, *to, "Content-Length: 0", "", ""]
        self._transport.sendto("\r\n".join(lines).encode(), sender)
