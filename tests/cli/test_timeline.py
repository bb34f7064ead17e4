"""What a story's timeline says: each happening as one line for people, or as JSON."""

import json
import re
from typing import get_args

import msgspec
import pytest
from msgspec.structs import replace

from rung import words as w
from rung.cli.timeline import Describer, Timeline
from rung.desk.happening import Happening, Kind
from rung.floor.base import Asked
from rung.words import (
    Button,
    CallState,
    EndedBy,
    Gesture,
    Ground,
    LampMark,
    LampState,
    Marker,
    Outcome,
    Reply,
    Role,
    Verdict,
    Want,
)

PRESS = w.Pressed(
    box="b", boot="c", number=7, buttons=(Button.ESCALATE, Button.WARN), gesture=Gesture.CHORD, epoch=2, age_ms=3
)
BRIEF = w.Brief(case="k", caller="caller", person="agent-17")
EFFECTS: dict[w.Effect, str] = {
    w.Hold(1, "a"): "put the caller on hold",
    w.Consult(2, "a", "sip:s@b"): "ring whoever is to take the caller",
    w.Complete(3, "a", "c"): "put the caller through",
    w.TakeBack(4, "a", None): "take the caller back",
    w.HangUp(5, "a"): "hang up",
    w.AskPhone(6): "ask for all calls",
    w.Join(7, "a", "601"): "bring the supervisor into the call",
    w.Leave(8, "a"): "leave the call to the supervisor",
    w.Play(9, "a", "Goodbye.", "en"): "play the announcement",
    w.Record(10, "a", "desk-1"): "record the call",
    w.StopRecording(11, "a"): "stop recording",
    w.Listen(12, "a", "601", "coach"): "ring the supervisor to listen",
    w.StopListening(12, "a", "601"): "let the supervisor listen no more",
    w.Pause(12, True, "breather"): "pause the agent in queues",
    w.Pause(12, False): "let calls come to the agent again",
}
FLOOR: dict[w.Effect, str] = {
    w.AskFloor(10, 1, Want.LEAVE, ("d",), BRIEF, (Reply.GRANT,)): "ask supervisors",
    w.CloseAsk(11, 1, Outcome.GRANTED): "close the ask for all",
    w.LookUp(12, "a", "caller"): "look for earlier incidents",
    w.Offer(13, "d", "k", "{}", "{}"): "offer the case",
    w.Reclaim(14, "d", "k"): "keep the case",
    w.AnswerOffer(15, "d", "k", True): "answer the offer of a case",
}
EVENTS: list[tuple[w.Event, str]] = [
    (w.PressRecorded(PRESS, "agent-17"), "press durable"),
    (w.PressAnswered(7, w.Answer(verdict=Verdict.TAKEN, why="Warn the caller")), "taken: Warn the caller"),
    (
        w.PressAnswered(7, w.Answer(verdict=Verdict.TOO_LATE, why="It was over.", next=Button.WARN)),
        "too late: It was over. Next: warn.",
    ),
    (
        w.CaseOpened(case="k", epoch=2, call="a", direction="in", policy="p", version="1-ab"),
        "case opened: epoch 2, policy p 1-ab",
    ),
    (w.ListeningAsked(person="eve", how="coach", granted=True), "eve asks to coach"),
    (w.ListeningAsked(person="eve", how="listen", granted=False), "eve asks to listen: the caller must agree first"),
    (w.CallHeld("5fa02002-1"), "caller on hold"),
    (w.CallResumed("5fa02002-1"), "agent and caller talk again"),
    (w.PhoneLost(), "phone lost"),
    (w.GroundDeclared(ground=Ground.HATE_SPEECH, person="agent-17"), "ground declared: hate speech"),
    (w.GroundDeclared(ground=Ground.OTHER, person=None, note="barks_at me"), "ground declared: other: barks_at me"),
    (
        w.GroundDeclared(ground=Ground.THREAT, person=None, names=True),
        "ground declared: threat, which names what was unnamed",
    ),
    (w.GroundTakenBack(Ground.THREAT_OTHER, "agent-17"), "ground taken back: threat other"),
    (w.MarkerSet(Marker.CRISIS, "agent-17"), "marker set: crisis"),
    (w.MarkerLifted(Marker.CRISIS, "agent-17", "no fire"), "marker lifted: crisis, no fire"),
    (w.CallerCalmed("agent-17"), "caller calmed"),
    (w.RungTaken(rung="warn", person="agent-17", warns=True), "rung taken: warn"),
    (
        w.RungTaken(rung="release", person="agent-17", attests=("persisted", "announced: I said it")),
        "rung taken: release (this says: the abuse went on; announced: I said it)",
    ),
    (w.RungUndone("escalate", "nobody answered"), "rung undone: escalate, nobody answered"),
    (w.Announced("release", "agent-17"), "announced: release"),
    (w.AnnouncementWithdrawn("release", "the caller calmed"), "announcement withdrawn: release, the caller calmed"),
    (w.CaseTurnedTo("k"), "case turned to: k"),
    (w.CaseReceived(case="k", desk="d", state="{}"), "case received: k, d"),
    (
        w.CaseArrived(case="k", epoch=3, call="a", person="eve", role=Role.SUPERVISOR),
        "case arrived: k, 3, a, supervisor",
    ),
    (w.CaseReleased("k", "d"), "case released: k, d"),
    (w.CaseReturned("k"), "case returned: k"),
    (w.LanguageSet("de"), "language set: de"),
    (w.NotNecessary("settled", "agent-17"), "not necessary: settled"),
    (w.Tried("empathy", "agent-17"), "tried: empathy"),
    (w.NotesKept(matter="a parcel"), "notes kept: a parcel"),
    (w.EarlierKnown((w.Earlier("k", "2026-01-02", (), "released"),)), "earlier incidents of this caller: 1"),
    (
        w.AskOpened(ask=1, rung="escalate", person="agent-17", want=Want.TRANSFER, to=("d", "e")),
        "ask opened: escalate, transfer, to d, e",
    ),
    (w.AskWidened(("f",), "busy"), "ask widened: ('f',), busy"),
    (w.AskSeen("d"), "ask seen: d"),
    (w.AskReplied(desk="d", person="eve", reply=Reply.DECLINE, word="carry on"), "eve replies: decline: carry on"),
    (w.LeaveGranted("eve"), "leave granted by eve"),
    (w.LeaveWithdrawn("eve"), "leave withdrawn by eve"),
    (w.AlertRaised(ask=2, want=Want.PANIC, person="agent-17", to=("d",)), "alert: panic, to d"),
    (w.AlertAnswered(ask=2, desk="d", person="eve", reply=Reply.JOIN), "eve replies: join"),
    (w.AlertClosed(2, "called off"), "alert closed: 2, called off"),
    (w.SupervisorFree("eve"), "supervisor free: eve"),
    (w.SupervisorJoined(person="eve", desk="d", address="601"), "supervisor joined: eve"),
    (w.SupervisorLeft("eve"), "supervisor left: eve"),
    (w.DutyDue(duty="review", why="the call was ended"), "duty due: review, the call was ended"),
    (w.TaskDue("record", "this phone cannot record"), "task due: record, this phone cannot record"),
    (w.TaskSettled("record", "ada"), "task settled: record"),
    (w.BreatherEnded("it is over"), "breather ended: it is over"),
    (w.AskMoved("ringing", consult="b"), "ask: ringing"),
    (w.AskMoved("returning", outcome=Outcome.TAKEN_BACK), "ask: returning, taken back"),
    (w.AskClosed("escalate", Outcome.CALLER_LEFT), "ask closed: caller left"),
    *((w.EffectDecided(effect, 1000), f"decided: {words}") for effect, words in (EFFECTS | FLOOR).items()),
    (w.EffectConfirmed(9), "the phone confirms: command 9"),
    (w.EffectFailed(9, "busy"), "came to nothing: command 9: busy"),
    (w.EffectUnknown(9, "no answer"), "unknown: command 9: no answer"),
    (w.CaseClosed(case="k", how="transferred", by=EndedBy.TRANSFER), "case closed: transferred"),
    (
        w.CaseClosed(case="k", how="released", by=EndedBy.US, cause="Rejected by user", review=True),
        "case closed: released, goes before a manager",
    ),
    (w.BridgeRestarted(), "bridge restarted"),
    (w.ErasureOrdered(("case/a", "refused/a"), "max", "asked for"), "to be erased: 2 keys: asked for"),
    (w.Erased(("case/a",)), "erased: 1 keys"),
    (w.HoldPlaced(case="a", person="max", reason="court"), "a is held by max: court"),
    (w.HoldLifted(case="a", person="max"), "a is held no more: max"),
    (w.ClearTextSeen(case="a", person="max", what="notes"), "max sees notes of a"),
    (
        w.RecordBegunAnew(why="it was damaged", file="", journal="", seq=0, hash="", epoch=1),
        "record begun anew: it was damaged",
    ),
    (w.PolicyKept("1-ab", '{"name": "p"}'), "policy 1-ab"),
    (
        w.Attended(act=w.Willing(case="desk-7"), by="agent-17", jobs=(w.Job.AGENT,)),
        "agent-17: willing: desk-7, willing",
    ),
    (
        w.Attended(act=w.BlockDecided(case="d-1", granted=True, reason="x", days=3), by="eve", jobs=(w.Job.MANAGER,)),
        "eve: block decided: d-1, granted, x, 3",
    ),
    (
        w.Attended(act=w.BlockProposed(case="d-1", reason="x", locked="5f"), by="eve", jobs=()),
        "eve: block proposed: d-1, x",
    ),
    (w.PersonSignedOn(person="ann", role=w.Role.AGENT, trained=True), "ann signs on as agent"),
    (
        w.PersonSignedOn(person="bob", role=w.Role.AGENT, trained=True, relieves="ann"),
        "bob signs on as agent, takes over from ann",
    ),
    (w.PersonSignedOff("ann", "signed off"), "ann is signed off: signed off"),
    (w.SignOnRefused("ann", "name or password is wrong"), "sign on refused: ann, name or password is wrong"),
    (
        w.PersonChanged(person="ann", by="ralf", what="trained", until="2031-12-31"),
        "person changed: ralf, trained, 2031-12-31",
    ),
    (
        w.ActRefused(desk="sup-1", person="eve", act="HandBack", why="no"),
        "hand back by eve at sup-1 is refused: no",
    ),
    (w.GrantRefused(desk="sup-1", person="eve", ask=3, why="late"), "the answer of eve at sup-1 is refused: late"),
    (
        w.CommandRefused(desk="ada", person="ann", what="hang up", why="not hers"),
        "command refused: ada, hang up, not hers",
    ),
]


def happening(kind: Kind, at_ns: int = 1, **what: object) -> Happening:
    return Happening(kind=kind, at_ns=at_ns, **what)  # type: ignore[arg-type]  # by field


def call(state: CallState, ended_by: EndedBy | None = None, cause: str = "", consult: bool = False) -> Happening:
    of = "a" if consult else None
    told = w.Call(id="b", state=state, direction="in", consult_for=of, ended_by=ended_by, cause=cause)
    return happening("call", call=told)


ASKED = Asked(desk="desk-7", ask=1, want=Want.LEAVE, brief=BRIEF, may=(Reply.GRANT,))
ASKED_IN_WORDS = "desk-7 asks for leave; desk-7 asks for leave: over, taken back"
HAPPENINGS: list[tuple[Happening, str]] = [
    (happening("press", press=PRESS), "chord of escalate+warn, number 7, epoch 2, age 3 ms"),
    (happening("acknowledged", press=PRESS), "chord of escalate+warn, number 7, epoch 2, age 3 ms"),
    *((happening("command", effect=effect), f"to the phone: {words}") for effect, words in EFFECTS.items()),
    *((happening("command", effect=effect), f"to the floor: {words}") for effect, words in FLOOR.items()),
    (
        happening("lamps", lamps=w.Lamps(warn=w.Lamp(LampState.LIT, LampMark.FILLING))),
        "escalate off   warn lit (filling)   release off",
    ),
    (happening("answer", answer=w.Answer(verdict=Verdict.TAKEN, why="Ground declared.")), "Ground declared."),
    (happening("phone", up=True), "answers"),
    (happening("phone", up=False), "does not answer; calls go on"),
    (happening("phone", up=False, text="no such file"), "no such file"),
    (happening("floor", up=True), "answers"),
    (happening("asked", asks=(ASKED, replace(ASKED, over=Outcome.TAKEN_BACK))), ASKED_IN_WORDS),
    (happening("asked"), ""),
    (happening("box", up=True, text="box 1"), "box 1"),
    (happening("trouble", text="no box"), "no box"),
    (call(CallState.RINGING), "line ringing"),
    (call(CallState.DIALLING, consult=True), "consult dialling"),
    (call(CallState.ENDED, EndedBy.US, "Rejected by user"), "line ended by us"),
    (call(CallState.ENDED, EndedBy.TRANSFER, "Call transfered"), "line ended by transfer"),
    (call(CallState.ENDED, EndedBy.THEM), "line ended by them"),
    (call(CallState.ENDED, EndedBy.THEM, "486 Busy Here", consult=True), "consult ended by them: 486 Busy Here"),
    (call(CallState.ENDED, EndedBy.NETWORK, "Timed out"), "line ended by network: Timed out"),
]


@pytest.mark.parametrize(("event", "line"), EVENTS, ids=lambda value: type(value).__name__)
def test_events_in_words(event: w.Event, line: str) -> None:
    assert Describer().describe(happening("recorded", event=event)) == line


def test_every_event_and_every_effect_has_its_words() -> None:
    assert {type(event) for event, _ in EVENTS} == set(get_args(w.Event))
    assert {type(effect) for effect in EFFECTS | FLOOR} == set(get_args(w.Effect))


@pytest.mark.parametrize(("happening", "line"), HAPPENINGS)
def test_happenings_in_words(happening: Happening, line: str) -> None:
    assert Describer().describe(happening) == line


@pytest.mark.parametrize("kind", ["started", "accepted", "shown", "view"])
def test_what_only_repeats_another_line_has_none(kind: Kind) -> None:
    assert Describer().describe(happening(kind, text="policy", lamps=w.Lamps(), effect=w.AskPhone(1))) == ""


def test_the_floor_is_told_when_it_comes_and_goes() -> None:
    describer = Describer()
    told = [describer.describe(happening("floor", up=up)) for up in (True, True, False, False, True)]
    assert told == ["answers", "", "does not answer; calls go on", "", "answers"]


def test_where_several_desks_are_watched_each_line_says_which(capsys: pytest.CaptureFixture[str]) -> None:
    for json_, desks in ((False, "agent      supervisor "), (True, '"desk":"agent" "desk":"supervisor"')):
        timeline = Timeline(json=json_)
        for desk in ("agent", "supervisor"):
            timeline.happened(happening("floor", up=True), desk)
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 2 and all(desk in line for desk, line in zip(desks.split(), lines, strict=True))


@pytest.mark.parametrize(("effect", "words"), (EFFECTS | FLOOR).items(), ids=lambda value: type(value).__name__)
def test_what_came_of_a_command_names_it(effect: w.Effect, words: str) -> None:
    describer = Describer()
    describer.describe(happening("recorded", event=w.EffectDecided(effect, 1000)))
    came: list[w.Event] = [
        w.EffectConfirmed(effect.id),
        w.EffectFailed(effect.id, "x"),
        w.EffectUnknown(effect.id, "x"),
    ]
    lines = [describer.describe(happening("recorded", event=event)) for event in came]
    who = "other desk" if effect in FLOOR else "phone"
    assert lines == [f"the {who} confirms: {words}", f"came to nothing: {words}: x", f"unknown: {words}: x"]


def test_times_count_from_the_latest_edge(capsys: pytest.CaptureFixture[str]) -> None:
    timeline = Timeline(json=False)
    timeline.happened(call(CallState.UP))
    for edge_ns in (5_000_000_000, 7_000_000_000):
        timeline.edge(edge_ns, "lets go of warn")
        timeline.happened(happening("press", edge_ns + 2_500_000, press=PRESS))
    timeline.happened(happening("trouble", 6_999_000_000, text="[no] box"))
    timeline.happened(happening("started", 8_000_000_000, text="policy"))
    lines = [re.sub(" {2,}", "  ", line) for line in capsys.readouterr().out.splitlines()]
    press = "+2.5 ms  press  chord of escalate+warn, number 7, epoch 2, age 3 ms"
    edge = "+0.0 ms  agent  lets go of warn"
    told = ["call  line up", edge, press, edge, press, "-1.0 ms  trouble  [no] box"]
    assert [line.strip() for line in lines] == told


@pytest.mark.parametrize(("failure", "last"), [("", "warm: came out as told"), ("[x]", "warm: NOT as told: [x]")])
def test_a_story_in_text(capsys: pytest.CaptureFixture[str], failure: str, last: str) -> None:
    timeline = Timeline(json=False)
    timeline.title("warm", "A [call].\n", "wait 5 → 1 s", "virtual phones", "warm-transfer")
    timeline.told("caller and agent talk")
    timeline.end("warm", failure)
    _, title, times, told, end = capsys.readouterr().out.splitlines()
    assert (title, end) == ("warm (warm-transfer): A [call].", last)
    assert times == "virtual phones; times shortened for the story: wait 5 → 1 s"
    assert told.split(maxsplit=1) == ["story", "caller and agent talk"]


def test_a_story_in_json_keeps_every_happening_whole(capsys: pytest.CaptureFixture[str]) -> None:
    events = [happening("recorded", at, event=event) for at, (event, _) in enumerate(EVENTS)]
    happenings = [*events, *(each for each, _ in HAPPENINGS), happening("started", text="policy")]
    timeline = Timeline(json=True)
    timeline.title("warm", "A call.", "wait 5 → 1 s", "virtual phones")
    timeline.edge(5, "lets go of warn")
    timeline.told("caller and agent talk")
    for each in happenings:
        timeline.happened(each)
    timeline.end("warm", "")
    story, edge, told, *middle, end = capsys.readouterr().out.splitlines()
    assert [msgspec.json.decode(line, type=Happening) for line in middle] == happenings
    assert json.loads(edge) == {"kind": "edge", "at_ns": 5, "text": "lets go of warn"}
    assert {"kind": "story", "text": "warm", "shortened": "wait 5 → 1 s"}.items() <= json.loads(story).items()
    assert {"kind": "told", "text": "caller and agent talk"}.items() <= json.loads(told).items()
    assert json.loads(end).keys() == {"kind", "at_ns", "text"}


def test_brackets_in_what_is_told_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    timeline = Timeline(json=False)
    timeline.title("story", "about [/foo]", "wait [/1]", "parts [/2]", policy="[/3]")
    timeline.edge(0, "tap [/4]", desk="[/5]")
    timeline.told("[/6]")
    timeline.end("story", "[/7]")
    shown = capsys.readouterr().out
    assert all(text in shown for text in ("[/foo]", *(f"[/{n}]" for n in range(1, 8))))
