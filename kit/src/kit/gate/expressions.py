"""GitHub's expressions: what `if: github.event_name == 'push'` comes to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

TOKEN = re.compile(r"\s*('(?:[^']|'')*'|\|\||&&|[=!<>]=|[!<>()\[\],]|[\w.*-]+)")
STATUS = ("success", "failure", "always", "cancelled")


@dataclass(frozen=True)
class Unknown:
    """A value that only a run has."""

    name: str

    def __str__(self) -> str:
        return f"‹{self.name}›"


Context = Mapping[str, Any]
"""Known values by their dotted names, and those of the status functions: {"success()": True}."""


class _SyntaxError(Exception):
    """It is no expression."""


def evaluate(text: str, context: Context) -> Any:
    """The value of an expression; Unknown when it depends on a run."""
    tokens = TOKEN.findall(text)
    if re.sub(r"\s", "", "".join(tokens)) != re.sub(r"\s", "", text):
        return Unknown(text)
    reader = _Reader(list(tokens), context)
    try:
        value = reader.either()
    except (_SyntaxError, IndexError):
        return Unknown(text)
    return Unknown(text) if reader.tokens else value


def filled(value: Any, context: Context) -> Any:
    """A value of a workflow, with what its ${{ … }} come to."""
    if not isinstance(value, str):
        return value
    if whole := re.fullmatch(r"\s*\$\{\{((?:(?!\}\}).)*)\}\}\s*", value, re.DOTALL):
        return evaluate(whole[1], context)
    return re.sub(r"\$\{\{(.*?)\}\}", lambda part: str(evaluate(part[1], context)), value)


def condition(value: Any, context: Context) -> bool | None:
    """Whether an `if` holds; None when that depends on a run."""
    if value is None or isinstance(value, bool):
        return value is not False
    text = str(value)
    found = filled(text, context) if "${{" in text else evaluate(text, context)
    return None if isinstance(found, Unknown) else bool(found)


@lru_cache(maxsize=1024)
def asks_for_status(value: str) -> bool:
    """Whether an `if` calls a status function: one that does not runs after a failure, too."""
    tokens = TOKEN.findall(value.replace("${{", " ").replace("}}", " "))
    calls = pairwise(tokens)
    return any(name in STATUS and following == "(" for name, following in calls)


class _Reader:
    """Reads tokens, and says what they come to."""

    def __init__(self, tokens: list[str], context: Context) -> None:
        self.tokens = tokens
        self.context = context

    def taken(self, *wanted: str) -> str:
        return self.tokens.pop(0) if self.tokens and self.tokens[0] in wanted else ""

    def either(self) -> Any:
        value = self.both()
        while self.taken("||"):
            other = self.both()
            if isinstance(value, Unknown):
                value = True if other is True else value
            else:
                value = value or other
        return value

    def both(self) -> Any:
        value = self.compared()
        while self.taken("&&"):
            other = self.compared()
            if isinstance(value, Unknown):
                value = value if isinstance(other, Unknown) or other else other
            else:
                value = value and other
        return value

    def compared(self) -> Any:
        value = self.single()
        while operator := self.taken("==", "!=", "<", "<=", ">", ">="):
            other = self.single()
            if isinstance(value, Unknown) or isinstance(other, Unknown) or operator[0] in "<>":
                value = Unknown(f"{value} {operator} {other}")
            else:
                value = (_folded(value) == _folded(other)) == (operator == "==")
        return value

    def single(self) -> Any:
        if self.taken("!"):
            value = self.single()
            return Unknown(f"!{value}") if isinstance(value, Unknown) else not value
        if self.taken("("):
            value = self.either()
            if not self.taken(")"):
                raise _SyntaxError
            return value
        token = self.tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.lower() in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[token.lower()]
        if re.fullmatch(r"-?\d+(\.\d+)?", token):
            return float(token)
        if not re.fullmatch(r"[A-Za-z_][\w.*-]*", token):
            raise _SyntaxError
        return self.call(token) if self.taken("(") else self.named(token)

    def named(self, name: str) -> Any:
        while self.taken("["):
            index = self.either()
            if not self.taken("]"):
                raise _SyntaxError
            name += f".{index}"
        return self.context.get(name.lower(), Unknown(name))

    def call(self, name: str) -> Any:
        arguments = []
        while not self.taken(")"):
            arguments.append(self.either())
            self.taken(",")
        if name in STATUS:
            return self.context.get(f"{name}()", Unknown(f"{name}()"))
        known = not any(isinstance(each, Unknown) for each in arguments)
        function = FUNCTIONS.get(name.lower())
        if function and arguments and (known or name == "format"):
            return function(*arguments)
        return Unknown(f"{name}({', '.join(map(str, arguments))})")


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _format(text: Any, *values: Any) -> str:
    return re.sub(
        r"\{(\d+)\}",
        lambda match: str(values[int(match[1])]) if int(match[1]) < len(values) else match[0],
        str(text),
    )


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": lambda text, part="": str(part).lower() in str(text).lower(),
    "startswith": lambda text, part="": str(text).lower().startswith(str(part).lower()),
    "endswith": lambda text, part="": str(text).lower().endswith(str(part).lower()),
    "format": _format,
}
