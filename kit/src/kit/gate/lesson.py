"""A lesson: what its module's docstring says, and its checks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kit.layout import TEMPLATE

from .findings import Finding

if TYPE_CHECKING:
    from .service import Resource, Service

Check = Callable[["Service"], Iterator[Finding]]

# Who notices a violation.
DEFENDERS = ("gate", "preflight", "prompt", "run time", "deploy", "hook", "guide")
PARTS = ("Why", "Here", "Fix", "Defended by", "No check", "See")


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Args:
        id: its name, for ever: STR-05.
        rule: what holds, in one sentence.
        fix: how to fix a violation.
        defended_by: who notices a violation, of DEFENDERS.
        no_check: why only people can notice one, if that is so.
        see: documents with more, by their path.
        checks: what the gate runs.
    """

    id: str
    rule: str
    fix: str
    defended_by: tuple[str, ...]
    no_check: str = ""
    see: tuple[str, ...] = ()
    checks: list[Check] = field(default_factory=list, hash=False)

    @classmethod
    def read(cls, text: str | None) -> Lesson:
        """The lesson that a docstring describes: `STR-05: rule`, then a paragraph for each part.

        Raises:
            ValueError: a part is missing, unknown, or there twice; or a defender is unknown.
        """
        rule, *paragraphs = [" ".join(part.split()) for part in (text or "").strip().split("\n\n")]
        name, _, rule = rule.partition(": ")
        parts: dict[str, str] = {}
        for paragraph in paragraphs:
            label, _, content = paragraph.partition(": ")
            if label not in PARTS or label in parts:
                raise ValueError(f"{name}: a paragraph begins with {label!r}, not one of {PARTS}")
            parts[label] = content
        missing = [label for label in PARTS[:4] if label not in parts]
        if missing or not re.fullmatch(r"[A-Z]+-\d\d", name):
            raise ValueError(f"{name}: its docstring lacks {', '.join(missing) or 'an id'}")
        defenders = _items(parts["Defended by"])
        if not defenders or not set(defenders) <= set(DEFENDERS):
            raise ValueError(f"{name}: {parts['Defended by']!r} has others than {DEFENDERS}")
        return cls(
            name,
            rule,
            parts["Fix"],
            defenders,
            parts.get("No check", ""),
            _items(parts.get("See", "")),
        )

    @property
    def family(self) -> str:
        """STR"""
        return self.id.partition("-")[0]

    def check(self, function: Check) -> Check:
        """Declare a generator of findings as a check of this lesson. There may be several."""
        self.checks.append(function)
        return function

    def finding(
        self,
        path: str,
        line: int,
        message: str,
        resource: str | None = None,
        fix: str | None = None,
        warning: bool = False,
    ) -> Finding:
        """A violation of this lesson; the arguments are those of `Finding`."""
        return Finding(self.id, path, line, message, resource, fix, warning)

    def finding_in(
        self, resource: Resource, line: int, message: str, fix: str | None = None
    ) -> Finding:
        """A violation of this lesson in a resource of template.yaml."""
        return self.finding(TEMPLATE, line, message, resource.logical_id, fix)


def _items(text: str) -> tuple[str, ...]:
    """The items of a list in a sentence: `gate, prompt.`"""
    return tuple(filter(None, text.rstrip(".").split(", ")))
