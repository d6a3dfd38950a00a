"""Merge what the template changes into a file that its user has changed too.

Two lines are the same only where they are in the same place: below the same keys, in the same section.
So the threshold of one alarm can't be taken for that of another, however alike they are.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, NamedTuple

MARKS = ("<<<<<<< before updating\n", "=======\n", ">>>>>>> after updating\n")


# A text of several lines in YAML: what is before the key, and the text.
BLOCK = re.compile(r"^( *)[\w-]+: (?:!Sub )?[|>]-?\n((?:\1 +.*\n|\n)+)", re.MULTILINE)


class Line(NamedTuple):
    place: tuple[str, ...]  # the keys or headings above it
    text: str


def key(text: str) -> str:
    """What a line is called: `Timeout: 10 # seconds` → Timeout."""
    return re.split(r"[:(=]| #", text.strip())[0].strip()


def located(text: str, name: str) -> list[Line]:
    """The lines of a file with their places. A blank line or a comment is where the next line is."""
    markdown = name.endswith(".md")
    found: list[Line] = []
    above: list[tuple[int, str]] = []  # how deep, and the key
    waiting: list[str] = []  # blank lines and comments
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        depth = len(line) - len(line.lstrip())
        if not bare or (bare.startswith("#") and not markdown):
            waiting.append(line)
            continue
        if markdown:
            hashes = re.match(r"#+(?= )", line)
            depth = len(hashes[0]) if hashes else 7
        elif name.endswith(".toml"):
            depth = 0 if line.startswith("[") else depth + 1
        # Comments that end a section are in it: what follows them is further out.
        while waiting and waiting[0].strip() and len(waiting[0]) - len(waiting[0].lstrip()) > depth:
            found.append(Line((*(each for _, each in above), "#"), waiting.pop(0)))
        above = [each for each in above if each[0] < depth]
        place = tuple(each for _, each in above)
        found += [Line((*place, key(line), "#"), each) for each in waiting]
        found.append(Line(place, line))
        if depth < 7 or not markdown:
            above.append((depth, key(line)))
        waiting = []
    return found + [Line(("#",), each) for each in waiting]


def is_json(text: str) -> bool:
    """Whether CloudFormation has JSON of a text once it has replaced what `!Sub` names."""
    try:
        json.loads(re.sub(r"\$\{[^}]*\}", "0", text))
    except ValueError:
        return False
    return True


def with_commas(text: str) -> str:
    """A file with the commas that JSON needs in the texts of a dashboard: where both sides added or
    took away an entry, one may be missing between two, or stand behind the last."""

    def repaired(match: re.Match[str]) -> str:
        body = match[2]
        if not body.lstrip().startswith(("{", "[")) or is_json(body):
            return match[0]
        between = re.sub(r'([]}"\w])([ \t]*\n\s*)(?=[[{"])', r"\1,\2", body)
        new = re.sub(r",(?=\s*[]}])", "", between)
        return match[0].replace(body, new) if is_json(new) else match[0]

    return BLOCK.sub(repaired, text)


def broken(text: str) -> list[str]:
    """The keys of texts that begin like JSON and are none."""
    return [
        match[0].split(":")[0].strip()
        for match in BLOCK.finditer(text)
        if match[2].lstrip().startswith(("{", "[")) and not is_json(match[2])
    ]


def alike(one: Line, other: Line) -> bool:
    """Whether a line is another one, edited. A heading or a comment may be elsewhere than it was."""
    if one.place != other.place:
        loose = all("#" in "".join(line.place) for line in (one, other))
        return loose and one.text == other.text
    same = key(one.text) == key(other.text)
    return same or SequenceMatcher(None, one.text, other.text, autojunk=False).ratio() > 0.6


@dataclass
class Changes:
    """What a version has instead of a line of the base, and what before it, by the line's number."""

    instead: dict[int, list[Line]] = field(default_factory=dict)
    before: dict[int, list[Line]] = field(default_factory=lambda: defaultdict(list))


def changes(base: Sequence[Line], other: Sequence[Line]) -> Changes:
    found = Changes()
    matcher = SequenceMatcher(None, base, other, autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag == "equal":
            continue
        new = list(other[first:last])
        for number in range(start, end):
            found.instead[number] = []
            for at, line in enumerate(new):
                if alike(base[number], line):
                    found.before[number] += new[:at]
                    found.instead[number] = [line]
                    new = new[at + 1 :]
                    break
        found.before[end] += new
    return found


def renamed(base: Sequence[Line], other: Sequence[Line]) -> Changes:
    """The changes where only names differ: line by line."""
    if len(base) != len(other):
        return changes(base, other)
    pairs = enumerate(zip(base, other, strict=True))
    return Changes({n: [new] for n, (old, new) in pairs if old.text != new.text})


def words(base: str, mine: str, its: str) -> str:
    """A line of mine with the words that its version of the line changed, where mine left them."""

    def split(text: str) -> list[str]:
        return re.findall(r"\w+|\W", text)

    kept = SequenceMatcher(None, split(base), split(mine), autojunk=False).get_matching_blocks()
    new = split(mine)
    theirs = SequenceMatcher(None, split(base), split(its), autojunk=False).get_opcodes()
    for tag, start, end, first, last in reversed(theirs):
        for block in kept if tag != "equal" else []:
            if block.a <= start and end <= block.a + block.size and block.size:
                at = block.b + start - block.a
                new[at : at + end - start] = split(its)[first:last]
                break
    return "".join(new)


@dataclass
class Merged:
    lines: list[Line]
    conflicts: int = 0
    dropped: list[Line] = field(default_factory=list)  # edits of lines that the template took away

    @property
    def text(self) -> str:
        return "".join(line.text for line in self.lines)


def merged(
    base: Sequence[Line],
    mine: Changes,
    its: Changes,
    removing: bool = False,
    renaming: bool = False,
) -> Merged:
    """The base with both changes.

    Args:
        removing: lets go what `its` takes away, even where mine changed it.
        renaming: lets mine follow word by word where both changed a line.
    """
    done = Merged([])
    waiting: list[tuple[list[Line], list[Line]]] = []  # of a conflict: mine and its

    def settle() -> None:
        if waiting:
            done.conflicts += 1
            sides = [[line for pair in waiting for line in pair[side]] for side in (0, 1)]
            marks = [[Line((), mark)] for mark in MARKS]
            done.lines += [*marks[0], *sides[0], *marks[1], *sides[1], *marks[2]]
            waiting.clear()

    for number, line in enumerate([*base, None]):
        own, new = mine.before.get(number, []), its.before.get(number, [])
        if own or new:
            settle()
            done.lines += own if own == new else beside(own, new, line)
        if line is None:
            break
        left, right = mine.instead.get(number, [line]), its.instead.get(number, [line])
        texts = [[each.text for each in side] for side in (left, right)]
        if texts[0] == texts[1] or texts[1] == [line.text]:
            settle()
            done.lines += left
        elif texts[0] == [line.text]:
            settle()
            done.lines += right
        elif removing and not right:
            done.dropped += left
        elif renaming and left and right:
            done.lines.append(Line(left[0].place, words(line.text, left[0].text, right[0].text)))
        elif renaming:
            done.lines += left
        else:
            waiting.append((left, right))
    settle()
    return done


def beside(own: list[Line], new: list[Line], following: Line | None) -> list[Line]:
    """What both added in one place: mine first, but for what belongs to the line that follows."""
    if own and new and level(own[0]) < level(new[0]):
        return [*new, *own]  # the template's goes on with what is above
    at = len(own)
    while (
        at
        and following
        and own[at - 1].place[: len(following.place) + 1]
        == (
            *following.place,
            key(following.text),
        )
    ):
        at -= 1
    return [*own[:at], *new, *own[at:]]


def level(line: Line) -> int:
    """How many keys it is below; a comment's own place names that of the line after it, too."""
    return len(line.place) - (2 if line.place[-1:] == ("#",) else 0)


def misplaced(
    base: Sequence[Line], ours: Sequence[Line], theirs: Sequence[Line], done: Merged, name: str
) -> list[Line]:
    """Lines that are not where mine or the template's version has them, or that are lost."""
    headings = {line.text: line.text for line in [*base, *theirs] if line.text.startswith("#")}
    for number, lines in changes(base, ours).instead.items() if name.endswith(".md") else ():
        if lines and base[number].text in headings:
            headings[lines[0].text] = base[number].text
        else:
            headings.pop(base[number].text, None)

    def counted(lines: Sequence[Line]) -> Counter[Line]:
        if name.endswith(".md"):
            return Counter(in_prose(lines, headings))
        return Counter(Line(line.place, without_comma(line.text)) for line in lines)

    was, mine, its = counted(base), counted(ours), counted(theirs)
    # What both add in one place, such as `- Effect: Allow` below a Statement, is there twice.
    twice = (mine - was) & (its - was)
    # Comments that the template has above another line now, in the same section.
    aside = comments(was - its) & comments(its - was)
    was, its = (
        Counter({line: n for line, n in each.items() if not comments([line]) & aside})
        for each in (was, its)
    )
    # counted() places a line of Markdown by its heading, which a dropped one alone does not have.
    gone = {line.text for line in done.dropped}
    dropped = Counter({line: n for line, n in mine.items() if line.text in gone})
    dropped = dropped if name.endswith(".md") else counted(done.dropped)
    expected = both(was, mine, its) - dropped
    result = counted(located(done.text, name))
    missing, strange = [*(expected - result)], [*(result - expected - twice)]
    owners = {(*line.place, key(line.text), "#") for line in theirs}
    for line in list(missing):  # a comment outlives the line that it was above
        found = [each for each in strange if comments([each]) & comments([line])]
        if found and (line.place not in owners or comments([line]) & aside):
            missing.remove(line)
            strange.remove(found[0])
    return [line for line in missing + strange if line.text.strip()]


def without_comma(text: str) -> str:
    """A line without the comma that only separates it from the next entry of JSON."""
    return re.sub(r",$", "", text.rstrip("\n")) + "\n"


def comments(lines: Iterable[Line]) -> set[tuple[tuple[str, ...], str]]:
    """The comments, with the place that they are in, whatever line is below them."""
    return {(line.place[:-2], line.text) for line in lines if line.place[-1:] == ("#",)}


def in_prose(lines: Sequence[Line], headings: dict[str, str]) -> Iterator[Line]:
    """Lines with the last of these headings: one that a user adds takes over what is below it, and
    yet nothing has moved."""
    heading = ""
    for line in lines:
        yield Line((heading,), line.text)
        heading = headings.get(line.text, heading)


def both(was: Counter[Any], mine: Counter[Any], its: Counter[Any]) -> Counter[Any]:
    """What mine has, with what is new in the template's version and without what it lost."""
    return mine + ((its - was) - (mine - was)) - ((was - its) - (was - mine))


def strange(sides: Sequence[Any], removing: bool) -> Iterator[tuple[Any, ...]]:
    """The keys whose values in a merged file are neither mine nor the template's.

    Args:
        sides: what is in the base, in mine, in the template's version and in the merged file.
    """
    base, mine, its, done = sides
    if done == (its if mine == base else mine):
        return
    if all(each is None or isinstance(each, dict) for each in sides):
        entries = [each or {} for each in sides]
    elif is_both(sides, removing):
        return
    elif all(isinstance(each, list) and len(each) == len(base) for each in sides):
        entries = [dict(enumerate(each)) for each in sides]
    else:
        yield ()
        return
    for name in dict.fromkeys(name for each in entries for name in each):
        values = [each.get(name) for each in entries]
        yield from ((name, *keys) for keys in strange(values, removing))


def is_both(sides: Sequence[Any], removing: bool) -> bool:
    """Whether the items of a list, or the lines of a text, are those of mine and of the template."""
    if removing and sides[2] is None:
        return sides[3] is None
    if not all(isinstance(each, list | str) for each in sides):
        return False
    was, own, new, result = (
        Counter(map(repr, map(without_comma, each.splitlines()) if isinstance(each, str) else each))
        for each in sides
    )
    expected = both(was, own, new)
    # Lines that both add, `{` for one, are there twice.
    twice = (own - was) & (new - was) if isinstance(sides[3], str) else Counter[str]()
    whole = expected <= result <= expected + twice
    return whole or (removing and result <= expected)
