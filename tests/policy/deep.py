"""A call whose every step is held against the sentences as well, and which can be finished whatever has happened."""

from collections.abc import Callable

from msgspec.structs import replace
from tests.policy.edges import ADA
from tests.policy.oracle.call import supervisors
from tests.policy.sentences import (
    a_hang_up_was_announced_in_time_and_held_for,
    done_only_when_the_phone_has_confirmed,
    every_press_is_recorded_and_answered_once,
    every_refusal_says_why,
    lamps_agree_with_presses,
    lamps_change_only_at_next_change,
    nothing_is_ended_or_transferred_but_by_somebody,
    the_button_that_a_refusal_names_is_not_refused_as_well,
    the_case_is_as_the_phone_last_said,
    the_record_rebuilds_the_desk,
    the_result_of_an_ask_is_shown_off_hold,
)
from tests.policy.session import Session

from rung import words as w
from rung.policy import Step, next_change
from rung.policy.view import view
from rung.words import Role


class Deep(Session):
    """Slower than a plain session, and told in the same words."""

    def check(self, input: w.Input, made: Step) -> None:
        act = input.act if isinstance(input, w.FromDesk) else input
        the_record_rebuilds_the_desk(self.desk, made)
        nothing_is_ended_or_transferred_but_by_somebody(input, made)
        the_result_of_an_ask_is_shown_off_hold(self.desk, made)
        the_case_is_as_the_phone_last_said(input, made)
        done_only_when_the_phone_has_confirmed(self.desk, made)
        if isinstance(act, w.Pressed):
            assert made.answer is not None
            if made.answer.why != "You are not in this call.":  # who is not in it has pressed nothing of this desk's
                every_press_is_recorded_and_answered_once(made)
            the_button_that_a_refusal_names_is_not_refused_as_well(self, input, made)
            every_refusal_says_why(made.answer)

    def tell(self, move: str) -> None:
        super().tell(move)
        self.put(w.Tick())  # what has become due is shown
        lamps_agree_with_presses(self)
        due = next_change(self.policy, self.desk)
        for at in (self.now + 1, self.now + 777, (due or self.now + 90_000) - 1):
            lamps_change_only_at_next_change(self, max(self.now, at))
        view(self.policy, self.desk, self.now)  # whatever has happened, it can be told
        a_hang_up_was_announced_in_time_and_held_for(self.history, self.policy.times.say_ms)

    # -- the end of the story ------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """No more faults: after that nothing hangs, and whoever has the call gets up the whole ladder."""
        self.heal()
        case = self.desk.case
        assert case is not None and case.ask is None and case.pending == (), "something hangs"
        self.present("none")
        here = self.look().here
        for mark in case.marks:
            self.put(w.SignedOn(mark.person))
            self.put(w.Unmarked(mark.marker, "it was a film"))
        self.put(w.SignedOn(here.id, here.role, True))
        self.present("all")
        if here.role == Role.SUPERVISOR:
            self.play(SUPERVISED)
        else:
            self.play(CLIMBS[self.told](self))
        top = {"supervisor-end"} if here.role == Role.SUPERVISOR else TOPS[self.told]
        assert self.came[-1] in top, f"{self.came} does not get up: {'; '.join(self.story)}"

    def heal(self) -> None:
        """All is plugged in again, the phone obeys, other callers and parties are gone, and people wait for it."""
        self.offered = self.elsewhere = None
        self.floor = replace(self.floor, extension="600")
        self.present("all")
        if "second" in self.phone:
            self.second("ended")
        for _ in range(4):
            self.phone = {id: replace(call, doing="", parties=()) for id, call in self.phone.items()}
            self.back()
            if self.desk.case is not None and self.desk.case.ask is not None:
                self.chord()
            self.obey(lost=False)
            self.wait("35000")
        if self.at == ADA:
            self.sign("own")
        elif self.desk.case is not None:
            inside = [name for name in supervisors(self.look()) if name is not None]
            if not inside:
                self.line("ended")  # nobody has ever answered this call; the next one somebody does
            self.put(w.SignedOn((inside or ["eve"])[0], Role.SUPERVISOR))
        else:
            self.sign("own")
        self.line("up")


def plain(story: str) -> Callable[[Deep], list[str]]:
    return lambda s: story.split("; ")


def hang_up_protocol(s: Deep) -> list[str]:
    """From wherever this call is: redirect, leave, warning, end."""
    case = s.desk.case
    assert case is not None
    story = "" if case.has_taken("warn") else "tap warn; "
    if not case.has_taken("warn") and case.leave is None:
        story += "wait 5000; declare slur; declare slur; tap escalate; reply eve grant; tap warn; "
    return plain(story + f"wait 5000; {REASON}; {END}")(s)


REASON, END = "declare slur; declare slur", "tap release; wait 4000; hold release"
UNHAD = "present none; tap escalate; wait 5000"
SUPERVISED = f"wait 5000; {REASON}; tap warn; wait 5000; {END}".split("; ")
CLIMBS: dict[str, Callable[[Deep], list[str]]] = {
    "no-hang-up": plain(
        f"{REASON}; tap escalate; reply eve accept; wait 4000; obey; consult up; wait 3000; tap escalate"
    ),
    "warm-transfer": plain(f"tap warn; wait 5000; {UNHAD}; tap warn; wait 5000; {REASON}; {END}"),
    "hang-up-protocol": hang_up_protocol,
    "end-with-care": plain(f"tap warn; declare demands; declare demands; {UNHAD}; {END}"),
    "advise-and-warn": plain(f"{REASON}; tap warn; wait 5000; {REASON}; {END}"),
}
TOPS = {
    "no-hang-up": {"complete"},
    "warm-transfer": {"release"},
    "hang-up-protocol": {"end", "end-at-once"},
    "end-with-care": {"end", "end-at-once"},
    "advise-and-warn": {"end"},
}
