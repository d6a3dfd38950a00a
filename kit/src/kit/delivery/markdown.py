"""Markdown for GitHub, of text that may hold anything."""

from __future__ import annotations

import re


def code(text: str) -> str:
    """Text as it is: in a code span nothing is Markdown, but for `|` in a table()."""
    if not text:
        return ""
    text = text if text.isprintable() else ascii(text)[1:-1]
    ticks = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if "`" in text else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def block(lines: list[str]) -> str:
    """Lines of a difference, coloured. Each begins with + or -, so none of them ends the block."""
    return "\n".join(["```diff", *lines, "```"])


def table(head: str, rows: list[tuple[str, ...]]) -> str:
    """A table with this head line; nothing when it has no rows. What is in a row is text."""
    cells = ([code(cell).replace("|", "\\|") for cell in row] for row in rows)
    lines = [head, re.sub("[^|]+", " --- ", head).strip(), *map(" | ".join, cells)]
    return "\n".join(f"| {line} |" for line in lines if rows)
