"""`python .kit functions COMMAND`: what `make functions`, `make add-function` and the like call."""

from __future__ import annotations

import argparse
import sys

from kit.errors import KitError

from . import commands
from .git import conflicts


def main() -> int:
    """Run a command; 1 when it is refused, or leaves conflicts to resolve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["list", "add", "rename", "remove", "answer", "update"])
    for option in ("--name", "--trigger", "--to", "--yes"):
        parser.add_argument(option, default="", type=str.strip)
    parser.add_argument("--value", type=str.strip)
    options = parser.parse_args()
    try:
        match options.command:
            case "list":
                commands.list_functions()
                return 0
            case "add":
                commands.add(options.name, options.trigger)
            case "rename":
                commands.rename(options.name, options.to)
            case "remove":
                commands.remove(options.name, _is_sure(options.yes))
            case "answer":
                commands.answer(options.name, options.value)
            case "update":
                commands.update(options.to)
        return 1 if conflicts() else 0
    except KitError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing is changed.", file=sys.stderr)
        return 130


def _is_sure(yes: str) -> bool:
    if yes.lower() not in ("", "0", "1", "n", "no", "y", "yes"):
        raise KitError(f'YES is yes or no, and not "{yes}".')
    return yes.lower() in ("1", "y", "yes")


if __name__ == "__main__":
    sys.exit(main())
