"""What Asterisk can still say of calls that began before we were connected: its channels, and what is noted on them."""

import asyncio
from urllib.parse import unquote

from rung.phone.asterisk.channels import Channel, Channels
from rung.phone.asterisk.link import Ami, AmiLink
from rung.phone.asterisk.settings import AsteriskSettings
from rung.phone.base import PhoneError, PhoneUnsureError
from rung.phone.sip_control import plain

_OLD = "its extensions_rung.conf is of an earlier release, which takes a voicemail for a person: copy it anew"
DIALLING = ("Dial", "Queue", "FollowMe")  # applications that call others


async def started(link: Ami) -> str:
    """When this Asterisk was started, in its own words."""
    status = await link.do("CoreStatus")
    return f"{status.get('CoreStartupDate', '')} {status.get('CoreStartupTime', '')}"


async def look(settings: AsteriskSettings) -> str:
    """What stands there, in a line. PhoneError with the mend if it is not fit for use."""
    link = await AmiLink.connect(settings.account, lambda event: None)
    try:
        await furnished(link)
        version = (await link.do("CoreSettings")).get("AsteriskVersion", "")
        channels = await link.list("CoreShowChannels")
    finally:
        await link.close()
    return f"Asterisk {version} at {settings.account.host}:{settings.account.port}, {len(channels)} channels"


async def furnished(link: Ami) -> None:
    """PhoneError with the mend if Asterisk lacks our dialplan: without it a caller on hold might be left alone."""
    contexts = {"rung-agent": "it lacks extensions_rung.conf: include it", "rung-answered": _OLD}
    for context, mend in contexts.items():
        try:
            await link.list("ShowDialPlan", Context=context)
        except PhoneUnsureError:
            raise
        except PhoneError:
            raise PhoneError(f"{mend} in its dialplan, see PHONES.md") from None
    if not (await link.do("Getvar", Variable="RUNG_ONWARD")).get("Value"):
        raise PhoneError("its global variable RUNG_ONWARD is not set: where are callers sent whose agent is lost?")


async def recall(link: Ami, channels: Channels, device: str) -> None:
    """Fill the table. Events that come meanwhile find their place in it as they come."""
    await link.list("CoreShowChannels")
    mine = [channel for channel in channels.all.values() if channel.device == device]
    linked = {channel.linked for channel in mine}
    near = [channel for channel in channels.all.values() if channel.linked in linked]
    await asyncio.gather(*(_notes(link, channel) for channel in near))
    for channel in near:
        _guess_who_called(channel, near)
        spies = (c for c in channels.all.values() if c.app == "ChanSpy")
        channel.spied_by = {spy.id for spy in spies if spy.app_data.partition(",")[0] == channel.name}


async def _notes(link: Ami, channel: Channel) -> None:
    waits, case, called = await asyncio.gather(
        variable(link, channel.id, "SHARED(RUNG_WAITS)"),
        variable(link, channel.id, "RUNG_CASE"),
        variable(link, channel.id, "CALLERID(dnid)"),
    )
    if not channel.bridge and channel.context == "rung-caller":
        channel.waits_for = waits
    channel.case = channel.case or plain(unquote(case))
    channel.dialled = plain(called) or channel.dialled


def _guess_who_called(channel: Channel, near: list[Channel]) -> None:
    """Asterisk does not say whose call a ringing phone is; one that dials in the same conversation is."""
    if channel.app != "AppDial" or channel.dialled_by:
        return
    dialling = [other for other in near if other.app in DIALLING and other.linked == channel.linked]
    together = [other for other in dialling if other.bridge == channel.bridge]
    for other in (together or dialling)[:1]:
        channel.dialled_by = other.id


async def variable(link: Ami, channel: str, name: str) -> str:
    """Of a channel; empty if it has none, or has ended."""
    try:
        return (await link.do("Getvar", Channel=channel, Variable=name)).get("Value", "")
    except PhoneUnsureError:
        raise
    except PhoneError:
        return ""
