"""The functions of a service with their triggers, and their example events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kit.delivery.service import Service
from kit.errors import KitError
from kit.layout import ROOT

EVENT: dict[str, Any] = {"metavar": "FILE", "help": "an example event (default: its first)"}
FUNCTION: dict[str, Any] = {"nargs": "?", "help": "its folder's name in src/, for example app"}


def kinds(service: Service) -> dict[str, str]:
    """The trigger of each function, as the answers have them."""
    pairs = (part.split(":") for part in str(service.answers["functions"]).split(","))
    return {name.strip(): kind.strip() for name, kind in pairs}


def count(number: int, noun: str) -> str:
    """`1 message`, `2 messages`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def need_function(name: str | None, known: list[str]) -> str:
    """The name of a function. Raises KitError if it does not exist."""
    if name in known:
        return str(name)
    problem = f"There is no function {name}." if name else "Which function?"
    raise KitError(problem, f"FN=NAME; there are: {', '.join(known)}")


def example(function: str, file: str | None) -> tuple[Path, Any]:
    """An example event: that of the file, or the function's first that is no poison.

    Raises:
        KitError: there is no such file, or it is not JSON.
    """
    folder = ROOT / "events" / function
    examples = sorted(folder.glob("*.json"), key=lambda path: ("poison" in path.name, path))
    path = ROOT / file if file else next(iter(examples), folder / "example.json")
    try:
        return path, json.loads(path.read_text("utf-8"))
    except OSError as error:
        names = ", ".join(str(item.relative_to(ROOT)) for item in examples) or "none"
        raise KitError(f"{path} can't be read: {error.strerror}.", f"There are: {names}") from error
    except ValueError as error:
        raise KitError(f"{path} is not JSON: {error}") from error
