"""The state diagram as Mermaid and as SVG: the ladder from the bottom to the top, and what each rung needs."""

from html import escape
from textwrap import wrap

from msgspec.structs import replace

from rung.policy.graph import END, START, Edge, edges
from rung.policy.language import Policy, Rung
from rung.policy.phrases import how, opens
from rung.words import Button, Role

BOX_WIDTH, BOX_HEIGHT, ROW = 250, 56, 110  # pixels
FONT, BOX_CHARS = 13, 32  # the size of letters, and how many of it a box holds
TEXT_WIDTH, TEXT_CHARS = 470, 62  # what a rung needs, beside it
LANE = 22  # between two arcs
LINE = 16
MARGIN, HEAD = 40, 64
COLOURS = {Button.ESCALATE: "#2b6cb0", Button.WARN: "#b7791f", Button.RELEASE: "#c53030"}


def mermaid(policy: Policy) -> str:
    """A Mermaid state diagram, one part for each role."""
    lines = ["stateDiagram-v2", f"    %% {policy.name} {policy.version}: {policy.title}"]
    for role in _roles(policy):
        lines.append(f'    state "{role}" as {role} {{')
        lines += [f'        state "{_titled(r)}" as {_id(r.id)}' for r in policy.rung if r.role == role]
        lines += [f"        {_mermaid_edge(edge)}" for edge in edges(policy, role)]
        lines.append("    }")
    return "\n".join(lines) + "\n"


def _roles(policy: Policy) -> list[Role]:
    return [role for role in Role if any(r.role == role for r in policy.rung)]


def _titled(rung: Rung) -> str:
    special = ", ".join(how(replace(rung, repeatable=False)))  # that it may be taken again is an arrow
    return _quoted(f"{rung.title} ({special})" if special else rung.title)


def _mermaid_edge(edge: Edge) -> str:
    source = "[*]" if edge.source == START else _id(edge.source)
    target = "[*]" if edge.target == END else _id(edge.target)
    label = _quoted(edge.label).replace(": ", " - ").replace(":", "")
    return f"{source} --> {target}: {label}"


def _id(rung: str) -> str:
    return "rung_" + "".join(c if c.isalnum() else "_" for c in rung)  # `end` is a word of Mermaid


def _quoted(text: str) -> str:
    return text.replace('"', "'")


def svg(policy: Policy) -> str:
    """One column for each role. Readable without colour: every box names its button."""
    parts, left, bottom = [], MARGIN, 0
    for role in _roles(policy):
        drawn, width, height = _column(policy, role, left)
        parts += drawn
        left += width
        bottom = max(bottom, height)
    title = escape(f"{policy.title} ({policy.name} {policy.version})")
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left}" height="{bottom}" viewBox="0 0 {left} {bottom}" '
        f'font-family="sans-serif" font-size="{FONT}"><title>{title}</title><defs>'
        '<marker id="to" markerWidth="9" markerHeight="8" refX="8" refY="4" '
        'orient="auto"><path d="M0,0 L9,4 L0,8 z"/></marker></defs><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{MARGIN}" y="34" font-size="20" font-weight="bold">{title}</text>'
    )
    return "\n".join([head, *parts, "</svg>"]) + "\n"


def _column(policy: Policy, role: Role, left: int) -> tuple[list[str], int, int]:
    """The drawing of one ladder, its width and its height: arcs, boxes, and what each rung needs."""
    rungs = [r for r in policy.rung if r.role == role]
    texts = {r.id: wrap(opens(policy, r), TEXT_CHARS) for r in rungs}
    found = edges(policy, role)
    places = [START, *(r.id for r in rungs), *([END] if any(e.target == END for e in found) else [])]
    top, y = {}, HEAD
    for place in reversed(places):
        top[place] = y
        y += max(ROW, LINE * len(texts.get(place, ())) + LINE)  # a long text pushes what is below it down
    steps = list(dict.fromkeys((e.source, e.target) for e in found if e.source != e.target))
    steps.sort(key=lambda step: abs(places.index(step[1]) - places.index(step[0])))  # long arcs outside
    box = left + LANE * (len(steps) + 1)
    parts = _arcs(steps, top, box)
    parts.append(_box(box, top[START], "a call", str(role), "#4a5568"))
    for rung in rungs:
        parts.append(_box(box, top[rung.id], rung.title, _under(rung), COLOURS[rung.button]))
        parts.append(_text(box + BOX_WIDTH + 12, top[rung.id], texts[rung.id]))
    if END in top:
        parts.append(_box(box, top[END], "the call has ended", "confirmed by the phone", "#4a5568"))
    return parts, box + BOX_WIDTH + TEXT_WIDTH - left, top[START] + BOX_HEIGHT + MARGIN


def _under(rung: Rung) -> str:
    return ", ".join([rung.button, *how(rung)])


def _box(left: int, top: int, title: str, under: str, colour: str) -> str:
    middle = left + BOX_WIDTH // 2
    return (
        f'<rect x="{left}" y="{top}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6" fill="#fff" stroke="{colour}" '
        f'stroke-width="2"/><text x="{middle}" y="{top + 23}" text-anchor="middle" font-weight="bold"{_within(title)}>'
        f'{escape(title)}</text><text x="{middle}" y="{top + 43}" text-anchor="middle" fill="{colour}"{_within(under)}>'
        f"{escape(under)}</text>"
    )


def _within(text: str) -> str:
    """What is too long for a box is written smaller."""
    return f' font-size="{FONT * BOX_CHARS / len(text):.1f}"' if len(text) > BOX_CHARS else ""


def _text(left: int, top: int, lines: list[str]) -> str:
    """What opens the rung, beside the middle of its box."""
    first = top + BOX_HEIGHT // 2 + 4 - LINE * (len(lines) - 1) // 2
    first = max(first, top + 4)
    spans = "".join(f'<tspan x="{left}" y="{first + LINE * i}">{escape(line)}</tspan>' for i, line in enumerate(lines))
    return f'<text fill="#222">{spans}</text>'


def _arcs(steps: list[tuple[str, str]], top: dict[str, int], box: int) -> list[str]:
    """Each arc in a lane of its own; of those that meet at a box, the outer one comes in above, so that none cross."""
    parts = []
    for lane, (source, target) in enumerate(steps):
        below = sum(into == target for _, into in steps[:lane])
        parts.append(_arc(box, top[source] + 16, top[target] + BOX_HEIGHT - 12 - 8 * below, lane))
    return parts


def _arc(box: int, y1: int, y2: int, lane: int) -> str:
    """Out at the left side of one box, along its own lane, in at the other, which mostly is above."""
    x, turn = box - LANE * (lane + 1), 8 if y1 > y2 else -8
    path = f"M{box},{y1} H{x + 8} Q{x},{y1} {x},{y1 - turn} V{y2 + turn} Q{x},{y2} {x + 8},{y2} H{box}"
    return f'<path d="{path}" fill="none" stroke="#333" marker-end="url(#to)"/>'
