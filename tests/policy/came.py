"""What a step came to, in the oracle's words."""

from rung import words as w
from rung.policy import Step
from rung.words import Marker, Outcome


def what_came_of_it(made: Step) -> str:
    """In the oracle's words."""
    if any(isinstance(event, w.AskOpened) and event.rung == "" for event in made.events):
        replied = next(event for event in made.events if isinstance(event, w.AskReplied))
        return "hand back" if replied.reply == w.Reply.ACCEPT else f"hand over to {replied.person}"
    for event in reversed(made.events):
        word = _word(event)
        if word:
            return word
    return ""


def _word(event: w.Event) -> str:
    match event:
        case w.RungTaken(rung=rung):
            return rung
        case w.Announced(rung=rung):
            return f"announce {rung}"
        case w.EffectDecided(effect=w.Complete()) | w.AskMoved(phase="offering"):
            return "complete"
        case w.EffectDecided(effect=w.Leave()):
            return "hand over"
        case w.AskMoved(outcome=Outcome.TAKEN_BACK) | w.AskClosed(outcome=Outcome.TAKEN_BACK):
            return "take back"
        case w.AskMoved(outcome=Outcome.UNWANTED) | w.AskClosed(outcome=Outcome.UNWANTED):
            return "unwanted"
        case w.MarkerSet(marker=Marker.EMERGENCY):
            return "panic"
        case w.MarkerSet(marker=marker):
            return f"marks {marker}"
        case w.MarkerLifted(marker=Marker.EMERGENCY):
            return "false alarm"
        case w.MarkerLifted():
            return "lifts crisis"
        case w.AlertRaised(want=w.Want.COMPANY):
            return "quiet ask"
        case w.CallerCalmed():
            return "calmed"
        case w.NotNecessary():
            return "not necessary"
        case w.LeaveWithdrawn():
            return "leave withdrawn"
        case w.GroundTakenBack(ground=ground):
            return f"takes {ground} back"
        case w.GroundDeclared(ground=ground):
            return f"declares {ground}"
    return ""
