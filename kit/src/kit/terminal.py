"""What commands print for people: tables that fit a screen, in colour at a terminal only."""

import shutil
import unicodedata
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 100  # characters
# Escape sequences of terminals, invisible characters, and those that change the direction of text.
CONTROLS = ("Cc", "Cf", "Zl", "Zp")


def printable(text: str) -> str:
    """Text from elsewhere, with control characters as `\\x1b`; tabs and line breaks stay."""
    return "".join(
        character
        if character in "\t\n" or unicodedata.category(character) not in CONTROLS
        else character.encode("unicode_escape").decode()
        for character in text
    )


def table(rows: Iterable[Sequence[str | Text]], *head: str) -> None:
    """Print a table, its cells wrapped so that it fits the terminal and WIDTH.

    Args:
        rows: a cell per column; a `Text` for one with a style.
        head: the titles of the columns; none for a table without a head.
    """
    grid = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=bool(head))
    cells = list(rows)
    for title in head or [""] * max(map(len, cells), default=0):
        grid.add_column(title, overflow="fold")
    for row in cells:
        grid.add_row(*(cell if isinstance(cell, Text) else Text(printable(cell)) for cell in row))
    if cells:
        output = console()
        with output.capture() as printed:
            output.print(grid)
        print("\n".join(line.rstrip() for line in printed.get().splitlines()))


def console() -> Console:
    """The output of this process. rich leaves colours out where it is no terminal, and for NO_COLOR."""
    columns = shutil.get_terminal_size((WIDTH, 24)).columns
    return Console(width=min(WIDTH, columns), highlight=False, markup=False)
