"""What a person sees of a desk."""

import msgspec
from msgspec.structs import replace
from tests.policy.scene import Scene
from tests.policy.shift import POLICY, Shift, line

from rung import words as w
from rung.policy import Book, Rule, load
from rung.policy.state import Facts
from rung.policy.view import Script, View, view
from rung.words import Button, Ground, Marker

SAYS = {rung.id: rung.script["en"] for rung in POLICY.rung}


def seen(s: Shift) -> View:
    shown = view(s.policy, s.desk, s.now)
    assert msgspec.convert(msgspec.to_builtins(shown), View) == shown, "not what its type says"
    return shown


def said(s: Shift) -> tuple[str, bool] | None:
    script = seen(s).script
    return None if script is None else (script.text, script.preview)


def test_without_a_call_there_is_little_to_tell() -> None:
    s = Shift()
    assert seen(s) == View(call="no call", person="ada")
    s.line("ringing")
    assert seen(s).call == "ringing: caller"


def test_the_call_in_words_and_its_times() -> None:
    s = Shift()
    s.line("up")
    s.wait(7000)
    assert (seen(s).call, seen(s).talk_ms, seen(s).held_ms) == ("in a call with caller", 7000, 0)
    assert (seen(s).epoch, seen(s).countdown_ms) == (1, 0)
    s.line("held")
    s.wait(2000)
    assert (seen(s).call, seen(s).talk_ms, seen(s).held_ms) == ("caller is on hold", 7000, 2000)
    s.put(w.PhoneIs(up=False))
    assert seen(s).call == "caller was on hold when the phone was last heard"
    assert "The phone does not answer; the call may still be up." in seen(s).troubles


def test_what_was_tried_can_be_ticked_and_is_seen() -> None:
    s = Scene("end-with-care").declare("profanity")
    s.must("warn")
    item = view(s.policy, s.desk, s.now).tick[0]
    s.put(w.Ticked(item))
    assert view(s.policy, s.desk, s.now).tried == (item,)
    s.desk = replace(s.desk, case=replace(s.case, language="fr"))
    assert seen(s).tick[0] == item, "in the policy's first language, where it does not speak the call's"


def test_the_ladder_says_what_each_rung_lacks() -> None:
    s = Shift().warned()
    states = {rung.id: (rung.state, rung.lacks) for rung in seen(s).ladder}
    assert states["warn"] == ("taken", ())
    assert states["escalate"] == ("open", ())
    assert states["final-notice"] == ("closed", ("a supervisor must have been asked and not be available",))
    assert states["release"] == ("closed", ("first: give the final notice", "name the ground"))


def test_what_each_button_means() -> None:
    s = Shift()
    s.line("up")
    meaning = seen(s).buttons
    assert meaning[Button.WARN] == "Warn the caller (this says: heard out: I listened and offered a solution)"
    assert meaning[Button.ESCALATE].startswith("Not now: first: warn the caller")
    assert seen(Shift().warned()).buttons[Button.ESCALATE] == "Transfer to a supervisor"
    s = Shift().noticed()
    s.put(w.Declared(Ground.SLUR))
    assert seen(s).buttons[Button.RELEASE] == "Release the call: tap to announce it"
    s.press("release")
    assert seen(s).buttons[Button.RELEASE] == "Say it; hold in 4 s"
    assert seen(s).countdown_ms == 4000
    s.wait(4000)
    assert seen(s).buttons[Button.RELEASE] == "Hold to end the call"


def test_the_next_step_or_the_act_that_leads_there() -> None:
    s = Shift()
    s.line("up")
    assert seen(s).next == "Warn the caller"
    s.press("warn")
    assert seen(s).next == "Transfer to a supervisor: let the caller answer: 5 s more of talk"
    s.wait(5000)
    s.ringing()
    assert seen(s).next == "wait for the supervisor"
    s.consult("up")
    s.wait(3000)
    assert (seen(s).next, seen(s).buttons[Button.ESCALATE]) == (
        "tap escalate to transfer",
        "Transfer the caller to the supervisor",
    )


def test_the_script_to_say_now_or_the_next_ones_preview() -> None:
    s = Shift()
    s.line("up")
    assert said(s) == (SAYS["warn"], True)
    s.press("warn")
    assert said(s) == (SAYS["warn"], False)
    s.wait(20_000)
    assert said(s) == (SAYS["escalate"], True), "the warning has long been said"
    s.press("escalate")
    assert said(s) == (SAYS["escalate"], False), "the caller is told before the hold"
    s.wait(4000)
    assert said(s) is None
    s.line("held")
    s.consult("dialling")
    s.wait(10_000)
    assert seen(s).ask == "asked 14 s ago, ringing"
    s.consult("ended", "busy", "them")
    s.line("up")
    s.wait(5000)
    assert said(s) == (SAYS["final-notice"], True)
    s.press("warn")
    s.wait(5000)
    s.put(w.Declared(Ground.SLUR))
    assert said(s) == (SAYS["final-notice"], False)
    s.press("release")
    assert said(s) == (SAYS["release"], False)


def test_a_failed_ask_does_not_bring_the_warning_back() -> None:
    s = Shift(supervisors="").warned()
    s.press("escalate")
    assert said(s) is None
    assert "No supervisors' extension is set; nobody can be rung." in seen(s).troubles


def test_the_script_speaks_the_language_that_is_chosen_for_this_call_if_it_can() -> None:
    rungs = tuple(replace(rung, script={"en": "Hello.", "de": " Guten Tag. "}) for rung in POLICY.rung)
    s = Shift(replace(POLICY, rung=rungs))
    s.line("up")
    s.put(w.LanguageChosen("de"))
    assert seen(s).script == Script("Warn the caller", "Guten Tag.", "de", preview=True)
    s.put(w.LanguageChosen("fr"))
    assert seen(s).script == Script("Warn the caller", "Guten Tag.", "de", preview=True), "there are none in French"


def test_grounds_markers_and_troubles() -> None:
    s = Shift(person=None)
    s.line("up")
    s.put(w.Declared(Ground.SLUR))
    s.put(w.SignedOn("ada"))
    s.put(w.Declared(Ground.THREAT))
    s.put(w.Marked(Marker.CRISIS))
    s.put(w.SignedOn(None))
    s.line("up", call="other")
    now = seen(s)
    assert (now.grounds, now.markers) == (("slur", "threat (ada)"), ("crisis",))
    assert now.troubles == (
        "Another call is live on this phone; end it or put it on hold.",
        "Nobody is known at this desk, so no call can be ended: name desk.person in rung.toml.",
    )
    assert now.next == "another call is live on this phone; end it or put it on hold first"


def test_a_call_that_is_being_ended_and_an_alert_that_somebody_answers() -> None:
    s = Scene("no-hang-up", person="eve", role=w.Role.SUPERVISOR)
    s.talk().declare("slur").must("warn").talk().end()
    assert view(s.policy, s.desk, s.now).call == "the call with caller is being ended"
    s = Scene("no-hang-up")
    s.press("escalate", "hold")
    assert view(s.policy, s.desk, s.now).alerts == ("panic: 3 told",)
    s.alarm("join")
    assert view(s.policy, s.desk, s.now).alerts == ("panic: eve is coming",)


def test_a_role_without_steps_has_no_next_one() -> None:
    policy = load("warm-transfer")
    agents = tuple(r for r in policy.rung if r.role == w.Role.AGENT)
    s = Scene(replace(policy, rung=agents), person="eve", role=w.Role.SUPERVISOR)
    seen = view(s.policy, s.desk, s.now)
    assert (seen.next, seen.ladder, seen.script) == ("", (), None)


def test_the_page_says_quiet_ask_where_a_press_would_be_one() -> None:
    def means(s: Scene) -> str:
        return seen(s).buttons[Button.ESCALATE]

    s = Scene("warm-transfer")
    assert means(s).startswith("Quiet ask; not now: first")
    s.press("escalate", "hold")
    s.alarm("join")
    s.floor(up=False)
    assert means(s).startswith("Quiet ask; "), "somebody is coming already"
    assert s.press("escalate").why.startswith("Quiet ask: eve is coming.")
    for s in (Scene("warm-transfer", present=()), Shift()):
        s.line("up")
        assert means(s).startswith("Not now: first")
        assert not s.press("escalate").why.startswith("Quiet ask")


def test_who_comes_is_named_to_whoever_asks_again() -> None:
    s = Scene("warm-transfer")
    s.press("escalate", "hold")
    s.alarm("join")
    assert s.press("escalate", "hold").why == "Emergency: eve is coming."


def test_whoever_else_is_in_the_call_is_named() -> None:
    s = Scene("warm-transfer").come_in()
    s.parties("601", "0170")
    assert (seen(s).supervisors, seen(s).others) == (("eve",), ("0170",))


def test_a_call_for_help_without_a_call_is_seen_and_may_be_called_off_for_4_s() -> None:
    s = Scene("warm-transfer", call=False)
    s.press("escalate", "hold")
    s.wait(1500)
    assert (seen(s).alerts, seen(s).alarm_ms) == (("panic: 3 told",), 2500)
    s.sits("ben")
    assert seen(s).alarm_ms == 0, "it is not theirs"


def test_only_who_called_for_help_on_this_call_may_call_it_off() -> None:
    s = Scene("warm-transfer", present=())
    s.press("escalate", "hold")
    s.wait(1500)
    assert seen(s).alarm_ms == 2500
    s.sits("ben")
    assert seen(s).alarm_ms == 0


def test_after_a_restart_the_call_is_told_before_the_phone_has() -> None:
    s = Scene("warm-transfer")
    s.desk = replace(s.desk, facts=Facts())
    assert seen(s).call == "the caller was in the call when the phone was last heard"


def test_a_call_under_another_policy_than_the_desks_own_is_told_under_its_own() -> None:
    own, other = load("warm-transfer"), load("no-hang-up")
    book = Book(own, (Rule("care", other),))
    s = Scene(own, call=False)
    s.rules = book
    s.put(w.CallIs(replace(line("up"), queue="care")))
    shown = view(book, s.desk, s.now)
    assert [rung.id for rung in shown.ladder] == [r.id for r in other.rung if r.role == w.Role.AGENT]
    assert book.of(None) is own


def test_a_phone_that_drops_a_caller_whose_transfer_fails_is_told_of_while_somebody_is_rung() -> None:
    for can, told in ((frozenset({"returns"}), False), (frozenset[str](), True)):
        s = Shift()
        s.put(w.PhoneIs(up=True, can=can))
        s.warned().ringing()
        assert any(text.startswith("This phone drops a caller") for text in seen(s).troubles) == told
        assert seen(s).countdown_ms == 0


def test_leave_that_was_given_is_seen_until_it_is_used() -> None:
    s = Scene("hang-up-protocol").declare("slur").must("warn").talk().must("escalate")
    assert view(s.policy, s.desk, s.now).leave == ""
    s.reply("grant")
    assert seen(s).leave == "leave given by eve"
    s.must("warn")
    assert seen(s).leave == ""
