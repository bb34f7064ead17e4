"""`python -m hardware`: write the papers. `python -m hardware check`: hold each circuit to the electrical rules."""

from __future__ import annotations

import sys

from hardware.boards import BOARDS, LAMPS
from hardware.circuit import build
from hardware.papers import HERE, papers
from hardware.rules import findings


def main(words: list[str]) -> int:
    if words not in ([], ["check"]):
        print("Say nothing, or check.", file=sys.stderr)
        return 2
    breaches = [
        f"{board.title} with {lamps}: {finding}"
        for board in BOARDS
        for lamps in LAMPS
        for finding in findings(build(board, lamps))
    ]
    print(*breaches, sep="\n", end="\n" if breaches else "", file=sys.stderr)
    if breaches:
        return 1
    if words == ["check"]:
        print(f"{len(BOARDS) * len(LAMPS)} circuits keep the electrical rules.")
        return 0
    for path, text in papers().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(HERE.parent))
    return 0


sys.exit(main(sys.argv[1:]))
