"""The report as a PDF, to be filed or handed to a court: the same rows as on the page. Needs the extra `report`."""

from pathlib import Path

import matplotlib
from fpdf import FPDF
from fpdf.fonts import FontFace

from rung.desk.report.model import Report
from rung.desk.report.rows import Grid, Say, Section, plain, under, when, whole

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"  # the only fonts at hand that spell every name
BODY_PT, HEAD_PT, TITLE_PT = 9, 12, 16
LINE_MM = 4.6


def pdf(report: Report, say: Say = plain) -> bytes:
    """The file's bytes."""
    title = say(f"Incident {report.case}")
    paper = _Paper(title, f"{report.case} · {when(report.began)}", say)
    paper.top(title, under(report, say))
    for section in whole(report, say):
        paper.section(section)
    return bytes(paper.output())


class _Paper(FPDF):
    """A4, with the case and the page's number at the foot of each."""

    def __init__(self, title: str, foot: str, say: Say) -> None:
        super().__init__(format="A4")
        self._foot = f"{foot} · {say('page')}"
        self.add_font("rung", "", FONTS / "DejaVuSans.ttf")
        self.add_font("rung", "B", FONTS / "DejaVuSans-Bold.ttf")
        self.set_auto_page_break(True, margin=18)
        self.set_title(title)
        self.set_font("rung", size=BODY_PT)
        self.add_page()

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font("rung", size=8)
        self.cell(0, 8, f"{self._foot} {self.page_no()}", align="R")

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

    def section(self, section: Section) -> None:
        if section.title:
            self.head(section.title)
        for said in section.before:
            self.say(said.text)
        if section.grid is not None:
            self.grid(section.grid)
        for text in section.after:
            self.say(text)

    def grid(self, grid: Grid) -> None:
        if not grid.rows:
            if grid.otherwise:
                self.say(grid.otherwise)
            return
        with self.table(
            col_widths=grid.widths,
            line_height=LINE_MM,
            text_align="LEFT",
            headings_style=FontFace(emphasis="BOLD"),
            first_row_as_headings=bool(grid.heads),
            borders_layout="HORIZONTAL_LINES",
        ) as table:
            for row in (grid.heads,) if grid.heads else ():
                table.row(row)
            for cells in grid.rows:
                table.row(["\n".join(said.text for said in cell) for cell in cells])
