"""What each shipped script must say, and must not, in every language: read out of the five tables, not of the files."""

import re

import pytest
from msgspec.structs import replace
from tests.policy.scene import Scene

from rung import words as w
from rung.policy import load
from rung.policy.checks import mistakes
from rung.policy.language import Requires, Variant
from rung.policy.library import shipped
from rung.policy.scripts import script
from rung.policy.state import Who
from rung.words import Ground

SUPERVISOR = {
    "supervisor-warn": {
        "en": ["trying to resolve .*issue", "will need to end .* if it remains abusive"],
        "de": ["versuchen, Ihr Anliegen", "werden .* beenden müssen, wenn es beleidigend bleibt"],
    },
    "supervisor-end": {
        "en": ["cannot go further with this conversation", "going to hang up"],
        "de": ["nicht weiterführen", "werde jetzt auflegen"],
    },
}
MUST = {
    "no-hang-up": {"offer": {"en": ["supervisor", r"\?"], "de": ["Teamleitung", r"\?"]}},
    "warm-transfer": {
        "warn": {
            "en": ["want to help", "if the language stops", "cannot continue"],
            "de": ["möchte .* helfen", "wenn diese Ausdrücke aufhören", "nicht fortsetzen"],
        },
        "escalate": {"en": ["supervisor", "hold"], "de": ["Teamleitung", "Warteschleife"]},
        "final-notice": {
            "en": ["glad to help .* when you have calmed down", "cannot work with this behaviour"],
            "de": ["helfe Ihnen gern, wenn Sie sich beruhigt haben", "Mit diesem Verhalten kann ich nicht arbeiten"],
        },
        "release": {"en": ["going to release the call"], "de": ["werde den Anruf jetzt beenden"]},
    },
    "hang-up-protocol": {
        "redirect": {"en": ["You have told me"], "de": ["Sie haben mir gesagt"]},
        "warn": {
            "en": ["cannot tolerate such language", "happy to keep helping", "may need to end this conversation"],
            "de": ["Ausdrücke kann ich nicht hinnehmen", "helfe Ihnen gern weiter", "vielleicht beenden"],
        },
        "end": {
            "en": ["were warned", "cannot continue", "Given the language"],
            "de": ["wurden .* gewarnt", "nicht fortfahren", "Bei dieser Ausdrucksweise"],
        },
        "end-at-once": {
            "en": ["Such behaviour is not tolerated", "call ends now"],
            "de": ["solches Verhalten dulden wir nicht", "Anruf endet jetzt"],
        },
    },
    "end-with-care": {
        "end": {"en": ["sorry", "Goodbye"], "de": ["tut mir leid", "Auf Wiederhören"]},
        "end-at-once": {"en": ["because of"], "de": ["wegen"]},
    },
    "advise-and-warn": {
        "advise-and-warn": {
            "en": ["remark was offensive", "if it goes on, the call will be disconnected"],
            "de": ["Bemerkung war beleidigend", "Wenn es so weitergeht, wird die Verbindung getrennt"],
        },
        "end": {"en": ["Goodbye"], "de": ["Auf Wiederhören"]},
        "supervisor": {"en": ["supervisor"], "de": ["Teamleitung"]},
    },
}
BLAME = {"en": "abus|behav|languag|tone|because", "de": "beleid|verhalten|ausdr|wegen"}
PROMISE = {"en": "disconnect|hang up|end the call", "de": "trennt|aufleg|beende"}


def said(name: str, rung: str, grounds: tuple[str, ...], language: str, *, trained: bool = True) -> str:
    """What an agent reads on a call where these grounds were declared, the newest last."""
    policy = load(name)
    s = Scene("no-hang-up").declare(*grounds)
    words, spoken = script(policy, policy.find(rung), replace(s.case, language=language), Who("ada", trained=trained))
    assert spoken == language
    return words


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", shipped())
def test_every_script_says_what_its_table_wants(name: str, language: str) -> None:
    for id, points in (MUST[name] | SUPERVISOR).items():
        words = said(name, id, (), language)
        for point in points[language]:
            assert re.search(point, words, re.IGNORECASE), (id, point, words)


@pytest.mark.parametrize("name", shipped())
def test_a_script_that_misses_one_of_its_points_is_refused(name: str) -> None:
    policy = load(name)
    for rung in policy.rung:
        for point in rung.must_say:
            for language, phrases in point.words.items():
                text = rung.script[language]
                for phrase in phrases:
                    text = re.sub(re.escape(phrase), "…", text, flags=re.IGNORECASE)
                worse = replace(rung, script=rung.script | {language: text})
                rungs = tuple(worse if r is rung else r for r in policy.rung)
                assert any(point.point in mistake for _, mistake in mistakes(replace(policy, rung=rungs)))


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_offer_of_a_supervisor_blames_nobody(language: str) -> None:
    offer = load("no-hang-up").find("offer")
    assert not re.search(BLAME[language], said("no-hang-up", "offer", ("slur",), language), re.IGNORECASE)
    blame = {"en": "Your behaviour is why.", "de": "Der Grund ist Ihr Verhalten."}[language]
    blaming = replace(offer, script=offer.script | {language: f"{offer.script[language]} {blame}"})
    policy = load("no-hang-up")
    found = list(mistakes(replace(policy, rung=(blaming, *policy.rung[1:]))))
    assert [mistake for _, mistake in found if mistake.startswith("must not say")]


@pytest.mark.parametrize(
    ("ground", "en", "de"),
    [("slur", "slurs", "Verunglimpfungen"), ("profanity", "swearing", "fluchen"), ("threat", "threats", "Drohungen")],
)
def test_for_slurs_cussing_and_threats_the_warning_names_the_language_asked_to_stop(
    ground: str, en: str, de: str
) -> None:
    for language, word in (("en", en), ("de", de)):
        words = said("hang-up-protocol", "warn", (ground, "shouting"), language)
        assert word in words
        for point in MUST["hang-up-protocol"]["warn"][language]:
            assert re.search(point, words)


@pytest.mark.parametrize("language", ["en", "de"])
def test_who_may_not_end_promises_no_end(language: str) -> None:
    for words in (
        said("advise-and-warn", "advise-and-warn", ("slur",), language, trained=False),
        said("advise-and-warn", "advise-and-warn", ("threat_other",), language),
        said("advise-and-warn", "advise-and-warn", ("threat_other", "profanity"), language),
    ):
        assert not re.search(PROMISE[language], words, re.IGNORECASE)
        assert re.search(MUST["advise-and-warn"]["advise-and-warn"][language][0], words)


@pytest.mark.parametrize("ground", ["threat", "profanity", "derogatory", "slur", "hate_speech", "sexist", "homophobic"])
def test_ending_at_once_names_its_reason(ground: str) -> None:
    for language in ("en", "de"):
        named = said("end-with-care", "end-at-once", (ground,), language)
        assert named != said("end-with-care", "end-at-once", (), language)
        assert named == said("end-with-care", "end-at-once", (ground, "shouting", "rudeness"), language)


def test_the_language_of_a_call_can_be_changed() -> None:
    s = Scene("warm-transfer")
    answer = s.put(w.LanguageChosen("de")).answer
    assert answer is not None and answer.verdict == "taken" and s.case.language == "de"
    refused = s.put(w.LanguageChosen("fr")).answer
    assert refused is not None and refused.verdict == "refused" and "en, de" in refused.why


def test_a_language_that_a_policy_does_not_have_falls_back_to_its_first() -> None:
    s = Scene("warm-transfer")
    words, spoken = script(s.policy, s.policy.find("warn"), replace(s.case, language="fr"), Who("ada"))
    assert spoken == "en" and words == s.policy.find("warn").script["en"].strip()


@pytest.mark.parametrize("name", shipped())
def test_scripts_are_short_and_of_one_line(name: str) -> None:
    for rung in load(name).rung:
        for part in (rung, *rung.variant):
            for text in part.script.values():
                assert "\n" not in text and len(text) <= 220
                assert len(re.findall(r"[.?!](?:\s|$)", text)) <= 3


def test_every_ground_has_a_warning_in_every_policy_that_warns() -> None:
    for ground in Ground:
        for name, rung in (("warm-transfer", "warn"), ("hang-up-protocol", "warn"), ("advise-and-warn",) * 2):
            assert said(name, rung, (ground,), "de")


@pytest.mark.parametrize(
    ("needs", "shown"),
    [
        ((Requires(ground=(Ground.THREAT,)),), False),
        ((Requires(ground=(Ground.THREAT,)), Requires(ground=(Ground.SLUR,))), True),
        ((Requires(ground="any"),), True),
        ((Requires(),), True),
        ((Requires(ground="of no such name"),), True),  # which is told, and enough
    ],
)
def test_other_words_for_grounds_that_never_open_the_step_are_a_mistake(needs: tuple[Requires], shown: bool) -> None:
    first, *others = load("warm-transfer").rung
    words = (Variant(script={"en": "No slurs.", "de": "Nicht so."}, grounds=(Ground.SLUR,)),)
    policy = replace(load("warm-transfer"), rung=(replace(first, requires=needs, variant=words), *others))
    told = dict(mistakes(policy)).get("rung[0] (warn).variant[0].grounds", "")
    assert shown != told.startswith("is never shown: none of these opens the rung; give grounds that do")
