"""Each sentence of "How a press is read" and of "True of all five": the test that names it, and what takes it away.

With the code as it is the test holds; with the requirement taken out of the code it fails. That is tried here for every
one. (The rows of the tables are tried in `test_rows`, the gestures' times on the box in `tests/box`.)
"""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace
from tests.policy import taken_away as away
from tests.policy import test_all_five as five
from tests.policy import test_ask_sentences as asking
from tests.policy import test_asking as phone
from tests.policy import test_chores as chores_tests
from tests.policy import test_other_sentences as others
from tests.policy import test_press_sentences as presses
from tests.policy import test_refusals as refusals
from tests.policy import test_tables as tables
from tests.policy import test_view as views
from tests.policy import test_warm_transfer as warm
from tests.policy.test_canaries import _last_open, constant, ignored, instead, then

from rung import words as w
from rung.policy import acts, alerts, asks, book, calls, ending, evolve, floor_news, press, reading, transfer
from rung.policy.book import Book
from rung.policy.decision import Decision
from rung.policy.reading import Look, Missing
from rung.policy.state import Case
from rung.words import Button, Gesture, Ground, Marker, Outcome

# The package's `step`, `lamps` and `view` are the functions.
STEP, LAMPS, VIEW = (import_module(f"rung.policy.{name}") for name in ("step", "lamps", "view"))
OF_CASE, OF_DESK, HANDLERS, GESTURES = evolve._OF_CASE, evolve._OF_DESK, STEP._HANDLERS, press._GESTURES
TAP_RELEASE, HOLD_RELEASE = (Gesture.TAP, (Button.RELEASE,)), (Gesture.HOLD, (Button.RELEASE,))
CHORD = (Gesture.CHORD, (Button.ESCALATE, Button.WARN))


class Sentence(Struct, frozen=True):
    test: Callable[[], object]
    where: Any  # a module, a class or a table
    name: Any  # what of it
    broken: Callable[[Any], object]  # of what is there


def under(test: Callable[..., object], *told: object) -> Callable[[], object]:
    return partial(test, *told)


CARE, HANG, WARM, NO = "end-with-care", "hang-up-protocol", "warm-transfer", "no-hang-up"
came_to_nothing = presses.test_an_ask_that_comes_to_nothing_makes_its_rung_not_taken_again
left_by = phone.test_what_an_ask_that_came_to_nothing_leaves
withdrawn = warm.test_what_withdraws_an_announcement

PRESS: dict[str, Sentence] = {
    # -- a press takes ...
    "the first rung of that button and role, in ladder order, that is open": Sentence(
        others.test_the_first_open_rung_of_the_ladder_is_taken, Look, "nearest", _last_open
    ),
    "not taken (or lapsed, or repeatable)": Sentence(
        under(presses.test_a_rung_needs_not_be_taken_or_lapsed_or_repeatable, WARM),
        *(reading, "_stands_still", instead(True)),
    ),
    "if none is open the press is refused, and nothing happens on the phone": Sentence(
        tables.test_an_agents_release_is_always_refused_where_the_agent_never_hangs_up,
        *(press, "_refuse", lambda real: lambda look, button, near: w.Answer(verdict=w.Verdict.TAKEN, why="")),
    ),
    "the refusal names what the nearest rung lacks": Sentence(
        warm.test_the_wait_names_how_long, Look, "_persisted", lambda real: lambda look, rung: Missing("wait")
    ),
    "and which button comes next": Sentence(
        presses.test_while_a_supervisor_is_on_the_call_the_agent_has_no_release,
        *(Look, "way_on", instead((None, ""))),
    ),
    "if no button helps, it names the act": Sentence(
        warm.test_a_refusal_deep_in_the_ladder_names_the_act, Look, "way_on", instead((None, ""))
    ),
    "where one's own ladder offers nothing, a quiet ask always does": Sentence(
        presses.test_where_ones_own_ladder_offers_nothing_a_quiet_ask_always_does,
        *(press, "_quiet_ask", lambda real: lambda d, refused: refused),
    ),
    # -- what a rung leaves
    "a rung is taken at the press": Sentence(others.test_a_rung_is_taken_at_the_press, OF_CASE, w.RungTaken, ignored),
    "an ask that comes to nothing makes its rung not taken again": Sentence(
        under(came_to_nothing, "deny"), evolve, "_untake", lambda real: lambda case, rung: case
    ),
    "the attempt counts as after an escalate, unless it was taken back": Sentence(
        under(came_to_nothing, "taken back"), evolve, "FAILED_ASKS", away.also(Outcome.TAKEN_BACK)
    ),
    "a refused press, a quiet ask and a panic do not count": Sentence(
        others.test_a_refused_press_a_quiet_ask_and_a_panic_do_not_count, Decision, "flash", away.counts_refusals
    ),
    "an ask taken back changes neither wait nor unavailability": Sentence(
        under(left_by, "taken_back", False, False), evolve, "FAILED_ASKS", away.also(Outcome.TAKEN_BACK)
    ),
    "an unwanted supervisor counts as a failed ask, not as unavailable": Sentence(
        presses.test_an_unwanted_supervisor_is_a_failed_ask_and_not_unavailable,
        *(evolve, "NOBODY_CAME", away.also(Outcome.UNWANTED)),
    ),
    "from the press on, release is refused and no notice is given until the outcome": Sentence(
        presses.test_from_the_press_on_release_is_refused_and_no_notice_is_given_until_the_outcome,
        *(Look, "_blocked", instead(None)),
    ),
    "end at once stays open while leave is asked, and taking it withdraws the ask": Sentence(
        tables.test_ending_at_once_stays_open_while_leave_is_asked_and_taking_it_withdraws_the_ask,
        *(reading, "_is_leave_asked", instead(False)),
    ),
    "rungs are counted per person for supervisors": Sentence(
        under(presses.test_rungs_are_counted_per_person_for_supervisors, WARM),
        *(reading, "_stands_still", instead(True)),
    ),
    # -- saying comes before doing
    "the hold ends the call no sooner than say_time after the announcement": Sentence(
        warm.test_the_hold_must_let_the_caller_hear_it_and_a_second_tap_does_not_start_it_again,
        *(OF_CASE, w.Announced, then(away.said_long_ago)),
    ),
    "a second tap does not restart say_time": Sentence(
        warm.test_the_hold_must_let_the_caller_hear_it_and_a_second_tap_does_not_start_it_again,
        *(GESTURES, TAP_RELEASE, away.anew),
    ),
    "a hold without an announcement ends nothing": Sentence(
        warm.test_a_hold_without_an_announcement_is_refused, GESTURES, HOLD_RELEASE, away.says_it_itself
    ),
    "of a transfer the caller is told first; the hold begins say_time later": Sentence(
        phone.test_the_caller_is_told_before_the_hold, OF_DESK, w.AskOpened, away.told_long_ago
    ),
    "an announcement belongs to one person and one rung": Sentence(
        refusals.test_a_hold_of_somebody_elses_announcement_is_no_hold, GESTURES, TAP_RELEASE, away.mine
    ),
    "60 s withdraw an announcement": Sentence(under(withdrawn, "60 s"), STEP, "ANNOUNCEMENT_MS", constant(61_000)),
    **{
        f"{what} withdraws an announcement": Sentence(under(withdrawn, what), STEP, "_announcement", instead(None))
        for what in warm.WITHDRAWN_BY
        if what not in ("60 s", "a restart", "an ask")
    },
    # -- persisted, calmed, lapse
    "persisted counts only after `wait`": Sentence(
        warm.test_the_wait_names_how_long, Look, "_persisted", instead(None)
    ),
    "of talk: not hold, mute or consult": Sentence(
        warm.test_only_talk_counts, Case, "talk_ms", lambda real: lambda case, since, until: until - since
    ),
    "calmed withdraws an announcement, and starts the wait again": Sentence(
        warm.test_calmed_withdraws_the_announcement_and_starts_the_wait_again,
        *(OF_CASE, w.CallerCalmed, away.does_not_count),
    ),
    "calmed closes every ending until a ground that it needs is declared anew": Sentence(
        warm.test_calmed_closes_endings_until_a_ground_is_declared_anew,
        *(OF_CASE, w.CallerCalmed, then(lambda case, event, at: replace(case, calmed_ms=None))),
    ),
    "warnings already given stand": Sentence(
        warm.test_calmed_withdraws_the_announcement_and_starts_the_wait_again,
        *(OF_CASE, w.CallerCalmed, then(away.forgets_warnings)),
    ),
    "after a failed escalate, wait counts from its end": Sentence(
        under(left_by, "declined", False, True), OF_CASE, w.AskClosed, away.does_not_count
    ),
    "an announcement that no longer stands ends nothing": Sentence(
        refusals.test_a_hold_after_the_ground_was_taken_back_is_refused, Look, "missing", instead([])
    ),
    # -- while asking or consulting
    "a further tap of escalate shows how far it is, and does nothing else": Sentence(
        asking.test_a_further_tap_shows_how_far_it_is, press, "_tap_while_asking", constant(away.refuses)
    ),
    "when the supervisor has answered and 3 s have passed, it completes the transfer": Sentence(
        warm.test_a_tap_let_go_before_the_supervisor_answered_does_not_transfer_the_caller_blind,
        *(reading, "COMPLETE_AFTER_MS", constant(2000)),
    ),
    "as does the supervisor's `take the call`": Sentence(
        asking.test_the_supervisors_take_the_call_completes_the_transfer, transfer, "complete", instead(None)
    ),
    "taking back is escalate and warn together": Sentence(
        under(phone.test_taking_an_ask_back, "ringing", "chord"), GESTURES, CHORD, constant(away.nothing_done)
    ),
    "or on the page": Sentence(
        under(phone.test_taking_an_ask_back, "ringing", "key"), HANDLERS, w.AskTakenBack, constant(away.refuses)
    ),
    "warn and release are refused while the caller is on hold": Sentence(
        others.test_warn_and_release_are_refused_while_the_caller_is_on_hold, Look, "_blocked", instead(None)
    ),
    "the caller is off hold before the result is shown": Sentence(
        under(left_by, "busy", True, True), asks, "on_phone", instead(False)
    ),
    "a caller who leaves meanwhile closes the case as `caller left on hold`": Sentence(
        under(phone.test_the_caller_leaves_while_a_supervisor_is_asked, "ringing"),
        *(ending, "_ending", instead(w.Ending.CALLER_LEFT)),
    ),
    "if nobody can answer, the caller is never put on hold": Sentence(
        asking.test_if_nobody_can_answer_the_caller_is_never_put_on_hold, asks, "_next_group", away.free_or_not
    ),
    # -- leave, asks, who is unavailable
    "leave is granted or denied; a call is accepted, declined, or busy": Sentence(
        others.test_leave_is_granted_or_denied_and_a_call_accepted_declined_or_busy, asks, "replies", instead(())
    ),
    "leave is used once": Sentence(others.test_leave_given_is_used_once, OF_CASE, w.RungTaken, away.uses_no_leave),
    "an ask goes to the first group; busy or ignored for 12 s goes wider": Sentence(
        asking.test_an_ask_goes_to_the_first_group_and_wider_when_busy_or_ignored, asks, "_next_group", away.all_present
    ),
    "it fails when all asked are busy or absent and no wider group is left": Sentence(
        asking.test_all_busy_goes_wider_at_once_and_fails_when_no_group_is_left,
        *(floor_news, "_nobody_left", instead(None)),
    ),
    "or at answer_within": Sentence(phone.test_nobody_answers_within_the_time, asks, "on_time", instead(None)),
    "unavailable: the last ask ended with nobody but busy, ignored or absent people": Sentence(
        under(left_by, "busy", True, True), evolve, "NOBODY_CAME", constant(frozenset())
    ),
    "or the floor could not be reached and the extension did not answer": Sentence(
        asking.test_the_floor_out_of_reach_rings_the_configured_extension, evolve, "NOBODY_CAME", constant(frozenset())
    ),
    "a considered decline is not unavailability, and one decline ends the ask": Sentence(
        asking.test_one_decline_ends_the_ask_and_is_not_unavailability,
        *(evolve, "NOBODY_CAME", away.also(Outcome.DECLINED)),
    ),
    "a supervisor who comes free clears it, until a final notice has been given": Sentence(
        asking.test_a_supervisor_who_comes_free_clears_unavailable_until_a_final_notice_has_been_given,
        *(floor_news, "_came_free", instead(None)),
    ),
    "the brief: matter, offer, grounds, rungs with times, demeanour, earlier incidents": Sentence(
        asking.test_the_brief_tells_what_a_supervisor_reads_before_taking_a_call,
        *(asks, "brief", instead(w.Brief(case="", caller="", person=None))),
    ),
    # -- supervisors
    "a supervisor's warning needs abuse attested by that supervisor after joining": Sentence(
        presses.test_a_supervisors_warning_needs_abuse_attested_after_joining_and_wait_since_joining,
        *(Look, "_attested", instead(True)),
    ),
    "and `wait` since joining, which is talk": Sentence(
        presses.test_waits_since_joining_are_talk_and_calmed_does_not_restart_them,
        *(Look, "_since_joining", instead(None)),
    ),
    "with a supervisor added, escalate hands the call over at once and closes any ask": Sentence(
        presses.test_with_a_supervisor_added_escalate_hands_the_call_over_at_once_and_closes_any_ask,
        *(Case, "added", constant(None)),
    ),
    "a supervisor may hand back; the agent's own rungs then stand": Sentence(
        presses.test_a_supervisor_may_hand_back_and_the_agents_own_rungs_then_stand,
        *(HANDLERS, w.HandBack, constant(away.refuses)),
    ),
    "while a supervisor is on the call, the agent has no release": Sentence(
        presses.test_while_a_supervisor_is_on_the_call_the_agent_has_no_release, Look, "_blocked_ending", instead(None)
    ),
    # -- the call, its policy, and who sits here
    "the epoch is the call with the agent's live audio": Sentence(
        presses.test_each_line_keeps_its_own_case_and_the_epoch_is_the_call_with_the_live_audio,
        *(OF_DESK, w.CaseOpened, away.first_epoch),
    ),
    "release is refused while a third party is in the call, and names whom": Sentence(
        presses.test_release_is_refused_while_a_third_party_is_in_the_call_and_names_whom,
        *(reading, "third_parties", instead([])),
    ),
    "outbound calls follow the same ladder": Sentence(
        others.test_outbound_calls_follow_the_same_ladder, calls, "_open", away.inbound_only
    ),
    "a caller who rings again starts at the bottom, with the earlier case shown": Sentence(
        others.test_who_rings_again_starts_at_the_bottom_with_the_earlier_case_shown, OF_CASE, w.EarlierKnown, ignored
    ),
    "the policy of a call is chosen by queue or called number": Sentence(
        presses.test_the_policy_of_a_call_is_chosen_by_queue_its_version_fixed_when_it_is_answered,
        *(Book, "for_call", lambda real: lambda book, call: (book.default, book.language)),
    ),
    "its version fixed when the call is answered": Sentence(
        presses.test_the_policy_of_a_call_is_chosen_by_queue_its_version_fixed_when_it_is_answered,
        *(Book, "of", lambda real: lambda book, case: book.default),
    ),
    "the page shows what each button means now": Sentence(
        views.test_what_each_button_means, VIEW._Words, "meaning", instead("")
    ),
    "without a known person, what needs one is refused": Sentence(
        presses.test_without_a_known_person_what_needs_one_is_refused, Look, "_blocked_ending", instead(None)
    ),
}

FIVE: dict[str, Sentence] = {
    "panic marks, alerts every supervisor present and brings the first who accepts into the call": Sentence(
        under(five.test_panic_alerts_every_supervisor_present_and_brings_the_first_who_accepts_into_the_call, WARM),
        *(alerts, "EVERYBODY", constant(frozenset())),
    ),
    "it makes no ending newly possible": Sentence(
        under(five.test_panic_needs_no_ground_and_no_call_makes_no_ending_newly_possible_and_ends_no_call, CARE),
        *(OF_CASE, w.MarkerSet, then(lambda case, event, at: replace(case, grounds=()))),
    ),
    "while an ask is open it raises that ask": Sentence(
        under(five.test_while_an_ask_is_open_panic_raises_that_ask, WARM), asks, "widen", instead(False)
    ),
    "a false alarm within 4 s calls it off and stays in the record": Sentence(
        under(five.test_a_false_alarm_within_4_s_calls_it_off_and_stays_in_the_record, WARM),
        *(acts, "TAKE_BACK_MS", lambda real: real | {Marker.EMERGENCY: 5000}),
    ),
    "a quiet ask tells a supervisor, and nothing happens on the phone": Sentence(
        under(five.test_a_quiet_ask_tells_a_supervisor_and_nothing_happens_on_the_phone, WARM),
        *(press, "_quiet_ask", lambda real: lambda d, refused: refused),
    ),
    "no failure makes Rung end a call": Sentence(
        under(five.test_no_failure_makes_rung_end_a_call, HANG), HANDLERS, w.Restarted, away.hangs_up
    ),
    "a late press does nothing": Sentence(
        under(warm.test_too_late, "release", 3000), press, "TOO_LATE_MS", constant({})
    ),
    "a doubled press acts once": Sentence(warm.test_a_hold_of_release_acts_once, GESTURES, HOLD_RELEASE, away.twice),
    "a release is done only when the phone confirms that the call has ended": Sentence(
        under(five.test_a_release_is_done_only_when_the_phone_confirms_that_the_call_has_ended, WARM),
        *(LAMPS, "_WAITING", constant(w.Lamp(w.LampState.DONE))),
    ),
    "endings that go round Rung are found, and put before a manager": Sentence(
        under(five.test_endings_that_go_round_rung_are_found_and_put_before_a_manager, WARM),
        *(ending, "_needs_a_look", lambda real: lambda how, asking: False),
    ),
    "a supervisor's unwarned ending is found": Sentence(
        under(five.test_a_supervisors_unwarned_ending_is_found, WARM),
        *(ending, "_needs_a_look", lambda real: lambda how, asking: False),
    ),
    "recording follows a site switch, and panic does not override it": Sentence(
        under(chores_tests.test_panic_records_only_as_the_site_allows, "never"),
        *(book, "recording", instead("announced")),
    ),
    "the agent always sees who listens, and has a script to say so": Sentence(
        chores_tests.test_who_listens_is_seen, VIEW, "_listening", instead(())
    ),
    "gestures may name a ground without the page": Sentence(
        presses.test_warn_held_and_another_button_name_one_of_the_three_commonest_grounds,
        *(press, "declare", instead(w.Answer(verdict=w.Verdict.TAKEN, why=""))),
    ),
    "while crisis stands nobody can release the call": Sentence(
        under(five.test_while_crisis_stands_nobody_can_release_the_call_and_a_supervisor_is_brought_in, WARM),
        *(Look, "_blocked_ending", instead(None)),
    ),
    "a threat alerts a supervisor at once, under every policy": Sentence(
        under(five.test_a_threat_alerts_a_supervisor_at_once, WARM, "threat_other"),
        *(alerts, "THREATS", constant(frozenset({Ground.THREAT}))),
    ),
}


@pytest.mark.parametrize("sentence", [*PRESS, *FIVE])
def test_without_its_requirement_the_test_of_a_sentence_fails(sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = (PRESS | FIVE)[sentence]
    said.test()
    if isinstance(said.where, dict):
        monkeypatch.setitem(said.where, said.name, said.broken(said.where[said.name]))
    else:
        monkeypatch.setattr(said.where, said.name, said.broken(getattr(said.where, said.name)))
    with pytest.raises((AssertionError, StopIteration, IndexError)):
        said.test()
