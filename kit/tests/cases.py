"""How cases are declared: an edit of a rendered service, beside the lesson that it is about.

The cases of STR-05 are in lessons/STR_05.py. Each edit is made to a copy of the smallest sample that
it fits, each night of every one; the gate must then report exactly the lesson of a violation, and
nothing for good code.
"""

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import lessons
from edits import Edit

Make = Callable[[Edit], None]


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


_CASES: list[Case] = []


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


def _declared(title: str, *, is_good: bool, also: tuple[str, ...] = ()) -> Callable[[Make], Make]:
    def declare(make: Make) -> Make:
        lesson = make.__module__.rpartition(".")[2].replace("_", "-")
        _CASES.append(Case(lesson, title, make, is_good, frozenset(also)))
        return make

    return declare


@cache
def cases() -> list[Case]:
    """Every case, by the lessons' modules."""
    for module in pkgutil.iter_modules(lessons.__path__):
        import_module(f"lessons.{module.name}")
    return _CASES
