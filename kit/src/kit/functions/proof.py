"""The proof that a merge lost nothing, added nothing, and left everything in its place.

A merged file is held against what the template had (`base`), what the user has (`mine`) and what the
template has now (`theirs`): its lines, and where it is YAML or TOML the values at its keys too.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeVar

import yaml

from kit.errors import KitError
from kit.template import Loader, read

from .lines import Line, broken_json, located, without_comma
from .merging import Merge

Item = TypeVar("Item")


def need_everything_in_place(
    path: str,
    sides: tuple[Sequence[Line], Sequence[Line], Sequence[Line]],
    merge: Merge,
    text: str,
    removing: bool = False,
) -> None:
    """KitError unless every line and every value is where its user or the template has it.

    Args:
        path: the file.
        sides: the lines of base, mine and theirs.
        merge: what became of them.
        text: the user's file, for the numbers of its lines.
        removing: whether edits of lines that the template removed may go with them.
    """
    wrong = [
        f"line {_number(line, text)}: {line.text.strip()}"
        for line in misplaced(*sides, merge, path)
    ]
    if not broken_json(text):
        wrong += [f"{key}: no JSON any more" for key in broken_json(merge.text)]
    base, mine, theirs = ("".join(line.text for line in lines) for lines in sides)
    values = [
        parsed(base, path, "the template's "),
        parsed(mine, path),
        parsed(theirs, path, "the template's "),
        parsed(merge.text, path, "the merged "),
    ]
    wrong += [" / ".join(map(str, keys)) for keys in _wrong_values(values, removing)]
    if wrong:
        raise KitError(
            f"{path} can't be merged so that every line stays in its place:",
            *wrong[:5],
            "Nothing is changed. Revert your change there, commit that, try again, and then make",
            "your change again.",
        )


def _number(line: Line, text: str) -> str:
    """The number of a line in the user's file, or `?` for one that only the template has."""
    numbers = [n for n, own in enumerate(text.splitlines(), 1) if without_comma(own) == line.text]
    return str(numbers[0]) if numbers else "?"


def _is_right(counts: Sequence[int], removing: bool) -> bool:
    """Whether something is in a merge as often as it has to be: with what each side added and
    removed. What both added, or removed, may be the same or not: then it counts once or twice."""
    base, mine, theirs, merged = counts
    possible = [mine + theirs - base]
    if mine > base and theirs > base:
        possible.append(max(mine, theirs))
    if mine < base and theirs < base:
        possible.append(min(mine, theirs))
    return (removing or min(possible) <= merged) and merged <= max(possible)


def _wrong(versions: Iterable[Iterable[Item]], removing: bool = False) -> list[Item]:
    """What is not as often in the last of four versions as it has to be after the first three."""
    counts = [Counter(version) for version in versions]
    return [
        item
        for item in dict.fromkeys(chain.from_iterable(counts))
        if not _is_right([count[item] for count in counts], removing)
    ]


def misplaced(
    base: Sequence[Line], mine: Sequence[Line], theirs: Sequence[Line], merge: Merge, path: str
) -> list[Line]:
    """The lines that are not where mine or the template's version has them, or are lost."""
    dropped = {*merge.dropped}
    kept = [line for line in mine if line not in dropped]
    versions = [base, kept, theirs, located(merge.text, path)]
    placed = _by_heading(versions) if path.endswith(".md") else map(_by_keys, versions)
    return [line for line in _wrong(placed) if line.text]


def _by_keys(lines: Sequence[Line]) -> Iterator[Line]:
    """Lines in their places; comments in their section, whatever line they are above."""
    for line in lines:
        place = line.place[:-2] if line.is_comment else line.place
        yield Line(place, without_comma(line.text))


def _by_heading(versions: Sequence[Sequence[Line]]) -> Iterator[list[Line]]:
    """Lines below the last heading that all versions have: one that somebody adds takes over what
    is below it, and yet nothing has moved."""
    headings = set.intersection(
        *({line.text for line in lines if line.text.startswith("#")} for lines in versions)
    )
    for lines in versions:
        placed, heading = [], ""
        for line in lines:
            placed.append(Line((heading,), without_comma(line.text)))
            heading = line.text if line.text in headings else heading
        yield placed


# ── Values ───────────────────────────────────────────────────────────────────


def parsed(text: str, path: str, whose: str = "") -> Any:
    """What is in a YAML or TOML file, and None for any other; KitError where it can't be read, or has a
    key twice."""
    try:
        if path.endswith((".yaml", ".yml")):
            twice = [*_keys_twice(yaml.compose(text, Loader))]
            if twice:
                raise KitError(f"{whose}{path} has a key twice:", *twice)
            return read(text)
        return tomllib.loads(text) if path.endswith(".toml") else None
    except (yaml.YAMLError, tomllib.TOMLDecodeError) as error:
        raise KitError(f"{whose}{path} can't be read:", *str(error).splitlines()) from error


def _keys_twice(node: Any) -> Iterator[str]:
    if isinstance(node, yaml.MappingNode):
        count = Counter(key.value for key, _ in node.value if isinstance(key.value, str))
        line = node.start_mark.line + 1
        yield from (f"{key}, below line {line}" for key in count if count[key] > 1)
        children = [value for _, value in node.value]
    else:
        children = node.value if isinstance(node, yaml.SequenceNode) else []
    for child in children:
        yield from _keys_twice(child)


def _wrong_values(values: Sequence[Any], removing: bool) -> Iterator[tuple[Any, ...]]:
    """The keys at which a merged value is neither mine nor the template's nor made of both."""
    base, mine, theirs, merged = values
    if merged == (theirs if mine == base else mine):
        return
    if all(value is None or isinstance(value, dict) for value in values):
        entries = [value or {} for value in values]
    elif _is_made_of_both(values, removing):
        return
    elif all(isinstance(value, list) and len(value) == len(base) for value in values):
        entries = [dict(enumerate(value)) for value in values]
    else:
        yield ()
        return
    for name in dict.fromkeys(chain.from_iterable(entries)):
        parts = [entry.get(name) for entry in entries]
        yield from ((name, *keys) for keys in _wrong_values(parts, removing))


def _is_made_of_both(values: Sequence[Any], removing: bool) -> bool:
    """Whether a list has the items, or a text the lines, of mine and of the template's version."""
    if removing and values[2] is None:
        return values[3] is None
    if all(isinstance(value, str) for value in values):
        return not _wrong([map(without_comma, text.splitlines()) for text in values], removing)
    if all(isinstance(value, list) for value in values):
        return not _wrong([map(repr, items) for items in values], removing)
    return False
