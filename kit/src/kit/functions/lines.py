"""The lines of a file with their places: below which keys, or in which section, each of them is.

Two lines are the same only where they are in the same place. So the threshold of one alarm can't be
taken for that of another, however alike they are.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

# A text of several lines in YAML: what is before the key, and the text.
BLOCK = re.compile(r"^( *)[\w-]+: (?:!Sub )?[|>]-?\n((?:\1 +.*\n|\n)+)", re.MULTILINE)
# Ends the place of a blank line or a comment: it goes with the line that follows.
ASIDE = "#"
# Deeper than any heading of Markdown.
PROSE = 7


class Line(NamedTuple):
    place: tuple[str, ...]  # the keys or headings above it
    text: str

    @property
    def is_comment(self) -> bool:
        return self.place[-1:] == (ASIDE,)


def key(text: str) -> str:
    """What a line sets: `Timeout: 10 # seconds` → Timeout."""
    return re.split(r"[:(=]| #", text.strip())[0].strip()


def located(text: str, path: str) -> list[Line]:
    """The lines of a file. A blank line or a comment is where the next line is."""
    is_markdown = path.endswith(".md")
    lines: list[Line] = []
    above: list[tuple[int, str]] = []  # depth and key
    waiting: list[str] = []  # blank lines and comments
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        if not bare or (bare.startswith("#") and not is_markdown):
            waiting.append(line)
            continue
        depth = _depth(line, path)
        # Comments that end a section are in it: what follows them is further out.
        while waiting and waiting[0].strip() and _indentation(waiting[0]) > depth:
            lines.append(Line((*(name for _, name in above), ASIDE), waiting.pop(0)))
        above = [(other, name) for other, name in above if other < depth]
        place = tuple(name for _, name in above)
        lines += [Line((*place, key(line), ASIDE), text) for text in waiting]
        lines.append(Line(place, line))
        if not (is_markdown and depth == PROSE):
            above.append((depth, key(line)))
        waiting = []
    return lines + [Line((ASIDE,), text) for text in waiting]


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _depth(line: str, path: str) -> int:
    if path.endswith(".md"):
        heading = re.match(r"#+(?= )", line)
        return len(heading[0]) if heading else PROSE
    if path.endswith(".toml"):
        return 0 if line.startswith("[") else _indentation(line) + 1
    return _indentation(line)


# ── JSON in YAML: the texts of dashboards ────────────────────────────────────


def with_commas(text: str) -> str:
    """A file with the commas that JSON in it needs: where both sides added or removed an entry, one
    may be missing between two, or follow the last."""

    def repaired(match: re.Match[str]) -> str:
        body = match[2]
        if not _is_broken_json(body):
            return match[0]
        separated = re.sub(r'([]}"\w])([ \t]*\n\s*)(?=[[{"])', r"\1,\2", body)
        repaired = re.sub(r",(?=\s*[]}])", "", separated)
        return match[0] if _is_broken_json(repaired) else match[0].replace(body, repaired)

    return BLOCK.sub(repaired, text)


def broken_json(text: str) -> list[str]:
    """The keys of texts that begin like JSON and are not valid."""
    return [key(match[0]) for match in BLOCK.finditer(text) if _is_broken_json(match[2])]


def _is_broken_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(re.sub(r"\$\{[^}]*\}", "0", text))  # what !Sub replaces
    except ValueError:
        return True
    return False


def without_comma(text: str) -> str:
    """A line without the comma that only separates it from the next entry of JSON."""
    return text.rstrip("\n").removesuffix(",")
