"""What one desk needs to know of its Asterisk."""

from msgspec import Struct

from rung.phone.asterisk.link import Account


class AsteriskSettings(Struct, frozen=True, kw_only=True):
    """``account`` logs in to the manager; the rest says who the agent is and how others are called."""

    account: Account
    endpoint: str  # the agent's, as Asterisk names its channels: PJSIP/1001
    dial: str = "PJSIP/{}"  # how an extension is called; a target with a "/" in it is called as it stands
    member: str = ""  # the agent in queues; empty: the endpoint
    ring_s: int = 60  # for which anybody is rung; the desk mostly decides before
    recordings: str = ""  # folder in Asterisk's own file system; empty: its own for recordings
    sounds: str = ""  # folder of the recorded scripts there; empty: nothing can be played

    @property
    def queue_member(self) -> str:
        return self.member or self.endpoint
