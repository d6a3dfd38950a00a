"""How cases are declared: an edit of a rendered service, beside the lesson that it is about.

The cases of STR-05 are in lessons/STR_05.py. Each edit is made to a copy of the smallest sample that
it fits, each night of every one; the gate must then report exactly the lesson of a violation, and
nothing for good code. Then the advice of each finding is followed, as a `fix` beside the case says,
and the gate must report nothing.
"""

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import lessons
from edits import Edit
from kit.gate.findings import Finding

Make = Callable[[Edit], None]
Apply = Callable[[Edit, Finding], None]


@dataclass(frozen=True)
class Case:
    """An edit with what it is about.

    Args:
        lesson: the lesson that it violates, or seems to.
        title: what somebody did.
        make: does it.
        is_good: whether nothing is wrong with it.
        also: other lessons that nobody could violate this one without violating.
    """

    lesson: str
    title: str
    make: Make
    is_good: bool
    also: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        return f"{self.lesson}{' good' if self.is_good else ''}: {self.title}"


@dataclass(frozen=True)
class Fix:
    """Somebody who does what a finding advises.

    Args:
        lesson: the lesson of the finding.
        advice: what the advice begins with.
        titles: the violations that it is for; all, if there are none.
        apply: does it, where the finding is.
    """

    lesson: str
    advice: str
    titles: tuple[str, ...]
    apply: Apply


_CASES: list[Case] = []
_FIXES: list[Fix] = []


def violation(title: str, *also: str) -> Callable[[Make], Make]:
    """Declare an edit that violates the lesson that its module is called after.

    Args:
        title: what somebody did.
        also: the ids of other lessons that it violates.
    """
    return _declared(title, is_good=False, also=also)


def good(title: str) -> Callable[[Make], Make]:
    """Declare an edit that comes close to violating the lesson of its module, and violates none."""
    return _declared(title, is_good=True)


def fix(advice: str, *titles: str) -> Callable[[Apply], Apply]:
    """Declare how the advice of findings of this lesson is followed, as far as its words go.

    Args:
        advice: what the finding's fix begins with, or the lesson's where the finding has none.
        titles: the violations that it is for, if others with this advice need another edit.
    """

    def declare(apply: Apply) -> Apply:
        _FIXES.append(Fix(_lesson_of(apply), advice, titles, apply))
        return apply

    return declare


def fix_for(title: str, finding: Finding, advice: str) -> Fix | None:
    """The declared way to follow a finding's advice: one for that violation before one for all."""
    fitting = [
        item
        for item in _FIXES
        if item.lesson == finding.lesson
        and advice.startswith(item.advice)
        and (not item.titles or title in item.titles)
    ]
    return max(fitting, key=lambda item: bool(item.titles), default=None)


def _lesson_of(function: Callable[..., None]) -> str:
    return function.__module__.rpartition(".")[2].replace("_", "-")


def _declared(title: str, *, is_good: bool, also: tuple[str, ...] = ()) -> Callable[[Make], Make]:
    def declare(make: Make) -> Make:
        _CASES.append(Case(_lesson_of(make), title, make, is_good, frozenset(also)))
        return make

    return declare


@cache
def cases() -> list[Case]:
    """Every case, by the lessons' modules."""
    for module in pkgutil.iter_modules(lessons.__path__):
        import_module(f"lessons.{module.name}")
    return _CASES
