#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets the sample papers: sources/NAME.paper becomes NAME.pdf beside this file.

Debian: python3-gi python3-gi-cairo gir1.2-pango-1.0 fonts-texgyre. The same sources, fonts and libraries give
the same bytes.

A source is blocks with blank lines between them. The first block holds `key: value` lines (title, authors,
columns). The others begin with

    # heading     abstract:     = formula     table: caption     figure NAME: caption     [1] reference

and are paragraphs where they begin with none of these. Paragraphs hold Pango markup. The lines of a table
after the first are its rows, cells between bars, the first row the heads.
"""

import math
import pathlib
import re

import cairo
import gi

gi.require_version("Pango", "1.0")
gi.require_version("PangoCairo", "1.0")
from gi.repository import Pango, PangoCairo  # noqa: E402

PAGE_WIDTH, PAGE_HEIGHT = 595.28, 841.89
SIDE, TOP, BOTTOM, GUTTER = 62, 64, 70, 22
LEADING = 1.22
SERIF, SANS = "TeX Gyre Termes", "TeX Gyre Heros"
DARK, LIGHT, GREY = (0.11, 0.28, 0.52), (0.85, 0.43, 0.13), (0.45, 0.45, 0.45)
DATE = "2025-10-20T10:00:00"


def new_layout(context, markup, family, size):
    layout = PangoCairo.create_layout(context)
    layout.get_context().set_round_glyph_positions(False)
    font = Pango.FontDescription(family)
    font.set_absolute_size(size * Pango.SCALE)
    layout.set_font_description(font)
    layout.set_markup(markup, -1)
    return layout


def width_of(layout):
    return layout.get_size()[0] / Pango.SCALE


class Lines:
    """A text that may be broken between any two of its lines."""

    def __init__(self, context, markup, width, size, before=0, after=0, justify=False, indent=0, align="left"):
        self.before, self.after = before, after
        self.layout = new_layout(context, markup, SERIF, size)
        self.layout.set_width(round(width * Pango.SCALE))
        self.layout.set_indent(round(indent * Pango.SCALE))
        self.layout.set_justify(justify)
        self.layout.set_alignment({"left": Pango.Alignment.LEFT, "center": Pango.Alignment.CENTER}[align])
        self.lines = []
        steps = self.layout.get_iter()
        while True:
            _, box = steps.get_line_extents()
            ascent = (steps.get_baseline() - box.y) / Pango.SCALE
            self.lines.append((steps.get_line_readonly(), box.x / Pango.SCALE, ascent, size * LEADING))
            if not steps.next_line():
                break

    def pieces(self):
        for i, (line, x, ascent, height) in enumerate(self.lines):
            space = self.after if i == len(self.lines) - 1 else 0
            yield height + space, lambda context, left, top, line=line, x=x, ascent=ascent: self.draw(
                context, left + x, top + ascent, line
            )

    @staticmethod
    def draw(context, x, y, line):
        context.set_source_rgb(0, 0, 0)
        context.move_to(x, y)
        PangoCairo.show_layout_line(context, line)


class Box:
    """A thing of fixed height that stays whole, with a caption."""

    def __init__(self, context, width, height, draw, caption, caption_above, before=10):
        self.before = before
        self.draw_content, self.height, self.width = draw, height, width
        self.caption = Lines(context, caption, width, 9)
        self.caption_height = sum(line[3] for line in self.caption.lines)
        self.caption_above = caption_above

    def pieces(self):
        yield self.height + self.caption_height + 10, self.draw

    def draw(self, context, left, top):
        caption_top = top if self.caption_above else top + self.height + 5
        for height, draw in self.caption.pieces():
            draw(context, left, caption_top)
            caption_top += height
        context.save()
        context.translate(left, top + self.caption_height + 5 if self.caption_above else top)
        self.draw_content(context, self.width)
        context.restore()


def label(context, x, y, markup, size=7.6, anchor=0.0, family=SANS, color=(0, 0, 0), turn=0.0):
    """Writes one line with its baseline at y; anchor 0 begins, 0.5 centres, 1 ends at x."""
    layout = new_layout(context, markup, family, size)
    context.save()
    context.set_source_rgb(*color)
    context.translate(x, y)
    context.rotate(turn)
    context.move_to(-anchor * width_of(layout), 0)
    PangoCairo.show_layout_line(context, layout.get_line_readonly(0))
    context.restore()


def rule(context, x1, y1, x2, y2, width=0.5, color=(0, 0, 0), dash=()):
    context.save()
    context.set_source_rgb(*color)
    context.set_line_width(width)
    context.set_dash(dash)
    context.move_to(x1, y1)
    context.line_to(x2, y2)
    context.stroke()
    context.restore()


def table(context, width, rows, caption):
    size, row_height = 9, 13
    height = row_height * len(rows) + 8
    rows = [[f"<b>{cell}</b>" for cell in rows[0]]] + rows[1:]
    widths = [max(width_of(new_layout(context, cell, SERIF, size)) for cell in column) for column in zip(*rows)]
    gap = (width - 4 - sum(widths)) / (len(widths) - 1)

    def draw(context, width):
        rule(context, 0, 0.5, width, 0.5, 0.9)
        for i, row in enumerate(rows):
            x, y = 2, 11 + i * row_height + (4 if i > 0 else 0)
            for j, cell in enumerate(row):
                label(context, x if j == 0 else x + widths[j], y, cell, size, 0 if j == 0 else 1, SERIF)
                x += widths[j] + gap
        rule(context, 0, 16, width, 16, 0.5)
        rule(context, 0, height - 0.5, width, height - 0.5, 0.9)

    return Box(context, width, height, draw, caption, True)


def draw_reads(context, width):
    """Keys that the next token reads, dense and sparse, against the length of the context."""
    left, right, top, bottom = 34, width - 8, 10, 128
    longest, k = 131072, 2048

    def at(tokens, keys):
        return left + (right - left) * tokens / longest, bottom - (bottom - top) * keys / longest

    for thousands in (0, 32, 64, 96, 128):
        x, y = at(thousands * 1024, thousands * 1024)
        rule(context, left, y, right, y, 0.4, (0.85, 0.85, 0.85))
        label(context, left - 4, y + 2.6, f"{thousands}k" if thousands else "0", 7, 1)
        label(context, x, bottom + 10, f"{thousands}k" if thousands else "0", 7, 0.5)
    rule(context, left, bottom, right, bottom, 0.7)
    rule(context, left, top, left, bottom, 0.7)
    rule(context, *at(0, 0), *at(longest, longest), 1.6, DARK)
    context.set_source_rgb(*LIGHT)
    context.set_line_width(1.6)
    context.move_to(*at(0, 0))
    context.line_to(*at(k, k))
    context.line_to(*at(longest, k))
    context.stroke()
    label(context, *at(66000, 84000), "dense", 8, 1, color=DARK)
    label(context, at(118000, 0)[0], at(0, 9500)[1], "sparse, k = 2,048", 8, 1, color=LIGHT)
    label(context, (left + right) / 2, bottom + 21, "tokens in the context", 7.4, 0.5)
    label(context, 7, (top + bottom) / 2, "keys read", 7.4, 0.5, turn=-math.pi / 2)


STUDY = (("System A", 82, 78, 86), ("System B", 80, 73, 85), ("System C", 71, 66, 75), ("System D", 84, 79, 88))


def draw_study(context, width):
    """Share of correct answers: the mean of five runs, and the range from the lowest to the highest."""
    left, right, top, bottom = 64, width - 20, 6, 104
    low, high = 60, 90

    def at(share):
        return left + (right - left) * (share - low) / (high - low)

    for share in range(low, high + 1, 10):
        rule(context, at(share), top, at(share), bottom, 0.4, (0.85, 0.85, 0.85))
        label(context, at(share), bottom + 11, f"{share} %", 7.4, 0.5)
    rule(context, left, bottom, right, bottom, 0.7)
    for i, (name, mean, lowest, highest) in enumerate(STUDY):
        y = top + 14 + i * 24
        label(context, left - 8, y + 3, name, 8, 1)
        rule(context, at(lowest), y, at(highest), y, 1.4, DARK)
        for end in (lowest, highest):
            rule(context, at(end), y - 4, at(end), y + 4, 1.4, DARK)
        context.set_source_rgb(*LIGHT)
        context.arc(at(mean), y, 3.4, 0, 2 * math.pi)
        context.fill()
    label(context, (left + right) / 2, bottom + 23, "correct answers, mean and range of five runs", 7.6, 0.5)


FIGURES = {"reads": (152, draw_reads), "study": (130, draw_study)}


def block(context, text, width, after_heading, size):
    """One block of a source, set in a column of this width."""
    kind, _, rest = text.partition("\n")
    if text.startswith("# "):
        return Lines(context, f"<b>{text[2:]}</b>", width, size + 1.6, before=9)
    if text.startswith("= "):
        return Lines(context, text[2:], width, size, before=4, after=4, align="center")
    if text.startswith("abstract:"):
        return Lines(context, "<b>Abstract.</b> " + flat(text[9:]), width, size, justify=True)
    if text.startswith("table:"):
        rows = [[cell.strip() for cell in line.split("|")] for line in rest.splitlines()]
        return table(context, width, rows, kind[6:].strip())
    if match := re.match(r"figure (\w+): ", text):
        height, draw = FIGURES[match[1]]
        return Box(context, width, height, draw, flat(text[match.end() :]), False)
    if text.startswith("["):
        return Lines(context, flat(text), width, size - 1, before=2, justify=True)
    return Lines(context, flat(text), width, size, justify=True, indent=0 if after_heading else 11, before=1)


def flat(text):
    return " ".join(text.split())


class Sheet:
    """Pages of columns, filled from the top left."""

    def __init__(self, context, columns):
        self.context, self.columns = context, columns
        self.width = (PAGE_WIDTH - 2 * SIDE - GUTTER * (columns - 1)) / columns
        self.column, self.page = 0, 1
        self.start = self.y = TOP

    def left(self):
        return SIDE + self.column * (self.width + GUTTER)

    def next_column(self):
        self.column += 1
        if self.column == self.columns:
            self.end_page()
            self.context.show_page()
            self.column, self.start, self.page = 0, TOP, self.page + 1
        self.y = self.start

    def end_page(self):
        label(self.context, PAGE_WIDTH / 2, PAGE_HEIGHT - 38, str(self.page), 10, 0.5, SERIF)

    def put(self, thing, room, bottom):
        """Sets a thing; `room` is what must fit below its first line, so that no heading stands alone."""
        if self.y > self.start:
            self.y += thing.before
        pieces = list(thing.pieces())
        for i, (height, draw) in enumerate(pieces):
            # Neither the first line of a paragraph nor the last one is left alone.
            pair = height if i in (0, len(pieces) - 2) and len(pieces) > 1 else 0
            if self.y + height + max(pair, room if i == 0 else 0) > bottom + 0.01:
                self.next_column()
            draw(self.context, self.left(), self.y)
            self.y += height


def height_of(things):
    return sum(thing.before + sum(height for height, _ in thing.pieces()) for thing in things)


def set_paper(source):
    text = source.read_text(encoding="utf-8")
    blocks = [part.strip("\n") for part in re.split(r"\n\s*\n", text) if part.strip()]
    head = dict(line.split(": ", 1) for line in blocks[0].splitlines())
    columns = int(head["columns"])
    size = 10.6 if columns == 2 else 11.6

    surface = cairo.PDFSurface(str(source.parent.parent / (source.stem + ".pdf")), PAGE_WIDTH, PAGE_HEIGHT)
    surface.set_metadata(cairo.PDFMetadata.TITLE, head["title"])
    surface.set_metadata(cairo.PDFMetadata.AUTHOR, head["authors"])
    surface.set_metadata(cairo.PDFMetadata.CREATE_DATE, DATE)
    context = cairo.Context(surface)

    sheet = Sheet(context, columns)
    full = PAGE_WIDTH - 2 * SIDE
    for thing in (
        Lines(context, f"<b>{head['title']}</b>", full, 21, align="center"),
        Lines(context, head["authors"], full, 12.5, before=7, align="center"),
        Lines(context, f"<i>{head['note']}</i>", full, 10.5, before=3, align="center"),
    ):
        sheet.y += thing.before
        for height, draw in thing.pieces():
            draw(context, SIDE, sheet.y)
            sheet.y += height
    sheet.start = sheet.y = sheet.y + 16

    things, after_heading = [], True
    for part in blocks[1:]:
        things.append((block(context, part, sheet.width, after_heading, size), part.startswith("# ")))
        after_heading = part.startswith(("# ", "="))

    # What does not fill the page is shared among its columns.
    for i, (thing, is_heading) in enumerate(things):
        bottom = PAGE_HEIGHT - BOTTOM
        room_left = (bottom - sheet.start) * (columns - sheet.column) - (sheet.y - sheet.start)
        rest = height_of(other for other, _ in things[i:])
        if columns == 2 and sheet.page > 1 and rest < room_left and sheet.column == 0:
            bottom = sheet.start + (rest + sheet.y - sheet.start) / 2 + 14
        sheet.put(thing, 28 if is_heading else 0, bottom)
    sheet.end_page()
    surface.finish()
    print(f"{source.stem}: {sheet.page} pages")


def main():
    folder = pathlib.Path(__file__).resolve().parent
    for source in sorted((folder / "sources").glob("*.paper")):
        set_paper(source)


if __name__ == "__main__":
    main()
