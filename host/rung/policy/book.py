"""Which policy governs a call: by its queue, else the desk's own; to its end the version it began with."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from rung.policy.language import Policy, version_of
from rung.policy.state import Case
from rung.words import Call

Recording = Literal["never", "announced", "consented"]  # what a site allows: where callers are told, or have agreed


class Rule(Struct, frozen=True):
    """For calls of this queue or called number: another policy, another language, or both."""

    queue: str
    policy: Policy | None = None
    language: str = ""


class Book:
    """The policies of one desk. Immutable; `keeping` gives a book with one more."""

    def __init__(
        self,
        default: Policy,
        rules: tuple[Rule, ...] = (),
        language: str = "en",
        kept: tuple[Policy, ...] = (),
        desk: str = "case",
        recording: Recording = "never",
    ) -> None:
        """``kept``: versions that govern open cases and are no longer the desk's; ``desk`` begins its cases' ids.

        ``recording``: the site's switch.
        """
        self.desk = desk
        self.recording = recording
        self.default = default
        self.language = language
        self._rules = rules
        self._kept = kept
        policies = (*kept, *(rule.policy for rule in rules if rule.policy is not None), default)
        self.policies = {version_of(policy): policy for policy in policies}

    def for_call(self, call: Call) -> tuple[Policy, str]:
        """Policy and language of a call that begins."""
        rule = next((rule for rule in self._rules if rule.queue == call.queue), Rule(call.queue))
        return rule.policy or self.default, rule.language or self.language

    def of(self, case: Case | None) -> Policy:
        """The policy that governs this case."""
        return self.default if case is None else self.policies[case.version]

    def handed(self, policies: Mapping[str, Policy]) -> "Book":
        """For new calls these instead of the desk's own of those names; a language that one lacks is its first."""

        def spoken(policy: Policy, language: str) -> str:
            return language if not language or language in policy.languages() else policy.languages()[0]

        default = policies.get(self.default.name, self.default)
        rules = []
        for rule in self._rules:
            own = None if rule.policy is None else policies.get(rule.policy.name, rule.policy)
            rules.append(Rule(rule.queue, own, spoken(own or default, rule.language)))
        language = spoken(default, self.language)
        return Book(default, tuple(rules), language, self._kept, self.desk, self.recording)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the policies that govern new calls."""
        return tuple(dict.fromkeys(p.name for p in (self.default, *(r.policy for r in self._rules if r.policy))))

    @property
    def runs(self) -> tuple[str, ...]:
        """The policies that govern new calls, each with its version."""
        policies = (self.default, *(rule.policy for rule in self._rules if rule.policy is not None))
        return tuple(dict.fromkeys(f"{policy.name} {version_of(policy)}" for policy in policies))

    def keeping(self, policy: Policy) -> "Book":
        return Book(self.default, self._rules, self.language, (*self._kept, policy), self.desk, self.recording)


Rules = Policy | Book  # a single policy governs every call


def policy_of(rules: Rules, case: Case | None) -> Policy:
    return rules if isinstance(rules, Policy) else rules.of(case)


def for_call(rules: Rules, call: Call) -> tuple[Policy, str]:
    """Policy and language of a call that begins."""
    return (rules, rules.languages()[0]) if isinstance(rules, Policy) else rules.for_call(call)


def prefix(rules: Rules) -> str:
    """With what the ids of this desk's cases begin."""
    return "case" if isinstance(rules, Policy) else rules.desk


def recording(rules: Rules) -> Recording:
    """What the site allows."""
    return "never" if isinstance(rules, Policy) else rules.recording
