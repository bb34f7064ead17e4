"""The report as a PDF, to be filed or handed to a court: the same words as on the page. Needs the extra `report`."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib
from fpdf import FPDF
from fpdf.fonts import FontFace

from rung.desk.report.model import Report
from rung.desk.report.page import facts, verdict, when

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"  # the only fonts at hand that spell every name
BODY_PT, HEAD_PT, TITLE_PT = 9, 12, 16
LINE_MM = 4.6


def pdf(report: Report) -> bytes:
    """The file's bytes."""
    paper = _Paper(report)
    paper.top(f"Incident {report.case}", f"{report.title} · {report.policy} {report.version}")
    paper.grid(None, facts(report), (1, 4))
    paper.head("What the caller did")
    grounds = [(when(g.at), g.ground + (" (taken back)" if g.taken_back else ""), g.person, g.note)
               for g in report.grounds]  # fmt: skip
    paper.grid(("at", "ground", "by", "note"), grounds, (3, 3, 2, 4))
    paper.head("The steps")
    paper.say(verdict(report))
    steps = [
        (when(t.at), t.title + (" (announced)" if t.announced else ""), t.person, _needs(t.needs, t.lacked), t.script)
        for t in report.rungs
    ]
    paper.grid(("at", "step", "by", "needed, and held", "said"), steps, (3, 3, 2, 5, 5))
    paper.head("What was refused")
    paper.grid(
        ("at", "who", "press", "answer", "next"),
        [(when(r.at), r.person, r.press, r.why, r.next) for r in report.refused],
        (3, 2, 3, 6, 2),
    )
    paper.head("Who was asked, and who answered")
    asks = [
        (when(a.at), a.want, ", ".join(a.to), "; ".join(f"{r.person or r.desk}: {r.reply} {r.word}" for r in a.replies),
         ", ".join(a.silent), a.outcome)
        for a in report.asks
    ]  # fmt: skip
    paper.grid(("at", "for", "asked", "answers", "no answer", "outcome"), asks, (3, 2, 3, 4, 3, 2))
    paper.head("After the call")
    done = [(when(a.at), a.by, a.what, "; ".join(f"{k}: {v}" for k, v in a.told)) for a in report.afterwards]
    paper.grid(("at", "who", "what", "in their words"), done, (3, 2, 3, 6))
    for due in report.due:
        paper.say(f"Still due: {due}")
    return bytes(paper.output())


def _needs(needs: str, lacked: Iterable[str]) -> str:
    missing = "; ".join(lacked)
    return f"{needs}\nnot so: {missing}" if missing else needs


class _Paper(FPDF):
    """A4, with the case and the page's number at the foot of each."""

    def __init__(self, report: Report) -> None:
        super().__init__(format="A4")
        self._foot = f"{report.case} · {when(report.began)}"
        self.add_font("rung", "", FONTS / "DejaVuSans.ttf")
        self.add_font("rung", "B", FONTS / "DejaVuSans-Bold.ttf")
        self.set_auto_page_break(True, margin=18)
        self.set_title(f"Incident {report.case}")
        self.set_font("rung", size=BODY_PT)
        self.add_page()

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font("rung", size=8)
        self.cell(0, 8, f"{self._foot} · page {self.page_no()}", align="R")

    def top(self, text: str, under: str) -> None:
        self.set_font("rung", "B", TITLE_PT)
        self.multi_cell(0, 8, text, new_x="LMARGIN", new_y="NEXT")
        self.set_font("rung", size=BODY_PT)
        self.say(under)

    def head(self, text: str) -> None:
        self.ln(3)
        self.set_font("rung", "B", HEAD_PT)
        self.multi_cell(0, 7, text, new_x="LMARGIN", new_y="NEXT")
        self.set_font("rung", size=BODY_PT)

    def say(self, text: str) -> None:
        self.multi_cell(0, LINE_MM, text, new_x="LMARGIN", new_y="NEXT")

    def grid(self, heads: Sequence[str] | None, rows: Sequence[Sequence[str]], widths: tuple[int, ...]) -> None:
        if not rows:
            self.say("none")
            return
        told = list(rows) if heads is None else [heads, *rows]
        with self.table(
            col_widths=widths,
            line_height=LINE_MM,
            text_align="LEFT",
            headings_style=FontFace(emphasis="BOLD"),
            first_row_as_headings=heads is not None,
            borders_layout="HORIZONTAL_LINES",
        ) as table:
            for row in told:
                table.row([str(cell) for cell in row])
