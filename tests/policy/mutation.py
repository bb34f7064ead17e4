"""Break the policy's code on purpose, mutant after mutant, and see whether a test notices: `make mutants`.

mutmut writes the mutants; its own runner would try them for days. Here pytest collects once, and each mutant is a fork
of that, in which its function has the mutant's code. Only the tests that come through the function are run: first those
that have noticed much for the time they take, above all in its module; and the first that fails ends the fork.

Where no test comes through a function, it may have done its work while modules were imported: its mutants are tried
from the first import on, each in a Python of its own. Those that change nothing but the words of a text are left out.
"""

import argparse
import contextlib
import difflib
import fnmatch
import functools
import gc
import importlib
import inspect
import os
import pkgutil
import random
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import CodeType, FrameType, FunctionType

import pytest
from msgspec import Struct

PATIENCE, GRACE_S = 10, 3.0  # a test that takes so many times as long as unbroken, and that much more, never ends
NEAR, NEVER = 10, 0.2  # what a test weighs for one that it noticed in this module, and for none; elsewhere it is 1
QUIET = [f"-pno:{name}" for name in ("cacheprovider", "terminal", "rerunfailures", "xdist")]

Say = Callable[[str], None]
ALONE = os.environ.get("MUTANT", "")  # the one that all this Python is about
FUNCTIONS: list[tuple[FunctionType, dict[str, FunctionType]]] = []  # of the policy, each with its mutants


def keep(mutants: dict[str, FunctionType], *_: object) -> Callable[[FunctionType], FunctionType]:
    """In the place of mutmut's own wrapper: the function stays as it is, and its mutants are remembered."""
    module, _, name = ALONE.rpartition(".")

    def kept(function: FunctionType) -> FunctionType:
        FUNCTIONS.append((function, mutants))
        if function.__module__ != module:
            return function
        return functools.wraps(function)(lambda *args, **keys: mutants.get(name, function)(*args, **keys))

    return kept


class Mutant(Struct, frozen=True):
    name: str
    place: int  # of the function it is made from, in FUNCTIONS
    function: FunctionType
    changed: FunctionType

    @property
    def room(self) -> str:
        return self.function.__module__

    @property
    def is_of_words(self) -> bool:
        same_defaults = self.function.__defaults__ == self.changed.__defaults__
        return same_defaults and _only_words(self.function.__code__, self.changed.__code__)

    def take_effect(self) -> None:
        function, changed = self.function, self.changed
        function.__code__ = changed.__code__
        function.__defaults__, function.__kwdefaults__ = changed.__defaults__, changed.__kwdefaults__

    def shown(self) -> str:
        """What it changes."""
        was, became = (inspect.getsource(f).splitlines() for f in (self.function, self.changed))
        lines = difflib.unified_diff(was, became, lineterm="", n=0)
        return "\n".join(line for line in lines if line[:3] not in ("---", "+++", "@@ ") and "_mutmut" not in line)


def _only_words(was: object, became: object) -> bool:
    """Do they differ in nothing but the words of a text? Those are held by the tests of documents, if at all."""
    if isinstance(was, str) and isinstance(became, str):
        return was == became or " " in was
    if isinstance(was, CodeType) and isinstance(became, CodeType):
        alike = (was.co_code, was.co_names) == (became.co_code, became.co_names)
        return alike and _only_words(was.co_consts, became.co_consts)
    if isinstance(was, tuple) and isinstance(became, tuple):
        return len(was) == len(became) and all(map(_only_words, was, became))
    return type(was) is type(became) and was == became


def mutants() -> list[Mutant]:
    """All that mutmut has made of the policy's code."""
    for module in pkgutil.walk_packages(importlib.import_module("rung.policy").__path__, "rung.policy."):
        importlib.import_module(module.name)
    return [
        Mutant(f"{function.__module__}.{name}", place, function, changed)
        for place, (function, made) in enumerate(FUNCTIONS)
        for name, changed in made.items()
        if name != "_mutmut_orig"
    ]


class Passing:
    """Of FUNCTIONS, those that have been come through."""

    def __init__(self) -> None:
        self._places = {function.__code__: place for place, (function, _) in enumerate(FUNCTIONS)}
        self.through: set[int] = set()

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call" and (place := self._places.get(frame.f_code)) is not None:
            self.through.add(place)


class Forks:
    """So many at a time, each a copy of this process that prints nothing and says a word through a pipe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._working: dict[int, tuple[int, Say]] = {}

    def start(self, work: Callable[[Say], None], then: Say) -> None:
        """``then`` hears, here, what the work has said; nothing, if it had nothing to say; "?" if it was killed."""
        while len(self._working) >= self._most:
            self._one_ends()
        reads, writes = os.pipe()
        if pid := os.fork():
            os.close(writes)
            self._working[pid] = reads, then
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        work(lambda word: os.write(writes, word.encode()) and None)
        os._exit(0)

    def finish(self) -> None:
        while self._working:
            self._one_ends()

    def _one_ends(self) -> None:
        pid, status = os.wait()
        reads, then = self._working.pop(pid)
        with os.fdopen(reads, "rb") as pipe:
            then(pipe.read().decode() or ("?" if os.WIFSIGNALED(status) else ""))


class Trial:
    """pytest's own loop over the tests, once for each mutant."""

    def __init__(self, chosen: list[Mutant], workers: int, longest_s: float) -> None:
        self.chosen = chosen
        self._longest_s = longest_s
        self.came: dict[str, Counter[str]] = defaultdict(Counter)  # by module
        self._forks = Forks(workers)
        self._items: list[pytest.Item] = []
        self._took_s: dict[int, float] = {}  # by the test's place, as the next two
        self._through: dict[int, set[int]] = {}
        self._noticed: dict[str, Counter[int]] = defaultdict(Counter)  # how many, by module; "" for all
        self._say: Say | None = None  # in a fork

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._items = session.items
        gc.collect()
        gc.freeze()  # or each fork would copy what it only counts
        for i in range(len(self._items)):
            self._forks.start(partial(self._measure, i), partial(self._measured, i))
        self._forks.finish()
        print(f"{len(self._took_s)} tests take {sum(self._took_s.values()):.0f} s", flush=True)
        tested = set[int]().union(*self._through.values())
        for mutant in self.chosen:
            work = self._try if mutant.place in tested else self._try_alone
            self._forks.start(partial(work, mutant), partial(self._tried, mutant))
        self._forks.finish()
        return True

    def _measure(self, i: int, say: Say) -> None:
        """How long a test takes, and what it comes through: in a fork, so that a mutant begins where it began."""
        self._say = lambda word: say(f"fails, unbroken: {word}")
        began, passing = time.process_time(), Passing()
        sys.setprofile(passing)
        self._run(i)
        sys.setprofile(None)
        say(" ".join(map(str, (time.process_time() - began, *passing.through))))

    def _measured(self, i: int, said: str) -> None:
        if said.startswith(("fails", "?")) or not said:
            raise SystemExit(f"{self._items[i].nodeid} {said}")
        took_s, *through = said.split()
        self._took_s[i], self._through[i] = float(took_s), set(map(int, through))

    def _try(self, mutant: Mutant, say: Say) -> None:
        mutant.take_effect()
        for i in self._order(mutant):
            self._say = lambda _, i=i: say(str(i))  # type: ignore[misc]  # a test that fails ends all
            signal.setitimer(signal.ITIMER_PROF, GRACE_S + PATIENCE * self._took_s[i])
            self._run(i)

    def _try_alone(self, mutant: Mutant, say: Say) -> None:
        """All tests, the quick files before the slow."""
        took_s = Counter[Path]()
        for i, item in enumerate(self._items):
            took_s[item.path] += self._took_s[i]  # type: ignore[assignment]  # seconds
        files = [str(path) for path, _ in reversed(took_s.most_common())]
        if subprocess.run([sys.executable, __file__, *files], env={**os.environ, "MUTANT": mutant.name}).returncode:
            say("alone")

    def _order(self, mutant: Mutant) -> Iterable[int]:
        """The tests that come through it, and are not too long."""
        near, anywhere = self._noticed[mutant.room], self._noticed[""]

        def cost(i: int) -> float:
            return (self._took_s[i] + 0.001) / (NEAR * near[i] + anywhere[i] + NEVER)

        tests = [i for i, through in self._through.items() if mutant.place in through]
        return sorted((i for i in tests if self._took_s[i] <= self._longest_s), key=cost)

    def _tried(self, mutant: Mutant, said: str) -> None:
        if said.isdigit():
            self._noticed[mutant.room][int(said)] += 1
            self._noticed[""][int(said)] += 1
        elif not said:
            print(f"{mutant.name}\n{mutant.shown()}\n", flush=True)
        self.came[mutant.room]["noticed" if said else "survived"] += 1
        if (tried := sum(map(Counter.total, self.came.values()))) % 500 == 0:
            print(f"{tried} tried", flush=True)

    def _run(self, i: int) -> None:
        item = self._items[i]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self._say is not None and report.failed:
            self._say(report.nodeid)
            os._exit(1)


def generate() -> None:
    """The mutants of all that mutants.toml names, into the folder `mutants`, by what mutmut itself does it with."""
    main = importlib.import_module("mutmut.__main__")
    main.set_mutant_under_test("mutant_generation")
    Path("mutants").mkdir(exist_ok=True)
    with contextlib.redirect_stdout(None):  # it names each file
        main.copy_src_dir()
        main.copy_also_copy_files()
        main.setup_source_paths()
        main.create_mutants(os.cpu_count() or 1)


def begin() -> None:
    """Whatever is imported from here on is the mutants'."""
    sys.path[:0] = [str(Path("src").resolve()), str(Path.cwd())]
    importlib.import_module("mutmut.mutation.trampoline").wrap_in_trampoline = keep  # type: ignore[attr-defined]
    importlib.import_module("tests.policy.played").over_the_cores = map  # type: ignore[attr-defined]  # or unbroken there


def main() -> None:
    if ALONE:
        begin()
        sys.exit(pytest.main(["-x", *QUIET, *sys.argv[1:]]))
    told = argparse.ArgumentParser()
    told.add_argument("only", nargs="*", default=["*"], help="names of mutants, with stars")
    told.add_argument("--sample", type=int, default=0, help="so many, chosen by the seed; 0: all")
    told.add_argument("--seed", type=int, default=1)
    told.add_argument("--longest", type=float, default=float("inf"), help="leave out tests of more seconds than this")
    told.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = told.parse_args()
    generate()
    os.chdir("mutants")
    begin()
    found = sorted(mutants(), key=lambda mutant: mutant.name)
    meant = [m for m in found if any(fnmatch.fnmatch(m.name, only) for only in asked.only) and not m.is_of_words]
    chosen = random.Random(asked.seed).sample(meant, min(asked.sample or len(meant), len(meant)))
    print(f"{len(chosen)} of {len(found)} mutants, seed {asked.seed}", flush=True)
    trial = Trial(chosen, asked.workers, asked.longest)
    pytest.main(["-s", *QUIET, "tests/policy"], plugins=[trial])
    for room, came in sorted(trial.came.items()):
        print(f"{room}: {', '.join(f'{count} {what}' for what, count in sorted(came.items()))}")
    came = sum(trial.came.values(), Counter[str]())
    print(f"{100 * came['noticed'] / max(1, came['noticed'] + came['survived']):.1f} % noticed: {dict(came)}")


if __name__ == "__main__":
    main()
