"""What Asterisk's events say of its channels and bridges, and nothing of what it means for a desk.

Every event about a channel repeats the channel's own fields, so a table that begins in the middle comes right.
"""

from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from rung.phone.asterisk.wire import Message
from rung.phone.sip_control import plain

UP = "Up"


@dataclass(frozen=True)
class Invitation:
    """Why Rung has called somebody, as it stands in the unique id that Rung gave to their channel."""

    what: str  # "consult", "transfer", "join", "listen", "coach", "barge", "play" or "record"
    agent: str  # unique id of the channel on whose behalf
    token: str
    case: str = ""

    PREFIX = "rung:"

    def __str__(self) -> str:
        return ":".join([self.PREFIX[:-1], self.what, self.agent, self.token, quote(self.case, safe="")])

    @staticmethod
    def read(id: str) -> "Invitation | None":
        if not id.startswith(Invitation.PREFIX) or id.count(":") < 4 or id.endswith(";2"):
            return None  # the last is the far half of a pipe, named after the one that we called
        _, what, rest = id.split(":", 2)
        agent, token, case = rest.rsplit(":", 2)  # an agent's id may be such a one itself
        return Invitation(what, agent, token, unquote(case))


@dataclass
class Channel:
    """One channel. ``id`` is unique for the life of Asterisk and beyond; commands name channels by it."""

    id: str
    name: str = ""
    state: str = ""
    number: str = ""
    context: str = ""
    exten: str = ""
    dialled: str = ""  # the number that this channel called, or the queue that it waited in
    linked: str = ""
    app: str = ""
    app_data: str = ""
    bridge: str = ""
    dialled_by: str = ""  # the channel that called this one
    answered: bool = False
    on_hold: bool = False  # its phone has put us on hold
    waits_for: str = ""  # the agent's channel for which this one hears music
    case: str = ""  # sent along by another desk
    hung_up: int = 0  # when, counted in events, its phone hung up; 0: it did not
    stopped: int = 0  # when Asterisk, or somebody through it, ended it
    cause: int = 0
    dial_status: str = ""  # how the calling of it ended
    transferred: bool = False  # its phone has transferred whom it talked with
    spied_by: set[str] = field(default_factory=set)
    recorded: bool = False
    met: bool = False  # our dialplan has looked who answered, and it is no voicemail of the PBX's own
    machine: str = ""  # the application that answered in place of a person
    gone: bool = False
    device: str = ""  # PJSIP/1001 of PJSIP/1001-0000002a

    def called(self, name: str) -> None:
        """That is its name from now on."""
        if name != self.name:
            self.name, self.device = name, name.rpartition("-")[0]

    @property
    def address(self) -> str:
        return self.device.partition("/")[2]

    @property
    def up(self) -> bool:
        return self.state == UP and not self.gone

    @property
    def invitation(self) -> Invitation | None:
        return Invitation.read(self.id)


class Channels:
    """The living channels by their unique id. `saw` takes one event and names the channels that it touches.

    Telephones that share a connection share its table: an event that each of them is told of is taken once.
    """

    def __init__(self) -> None:
        self.all: dict[str, Channel] = {}
        self.events = 0
        self._last: Message = {}
        self._touched: list[str] = []

    def get(self, id: str) -> Channel | None:
        return self.all.get(id)

    def in_bridge(self, bridge: str) -> list[Channel]:
        return [channel for channel in self.all.values() if bridge and channel.bridge == bridge]

    def members(self, channel: Channel) -> list[Channel]:
        """Who else is in its bridge, each followed to its real end."""
        others = (other for other in self.in_bridge(channel.bridge) if other is not channel)
        return [self.real(other) for other in others]

    def real(self, channel: Channel) -> Channel:
        """Through Local channels, which are two ends of one pipe inside Asterisk, to whoever is at the other end."""
        for _ in range(10):  # a pipe may end in a pipe
            other = self.half(channel)
            beyond = self._beside(other) if other is not None else None
            if beyond is None:
                break
            channel = beyond
        return channel

    def half(self, channel: Channel) -> Channel | None:
        """The other one of a Local channel."""
        pipe = channel.name[:-2] if channel.name.startswith("Local/") else ""
        return next((c for c in self.all.values() if pipe and c.name[:-2] == pipe and c is not channel), None)

    def _beside(self, channel: Channel) -> Channel | None:
        mates = [other for other in self.in_bridge(channel.bridge) if other is not channel]
        mates += [other for other in self.all.values() if other.dialled_by == channel.id]
        asked = channel.invitation
        caller = self.get(asked.agent if asked is not None else channel.dialled_by)
        return next(iter(mates), caller)

    def saw(self, event: Message) -> list[str]:
        """The unique ids whose calls may look different now."""
        if event is not self._last:
            self._last, self._touched = event, self._take(event)
        return self._touched

    def _take(self, event: Message) -> list[str]:
        self.events += 1
        name = event["Event"]
        if name in ("DialBegin", "DialEnd", "DialState"):
            return self._dialling(name, event)
        if name in ("ChanSpyStart", "ChanSpyStop"):
            return self._spying(event, begins=name == "ChanSpyStart")
        if name in ("AttendedTransfer", "BlindTransfer"):
            return self._transferred(event)
        if "Uniqueid" not in event or "Channel" not in event:
            return []
        channel = self._named(event)
        match name:
            case "Newchannel" | "CoreShowChannel":
                self._described(channel, event)
            case "Rename":
                channel.called(event["Newname"])
            case "BridgeEnter":
                channel.bridge, channel.waits_for = event["BridgeUniqueid"], ""
                return [channel.id, *(other.id for other in self.in_bridge(channel.bridge))]
            case "BridgeLeave":
                left = [other.id for other in self.in_bridge(event["BridgeUniqueid"])]
                if channel.bridge == event["BridgeUniqueid"]:
                    channel.bridge = ""
                return [channel.id, *left]
            case "Hold" | "Unhold":
                channel.on_hold = name == "Hold"
            case "HangupRequest":
                channel.hung_up = channel.hung_up or self.events
            case "SoftHangupRequest":
                channel.stopped = channel.stopped or self.events
                channel.cause = int(event.get("Cause") or channel.cause)
            case "Hangup":
                channel.gone, channel.bridge = True, ""
                channel.cause = int(event.get("Cause") or 0) or channel.cause  # a lost phone's comes last
                del self.all[channel.id]
            case "QueueCallerJoin":
                channel.dialled = plain(event.get("Queue", ""))
            case "MixMonitorStart" | "MixMonitorStop":
                channel.recorded = name == "MixMonitorStart"
            case "UserEvent":
                self._told(channel, event)
        return [channel.id]

    def _named(self, event: Message, prefix: str = "") -> Channel:
        id = event[f"{prefix}Uniqueid"]
        channel = self.all.setdefault(id, Channel(id))
        channel.called(event.get(f"{prefix}Channel", channel.name))
        channel.state = event.get(f"{prefix}ChannelStateDesc", channel.state)
        channel.answered = channel.answered or channel.state == UP
        channel.linked = event.get(f"{prefix}Linkedid", channel.linked)
        channel.context = event.get(f"{prefix}Context", channel.context)
        channel.exten = event.get(f"{prefix}Exten", channel.exten)
        number = event.get(f"{prefix}CallerIDNum", "<unknown>")
        channel.number = plain(number) if number != "<unknown>" else channel.number
        return channel

    def _described(self, channel: Channel, event: Message) -> None:
        channel.dialled = channel.dialled or plain(channel.exten)
        channel.app, channel.app_data = event.get("Application", ""), event.get("ApplicationData", "")
        channel.bridge = event.get("BridgeId", channel.bridge)
        channel.met = channel.met or (channel.context == "rung-invited" and channel.app in ("Wait", "ChanSpy"))

    def _dialling(self, name: str, event: Message) -> list[str]:
        called = self._named(event, "Dest")
        caller = self._named(event) if "Uniqueid" in event else None
        if name == "DialBegin" and caller is not None:
            called.dialled_by = caller.id
        elif name == "DialEnd":
            called.dial_status = event.get("DialStatus", "")
        return [called.id, *([caller.id] if caller is not None else [])]

    def _spying(self, event: Message, *, begins: bool) -> list[str]:
        spied = self._named(event, "Spyee") if "SpyeeUniqueid" in event else None
        if spied is None:  # the end of it may name the spying channel alone
            ids = [c.id for c in self.all.values() if event.get("SpyerUniqueid") in c.spied_by]
        else:
            ids = [spied.id]
        for id in ids:
            if begins:
                self.all[id].spied_by.add(event["SpyerUniqueid"])
            else:
                self.all[id].spied_by.discard(event["SpyerUniqueid"])
        return ids

    def _transferred(self, event: Message) -> list[str]:
        ids = [event[key] for key in event if key.endswith("TransfererUniqueid")]
        if event.get("Result") == "Success":
            for id in ids:
                if (channel := self.get(id)) is not None:
                    channel.transferred = True
        return ids

    def _told(self, channel: Channel, event: Message) -> None:
        match event.get("UserEvent"):
            case "RungWaits":
                channel.waits_for = event.get("Agent", "")
            case "RungInvited":
                channel.case = plain(unquote(event.get("Case", "")))
            case "RungOnward":
                channel.waits_for = ""
            case "RungMet":
                channel.met = True
            case "RungMachine":
                channel.machine = event.get("App", "")
