"""The lessons, from registry.yml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kit.delivery.template import read

PATH = Path(__file__).with_name("registry.yml")
# Who notices a violation.
DEFENDERS = ("gate", "preflight", "prompt", "run time", "deploy", "hook", "guide")


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Args:
        id: its name, for ever: STR-05.
        section: the chapter of docs/lessons.md.
        rule: what holds, in one sentence.
        why: what happened without it.
        here: where this service follows it.
        fix: how to fix a violation.
        defended_by: who notices a violation, of DEFENDERS.
        see: documents with more, by their path.
        no_check: why only people can tell, if that is so.
    """

    id: str
    section: str
    rule: str
    why: str
    here: str
    fix: str
    defended_by: tuple[str, ...]
    see: tuple[str, ...] = ()
    no_check: str = ""


@cache
def lessons() -> Mapping[str, Lesson]:
    """Every lesson by its id, in the order of the registry."""
    data = read(PATH.read_text("utf-8"))
    return {
        name: Lesson(
            id=name,
            section=section,
            rule=entry["rule"].strip(),
            why=entry["why"].strip(),
            here=entry["here"].strip(),
            fix=entry["fix"].strip(),
            defended_by=tuple(entry["defended_by"]),
            see=tuple(entry.get("see", ())),
            no_check=entry.get("no_check", ""),
        )
        for section, entries in data.items()
        for name, entry in entries.items()
    }
