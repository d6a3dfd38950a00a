"""Markdown for GitHub, of text that may hold anything."""

from __future__ import annotations

import re


def ticks(text: str) -> str:
    """More backticks than are anywhere in a text."""
    return "`" * (1 + max(map(len, re.findall("`+", text)), default=0))


def code(text: str) -> str:
    """Text as it is: nothing in a code span is Markdown, but for `|` in a table."""
    if not text:
        return ""
    text = text if text.isprintable() else ascii(text)[1:-1]
    space = " " if "`" in text else ""
    return f"{ticks(text)}{space}{text}{space}{ticks(text)}".replace("|", "\\|")


def block(lines: list[str]) -> str:
    """Lines as they are, coloured as a difference is."""
    fence = "``" + ticks("".join(lines))
    return "\n".join([f"{fence}diff", *lines, fence])


def table(head: str, rows: list[tuple[str, ...]]) -> str:
    """A table with this head line; nothing when it has no rows. What is in a row is text."""
    lines = [
        head,
        re.sub("[^|]+", " --- ", head).strip(),
        *(" | ".join(map(code, row)) for row in rows),
    ]
    return "\n".join(f"| {line} |" for line in lines if rows)
