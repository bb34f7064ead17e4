"""Whatever comes, `step` decides, and the record rebuilds what it decided."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.policy.shift import Shift

from rung import words as w
from rung.policy import lamps, load
from rung.policy.library import shipped
from rung.policy.view import view

IDS = st.sampled_from(["line", "other", "consult-1", "consult-2", ""])
CALLS = st.builds(
    w.Call,
    id=IDS,
    state=st.sampled_from(w.CallState),
    direction=st.sampled_from(["in", "out"]),
    consult_for=st.none() | IDS,
    ended_by=st.none() | st.sampled_from(w.EndedBy),
    cause=st.sampled_from(["", "transfer failed: 503"]),
    outcome=st.none() | st.sampled_from(w.Outcome),
    doing=st.sampled_from(["", "ending", "transferring"]),
    parties=st.lists(st.sampled_from(["a", "b", "1"]), max_size=2).map(tuple),
)
PRESSES = st.builds(
    w.Pressed,
    box=st.just("box"),
    boot=st.just("boot"),
    number=st.integers(),
    buttons=st.lists(st.sampled_from(w.Button), max_size=3).map(tuple),
    gesture=st.sampled_from(w.Gesture),
    epoch=st.integers(-1, 3),
    age_ms=st.integers(-(2**31), 2**31),
)
DESKS = st.sampled_from(["", "a", "b", "case-1"])
PRESENT = st.builds(w.Presence, desk=DESKS, person=DESKS, extension=DESKS, group=st.integers(0, 1), free=st.booleans())
ANYTHING = st.one_of(
    PRESSES,
    PRESSES,
    st.builds(w.CallIs, CALLS),
    st.builds(w.CallIs, CALLS),
    st.builds(w.CallsAre, st.lists(CALLS, max_size=4).map(tuple)),
    st.builds(w.PhoneIs, up=st.booleans()),
    st.builds(w.Declared, st.sampled_from(w.Ground), st.sampled_from(["", "note"])),
    st.builds(w.TakenBack, st.sampled_from(w.Ground)),
    st.builds(w.Marked, st.sampled_from(w.Marker)),
    st.builds(w.Unmarked, st.sampled_from(w.Marker), st.sampled_from(["", "reason"])),
    st.builds(w.SignedOn, st.sampled_from([None, "", "ada"]), st.sampled_from(w.Role), st.booleans()),
    st.builds(w.Replied, ask=st.integers(0, 3), desk=DESKS, person=DESKS, reply=st.sampled_from(w.Reply)),
    st.builds(w.FloorIs, up=st.booleans(), present=st.lists(PRESENT, max_size=2).map(tuple), desks=st.just({"a": "1"})),
    st.builds(w.FromDesk, DESKS, st.builds(w.Person, DESKS, st.sampled_from(w.Role)), PRESSES),
    st.builds(w.FromDesk, DESKS, st.builds(w.Person, DESKS, st.sampled_from(w.Role)), st.just(w.TakeOver())),
    st.builds(w.OfferAnswered, st.sampled_from(["case-1", ""]), st.booleans()),
    st.builds(w.CaseOffered, case=DESKS, desk=DESKS, state=st.sampled_from(["", "{}"]), policy=st.just("{}")),
    st.builds(w.CaseReclaimed, DESKS, DESKS),
    st.builds(w.Seen, st.integers(0, 3), DESKS),
    st.builds(w.Attested, DESKS),
    st.builds(w.Noted, matter=DESKS),
    st.builds(w.Ticked, DESKS),
    st.builds(w.LanguageChosen, st.sampled_from(["de", "xx"])),
    st.builds(w.FloorIs, extension=st.sampled_from(["", "600"])),
    st.builds(w.EffectRefused, st.integers(0, 5), st.just("cannot aim")),
    st.sampled_from([w.Calmed(), w.AskTakenBack(), w.Unwanted(), w.HandBack(), w.TakeOver(), w.LeaveTakenBack()]),
    st.sampled_from([w.Restarted(), w.Tick()]),
)


LATER = st.sampled_from([-1000, 0, 1, 3000, 5000, 30_000])


@settings(max_examples=300)
@given(st.sampled_from(shipped()), st.lists(st.tuples(ANYTHING, LATER), max_size=30), st.booleans())
def test_step_never_raises_and_the_record_rebuilds_the_case(
    name: str, inputs: list[tuple[w.Input, int]], called: bool
) -> None:
    """Whatever comes, however senseless; and with a clock that runs backwards."""
    shift = Shift(load(name))
    if called:
        shift.line("up")
        shift.press("warn")
        shift.wait(5000)
    for something, later_ms in inputs:
        shift.now += later_ms
        shift.put(something)  # folds the record
        lamps(shift.policy, shift.desk, shift.now)
        view(shift.policy, shift.desk, shift.now)
