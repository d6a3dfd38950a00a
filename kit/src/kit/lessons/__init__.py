"""The lessons, one module each: STR_05.py is STR-05, with its rule, its story and its check."""

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from kit.gate.lesson import Lesson

# The chapters of docs/lessons.md, by the families of ids.
SECTIONS = {
    "STR": "Structure and imports",
    "DEP": "Dependencies and the local environment",
    "IAC": "Infrastructure as code",
    "CD": "Delivery",
    "CI": "Pipelines",
    "IAM": "Identity and access",
    "SEC": "Secrets and configuration",
    "RUN": "Runtime",
    "EVT": "Events and workers",
    "TST": "Tests",
    "DOC": "Documents",
}


@cache
def lessons() -> Mapping[str, Lesson]:
    """Every lesson by its id, in the order of SECTIONS.

    Raises:
        ValueError: a module is not called like the lesson in it.
    """
    found = [_lesson(name) for _, name, _ in pkgutil.iter_modules(__path__) if name[0].isupper()]
    families = list(SECTIONS)
    found.sort(key=lambda lesson: (families.index(lesson.family), lesson.id))
    return {lesson.id: lesson for lesson in found}


def _lesson(module: str) -> Lesson:
    lesson: Lesson = import_module(f"{__name__}.{module}").LESSON
    if lesson.id != module.replace("_", "-"):
        raise ValueError(f"kit/lessons/{module}.py has the lesson {lesson.id}")
    return lesson
