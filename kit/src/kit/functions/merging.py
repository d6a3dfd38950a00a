"""A three-way merge by lines in their places: what the user and the template changed since they agreed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from .lines import ASIDE, Line, key, located

MARKS = ("<<<<<<< before updating\n", "=======\n", ">>>>>>> after updating\n")


@dataclass
class Changes:
    """What a version has instead of a line of the base, and before it, by the line's number."""

    instead: dict[int, list[Line]] = field(default_factory=dict)
    before: dict[int, list[Line]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Merge:
    lines: list[Line] = field(default_factory=list)
    conflicts: int = 0
    dropped: list[Line] = field(default_factory=list)  # edits of lines that the template removed
    # Neighbouring lines that both changed, as mine and as theirs: one conflict.
    _open: list[tuple[list[Line], list[Line]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(line.text for line in self.lines)

    def accept(self, lines: Sequence[Line]) -> None:
        """Take lines that nobody disputes."""
        if self._open:
            self.conflicts += 1
            mine, theirs = ([line for pair in self._open for line in pair[side]] for side in (0, 1))
            start, middle, end = ([Line((), mark)] for mark in MARKS)
            self.lines += [*start, *mine, *middle, *theirs, *end]
            self._open.clear()
        self.lines += lines

    def choose(
        self, line: Line, mine: list[Line], theirs: list[Line], removing: bool, renaming: bool
    ) -> None:
        """Take what becomes of a line of the base."""
        my_text, their_text = ([item.text for item in side] for side in (mine, theirs))
        if their_text in (my_text, [line.text]):
            self.accept(mine)
        elif my_text == [line.text]:
            self.accept(theirs)
        elif removing and not theirs:
            self.dropped += mine
        elif renaming and mine and theirs:
            text = _with_new_words(line.text, mine[0].text, theirs[0].text)
            self.accept([Line(mine[0].place, text)])
        elif renaming:
            self.accept(mine)
        else:
            self._open.append((mine, theirs))


def changes(base: Sequence[Line], other: Sequence[Line]) -> Changes:
    """What another version makes of the base."""
    result = Changes()
    matcher = SequenceMatcher(None, base, other, autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag == "equal":
            continue
        new = list(other[first:last])
        for number in range(start, end):
            result.instead[number] = []
            for index, line in enumerate(new):
                if _is_edit(base[number], line):
                    result.before[number] += new[:index]
                    result.instead[number] = [line]
                    new = new[index + 1 :]
                    break
        result.before[end] += new
    return result


def _is_edit(old: Line, new: Line) -> bool:
    """Whether a line is another one, edited. A heading or a comment may have moved."""
    if old.place != new.place:
        can_move = all(ASIDE in "".join(line.place) for line in (old, new))
        return can_move and old.text == new.text
    if key(old.text) == key(new.text):
        return True
    return SequenceMatcher(None, old.text, new.text, autojunk=False).ratio() > 0.6


def name_changes(base: Sequence[Line], other: Sequence[Line]) -> Changes:
    """The changes where only names differ: line by line."""
    if len(base) != len(other):
        return changes(base, other)
    pairs = enumerate(zip(base, other, strict=True))
    return Changes({n: [new] for n, (old, new) in pairs if old.text != new.text})


def merge(
    base: Sequence[Line],
    mine: Changes,
    theirs: Changes,
    path: str,
    removing: bool = False,
    renaming: bool = False,
) -> Merge:
    """The base with the user's changes, `mine`, and the template's, `theirs`.

    Args:
        removing: what `theirs` removes goes, even where `mine` changed it.
        renaming: where both changed a line, `mine` follows word by word.
    """
    result = Merge()
    for number in range(len(base) + 1):
        own, new = mine.before.get(number, []), theirs.before.get(number, [])
        if own or new:
            result.accept([])
            result.accept(_in_order(result.lines, own, new, base[number:], path))
        if number < len(base):
            line = [base[number]]
            left, right = mine.instead.get(number, line), theirs.instead.get(number, line)
            result.choose(base[number], left, right, removing, renaming)
    result.accept([])
    return result


def _in_order(
    above: Sequence[Line], own: list[Line], new: list[Line], below: Sequence[Line], path: str
) -> list[Line]:
    """What both added between two lines, in an order that leaves each line in its place: the user's
    first, but for those at its end that belong to the lines below."""
    if own == new or not own or not new:
        return own or new
    for end in range(len(own), -1, -1):
        added = [*own[:end], *new, *own[end:]]
        text = "".join(line.text for line in [*above, *added, *below])
        pairs = zip(added, located(text, path)[len(above) :], strict=False)
        if all(expected == line for expected, line in pairs if expected.text.strip()):
            return added
    return [*own, *new]


def _with_new_words(base: str, mine: str, theirs: str) -> str:
    """My version of a line with the words that theirs changed, where mine left them."""

    def words(text: str) -> list[str]:
        return re.findall(r"\w+|\W", text)

    def matcher(other: str) -> SequenceMatcher[str]:
        return SequenceMatcher(None, words(base), words(other), autojunk=False)

    kept = matcher(mine).get_matching_blocks()
    result = words(mine)
    for tag, start, end, first, last in reversed(matcher(theirs).get_opcodes()):
        for block in kept if tag != "equal" else []:
            if block.a <= start and end <= block.a + block.size and block.size:
                offset = block.b - block.a
                result[start + offset : end + offset] = words(theirs)[first:last]
                break
    return "".join(result)
