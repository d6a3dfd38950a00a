"""The example events of a service, and which function a command is for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kit.errors import KitError
from kit.layout import ROOT

EVENT: dict[str, Any] = {"metavar": "FILE", "help": "an example event (default: its first)"}
FUNCTION: dict[str, Any] = {"nargs": "?", "help": "its folder's name in src/, for example app"}


def need_function(name: str | None, known: list[str]) -> str:
    """The name of a function. KitError when there is none of it."""
    if name in known:
        return str(name)
    problem = f"There is no function {name}." if name else "Of which function?"
    raise KitError(problem, f"FN=NAME; there are: {', '.join(known)}")


def example(function: str, file: str | None) -> tuple[Path, Any]:
    """An example event: the given one, or the function's first that is no poison.

    Raises:
        KitError: there is no such file, or it is not JSON.
    """
    examples = sorted(
        (ROOT / "events" / function).glob("*.json"), key=lambda path: "poison" in path.name
    )
    path = (
        ROOT / file if file else next(iter(examples), ROOT / "events" / function / "example.json")
    )
    try:
        return path, json.loads(path.read_text("utf-8"))
    except OSError as error:
        names = ", ".join(str(each.relative_to(ROOT)) for each in examples) or "none"
        raise KitError(f"{path} can't be read: {error.strerror}.", f"There are: {names}") from error
    except ValueError as error:
        raise KitError(f"{path} is not JSON: {error}") from error
