"""A desk's calls as they are read from Asterisk's events, in orders that a real Asterisk has sent."""

import pytest

from rung.phone.asterisk.calls import Asked, CallBook
from rung.phone.asterisk.channels import Channels
from rung.words import Call, CallState, EndedBy, Outcome

CALLER, AGENT, SUP = "100.1", "100.2", "100.3"
NAMES = {CALLER: "PJSIP/caller-01", AGENT: "PJSIP/agent-02", SUP: "PJSIP/sup-03"}
LINE, CONSULT = f"{AGENT}~{CALLER}", f"{AGENT}~{SUP}"


class Told:
    """A book for PJSIP/agent, and what it has told."""

    def __init__(self, device: str = "PJSIP/agent") -> None:
        self.book = CallBook(device)
        self.calls: list[Call] = []

    def event(self, name: str, id: str = "", **fields: str) -> None:
        base = {"Event": name} | ({"Uniqueid": id, "Channel": NAMES[id]} if id else {})
        self.calls += self.book.saw(base | fields)

    def comes(self, id: str, exten: str = "s") -> None:
        self.event("Newchannel", id, ChannelStateDesc="Down", Exten=exten, CallerIDNum=id)

    def dials(self, source: str, dest: str) -> None:
        self.comes(dest)
        self.event("DialBegin", source, DestUniqueid=dest, DestChannel=NAMES[dest], DestChannelStateDesc="Ringing")

    def answers(self, *ids: str) -> None:
        for id in ids:
            self.event("Newstate", id, ChannelStateDesc="Up")

    def bridged(self, bridge: str, *ids: str) -> None:
        for id in ids:
            self.event("BridgeEnter", id, BridgeUniqueid=bridge)

    def left(self, bridge: str, *ids: str) -> None:
        for id in ids:
            self.event("BridgeLeave", id, BridgeUniqueid=bridge)

    def in_talk(self) -> None:
        self.comes(CALLER, exten="billing")
        self.dials(CALLER, AGENT)
        self.answers(AGENT, CALLER)
        self.bridged("b1", AGENT, CALLER)

    def on_hold(self) -> None:
        self.in_talk()
        self.left("b1", CALLER, AGENT)
        self.event("UserEvent", CALLER, UserEvent="RungWaits", Agent=AGENT)

    def in_consult(self) -> None:
        self.on_hold()
        self.dials(AGENT, SUP)
        self.answers(SUP)
        self.bridged("b2", SUP, AGENT)

    def last(self, call: str) -> Call:
        return [each for each in self.calls if each.id == call][-1]

    def states(self, call: str) -> list[CallState]:
        return [each.state for each in self.calls if each.id == call]


def test_a_call_from_ringing_to_its_end() -> None:
    t = Told()
    t.in_talk()
    t.event("HangupRequest", CALLER, Cause="16")
    t.left("b1", CALLER, AGENT)
    t.event("Hangup", AGENT, Cause="16")
    t.event("Hangup", CALLER, Cause="16")
    assert t.states(LINE) == [CallState.RINGING, CallState.UP, CallState.ENDED]
    assert (t.last(LINE).ended_by, t.last(LINE).queue, t.book.lines) == (EndedBy.THEM, "billing", {})


@pytest.mark.parametrize(
    ("events", "by"),
    [
        ([("HangupRequest", AGENT, "16"), ("Hangup", AGENT, "16")], EndedBy.US),
        ([("HangupRequest", CALLER, "16"), ("HangupRequest", AGENT, "16"), ("Hangup", AGENT, "16")], EndedBy.THEM),
        ([("SoftHangupRequest", AGENT, "1"), ("Hangup", AGENT, "44")], EndedBy.PHONE),
        ([("SoftHangupRequest", CALLER, "1"), ("Hangup", CALLER, "44")], EndedBy.NETWORK),
        ([("SoftHangupRequest", CALLER, "16"), ("Hangup", CALLER, "16")], EndedBy.UNKNOWN),
    ],
)
def test_who_ended_it(events: list[tuple[str, str, str]], by: EndedBy) -> None:
    t = Told()
    t.in_talk()
    for name, id, cause in events:
        t.event(name, id, Cause=cause)
    t.left("b1", CALLER, AGENT)
    assert t.last(LINE).ended_by is by


def test_what_we_asked_for_is_ours_unless_they_were_first() -> None:
    for first, by in (("SoftHangupRequest", EndedBy.US), ("HangupRequest", EndedBy.THEM)):
        t = Told()
        t.in_talk()
        t.book.lines[LINE].ours = True
        t.event(first, CALLER, Cause="16")
        t.event("Hangup", CALLER, Cause="16")
        t.left("b1", AGENT)
        assert t.last(LINE).ended_by is by


def test_a_consult_keeps_the_line_held_and_ends_by_itself() -> None:
    t = Told()
    t.in_consult()
    assert t.states(LINE)[-1] is CallState.HELD and t.states(CONSULT) == [CallState.DIALLING, CallState.UP]
    assert t.last(CONSULT).consult_for == LINE
    t.event("HangupRequest", SUP, Cause="16")
    t.left("b2", SUP, AGENT)
    t.event("Hangup", SUP, Cause="16")
    assert (t.last(CONSULT).ended_by, t.last(CONSULT).outcome) == (EndedBy.THEM, Outcome.DECLINED)
    t.bridged("b3", CALLER, AGENT)
    assert t.states(LINE)[-1] is CallState.UP


@pytest.mark.parametrize("agent_goes_first", [False, True])
def test_a_completed_consult_is_a_transfer_in_either_order(agent_goes_first: bool) -> None:
    """Asterisk may hang up the agent's channel before the caller's has entered the bridge, or after."""
    t, sup = Told(), Told("PJSIP/sup")
    for each in (t, sup):
        each.in_consult()
    t.book.lines[LINE].transferring = True
    for each in (t, sup):
        each.left("b2", SUP)
        each.bridged("b4", SUP)
        each.left("b2", AGENT)
        if agent_goes_first:
            each.event("Hangup", AGENT, Cause="16")
        each.bridged("b4", CALLER)
        if not agent_goes_first:
            each.event("Hangup", AGENT, Cause="16")
    assert {t.last(call).ended_by for call in (LINE, CONSULT)} == {EndedBy.TRANSFER}
    assert t.last(CONSULT).outcome is None
    assert sup.last(f"{SUP}~{AGENT}").ended_by is EndedBy.TRANSFER
    assert sup.last(f"{SUP}~{CALLER}").state is CallState.UP


def test_a_held_caller_who_is_a_desk_itself_is_told_a_transfer_in_either_order() -> None:
    """Between the music and the bridge with the supervisor, the agent's channel may be gone for an instant."""
    for agent_goes_first in (False, True):
        t = Told("PJSIP/caller")
        t.in_consult()
        t.left("b2", SUP)
        t.bridged("b4", SUP)
        t.left("b2", AGENT)
        t.event("SoftHangupRequest", AGENT, Cause="16")
        if agent_goes_first:
            t.event("Hangup", AGENT, Cause="16")
        t.bridged("b4", CALLER)
        assert t.last(f"{CALLER}~{AGENT}").ended_by is EndedBy.TRANSFER
        assert t.last(f"{CALLER}~{SUP}").state is CallState.UP


def test_whoever_was_called_for_an_agent_in_talk_is_told_a_transfer_in_either_order() -> None:
    for agent_goes_first in (False, True):
        t = Told("PJSIP/sup")
        t.in_talk()
        invited = f"rung:consult:{AGENT}:1a2b:case-1"
        NAMES[invited] = "PJSIP/sup-04"
        t.comes(invited)
        t.answers(invited)
        assert t.last(f"{invited}~{AGENT}").state is CallState.RINGING, "who answers is looked at first"
        t.event("UserEvent", invited, UserEvent="RungMet")
        assert t.last(f"{invited}~{AGENT}").state is CallState.UP
        t.left("b1", CALLER)
        t.bridged("b4", CALLER)
        t.left("b1", AGENT)
        if agent_goes_first:
            t.event("Hangup", AGENT, Cause="16")
        t.bridged("b4", invited)
        assert t.last(f"{invited}~{AGENT}").ended_by is EndedBy.TRANSFER
        assert t.last(f"{invited}~{CALLER}").state is CallState.UP


def test_a_held_caller_whom_nobody_takes_is_told_the_end() -> None:
    """The agent's channel is lost while they wait, and the dialplan sends them on."""
    t = Told("PJSIP/caller")
    t.on_hold()
    t.event("Hangup", AGENT, Cause="16")
    t.event("UserEvent", CALLER, UserEvent="RungOnward")
    assert t.last(f"{CALLER}~{AGENT}").state is CallState.ENDED


def test_a_caller_who_leaves_a_conference_has_left_it() -> None:
    t = Told()
    t.in_talk()
    t.comes(SUP)
    t.answers(SUP)
    t.bridged("b1", SUP)
    assert t.last(LINE).parties == ("sup",)
    t.left("b1", CALLER)
    t.event("HangupRequest", CALLER, Cause="16")
    t.event("Hangup", CALLER, Cause="16")
    assert t.last(LINE).ended_by is EndedBy.THEM


@pytest.mark.parametrize(
    ("status", "cause", "outcome"),
    [
        ("BUSY", "17", Outcome.BUSY),
        ("BUSY", "21", Outcome.DECLINED),
        ("NOANSWER", "0", Outcome.IGNORED),
        ("CHANUNAVAIL", "20", Outcome.ABSENT),
        ("CONGESTION", "34", Outcome.FAILED),
    ],
)
def test_how_the_supervisors_phone_answered(status: str, cause: str, outcome: Outcome) -> None:
    t = Told()
    t.on_hold()
    t.dials(AGENT, SUP)
    t.event("DialEnd", AGENT, DestUniqueid=SUP, DestChannel=NAMES[SUP], DialStatus=status)
    t.event("Hangup", SUP, Cause=cause)
    assert t.last(CONSULT).outcome is outcome


def test_calls_of_others_are_not_told() -> None:
    t = Told("PJSIP/somebody")
    t.in_consult()
    assert t.calls == []
    t = Told("PJSIP/agen")
    t.in_consult()
    assert t.calls == [], "one device's name may begin with another's"


def test_through_local_channels_the_caller_is_the_far_end() -> None:
    """As FreePBX rings the agents of a queue."""
    NAMES.update({"100.4": "Local/1001@from-queue-07;1", "100.5": "Local/1001@from-queue-07;2"})
    t = Told()
    t.comes(CALLER, exten="600")
    t.comes("100.4")
    t.comes("100.5")
    t.event("DialBegin", CALLER, DestUniqueid="100.4", DestChannel=NAMES["100.4"])
    t.dials("100.5", AGENT)
    t.answers(AGENT, CALLER, "100.4", "100.5")
    t.bridged("b1", "100.5", AGENT)
    t.bridged("b0", CALLER, "100.4")
    assert t.states(LINE) == [CallState.RINGING, CallState.UP]


def test_after_a_lost_connection_each_call_is_itself_or_ended() -> None:
    t = Told()
    t.on_hold()
    t.book.begin(Channels())
    for id in (CALLER, AGENT):
        t.book.channels.saw(
            {"Event": "CoreShowChannel", "Uniqueid": id, "Channel": NAMES[id], "ChannelStateDesc": "Up"}
        )
    t.book.channels.all[CALLER].waits_for = AGENT
    t.book.resume(restarted=False)
    assert [(call.id, call.state) for call in t.book.calls()] == [(LINE, CallState.HELD)]
    t.book.begin(Channels())
    t.book.resume(restarted=True)
    (call,) = t.book.calls()
    assert (call.state, call.ended_by, call.cause) == (CallState.ENDED, EndedBy.PHONE, "Asterisk was restarted")


def test_telephones_that_share_a_table_take_each_event_once_and_have_their_own_calls_alone() -> None:
    agent, other = Told(), Told("PJSIP/sup")
    other.book.begin(agent.book.channels)

    def both(event: dict[str, str]) -> list[Call]:
        other.calls += other.book.saw(event)
        return saw(event)

    saw, agent.book.saw = agent.book.saw, both  # type: ignore[method-assign]
    agent.in_talk()
    assert agent.states(LINE)[-1] is CallState.UP and other.calls == []
    counted = agent.book.channels.events
    agent.event("HangupRequest", CALLER, Cause="16")
    agent.left("b1", CALLER, AGENT)
    agent.event("Hangup", AGENT, Cause="16")
    agent.event("Hangup", CALLER, Cause="16")
    assert agent.book.channels.events == counted + 5
    assert agent.last(LINE).state is CallState.ENDED and other.calls == []


PIPE, FAR_HALF = "100.6", "100.7"
NAMES.update({PIPE: "Local/600@site-0a;1", FAR_HALF: "Local/600@site-0a;2"})


def through_the_dialplan() -> Told:
    """A consult that rings: the agent's channel has dialled a pipe, whose other half dials the supervisor."""
    t = Told()
    t.on_hold()
    t.dials(AGENT, PIPE)
    t.comes(FAR_HALF, exten="600")
    t.dials(FAR_HALF, SUP)
    assert t.states(f"{AGENT}~{PIPE}") == [CallState.DIALLING]
    return t


def test_a_consult_through_the_dialplan_is_up_once_both_are_joined() -> None:
    t = through_the_dialplan()
    t.answers(SUP, FAR_HALF, PIPE)
    t.bridged("b5", FAR_HALF, SUP)
    t.event("UserEvent", PIPE, UserEvent="RungMet")
    t.bridged("b6", PIPE, AGENT)
    assert t.last(f"{AGENT}~{PIPE}").state is CallState.UP
    assert t.last(LINE).state is CallState.HELD, "the supervisor has not taken the caller's place"
    t.event("HangupRequest", PIPE, Cause="16")
    t.event("Hangup", PIPE, Cause="16")
    assert t.last(f"{AGENT}~{PIPE}").outcome is Outcome.DECLINED


def test_a_voicemail_that_answers_a_consult_is_nobody() -> None:
    t = through_the_dialplan()
    t.event("Hangup", SUP, Cause="19")
    t.answers(FAR_HALF, PIPE)
    t.event("UserEvent", PIPE, UserEvent="RungMachine", App="VoiceMail")
    t.event("Hangup", PIPE, Cause="16")
    ended = t.last(f"{AGENT}~{PIPE}")
    assert t.states(f"{AGENT}~{PIPE}") == [CallState.DIALLING, CallState.ENDED], "it was never up"
    assert (ended.outcome, ended.cause) == (Outcome.VOICEMAIL, "a voicemail answered")


def test_the_far_half_of_a_pipe_is_no_invitation() -> None:
    """Asterisk names it after the half that was called."""
    t = Told()
    t.in_talk()
    invited = f"rung:consult:{AGENT}:1a2b:case-1"
    NAMES.update({invited: "Local/600@site-0b;1", f"{invited};2": "Local/600@site-0b;2"})
    t.book.asked[invited] = Asked(t.book.lines[LINE], "consult", "600")
    t.comes(invited)
    t.comes(f"{invited};2")
    t.answers(f"{invited};2", invited)
    t.event("UserEvent", invited, UserEvent="RungMachine", App="VoiceMail")
    t.event("Hangup", invited, Cause="16")
    ended = [call for call in t.calls if call.consult_for == LINE]
    assert [call.state for call in ended] == [CallState.DIALLING, CallState.ENDED]
    assert ended[-1].outcome is Outcome.VOICEMAIL
