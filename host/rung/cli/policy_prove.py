"""`rung policy prove`: the proof in words, or as data."""

from time import perf_counter

import msgspec
from msgspec import Struct

from rung.cli.policy_people import loaded
from rung.policy import Policy
from rung.policy.library import shipped
from rung.policy.proof import SENTENCES, Proof, prove
from rung.policy.proof.witness import TOO_COARSE


class Property(Struct):
    """One property of one policy. ``sequence`` is empty where it holds, or where no sequence leads anywhere.

    ``played``: the sequence was played once more, with real waits and no fold, and came out the same; None: not played.
    """

    name: str
    sentence: str
    holds: bool
    breach: str = ""
    sequence: tuple[str, ...] = ()
    played: bool | None = None


class Report(Struct):
    """What is printed with --json, one of these for each policy."""

    file: str
    policy: str
    version: str
    fold: tuple[str, ...]
    walks: dict[str, dict[str, int]]  # states and steps of each
    states: int
    steps: int
    properties: list[Property]
    too_many: str
    holds: bool
    seconds: float


def report(files: list[str], as_json: bool) -> bool:
    """Prove each file, or all that is shipped, and print what came of it. Does everything hold?"""
    files = files or shipped()
    reports = []
    for file, policy in zip(files, loaded(*files), strict=True):
        reports.append(_proved(file, policy))
        if not as_json:
            print(_text(reports[-1]))
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(reports), indent=2).decode())
    return all(report.holds for report in reports)


def _proved(file: str, policy: Policy) -> Report:
    began = perf_counter()
    proof = prove(policy)
    return Report(
        file=file,
        policy=proof.policy,
        version=proof.version,
        fold=proof.fold,
        walks={walk.name: {"states": walk.states, "steps": walk.steps} for walk in proof.walked},
        states=sum(walk.states for walk in proof.walked),
        steps=sum(walk.steps for walk in proof.walked),
        properties=[_property(proof, name, sentence) for name, sentence in SENTENCES.items()],
        too_many=proof.too_many,
        holds=proof.holds,
        seconds=round(perf_counter() - began, 3),
    )


def _property(proof: Proof, name: str, sentence: str) -> Property:
    breach = proof.breach(name)
    if breach is None:
        return Property(name, sentence, holds=not proof.too_many)
    return Property(name, sentence, holds=False, breach=breach.what, sequence=breach.words, played=breach.played)


def _text(report: Report) -> str:
    lines = [f"{report.policy} {report.version}" if report.file == report.policy else f"{report.file}: {report.policy}"]
    lines += ["  told apart:", *(f"    {line}" for line in report.fold), "  walked:"]
    lines += [f"    {name}: {n['states']} states, {n['steps']} steps" for name, n in report.walks.items()]
    lines.append(f"  {report.states} states, {report.steps} steps, {report.seconds:.2f} s")
    for one in report.properties:
        lines.append(f"  {_verdict(one)} {one.name}: {one.sentence}")
        if one.breach:
            lines.append(f"          {one.breach}")
            lines += [f"          {n}. {words}" for n, words in enumerate(one.sequence, 1)]
        if one.played is not None:
            came = "it comes about" if one.played else f"it does not come about: the proof is {TOO_COARSE}"
            lines.append(f"          played with real waits: {came}")
    if report.too_many:
        lines.append(f"  GIVEN UP: {report.too_many} has too many states; simplify the ladder, nothing is shown of it")
    return "\n".join(lines)


def _verdict(one: Property) -> str:
    """`UNSHOWN`: what was found does not come about with real waits, so it is neither shown nor shown to be broken."""
    return "holds  " if one.holds else "UNSHOWN" if one.played is False else "BROKEN "
