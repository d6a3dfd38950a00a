"""How a command of this package runs: its arguments, and its errors with what to do about them."""

import argparse
import importlib
import sys

from kit.errors import KitError

from .refusals import REFUSALS, explained
from .service import current_service


def run(name: str, module: str, arguments: list[str]) -> int:
    """Run a command as call() does, and print what is wrong; its exit code."""
    try:
        return call(name, module, arguments)
    except KitError as error:
        print(error, file=sys.stderr)
    except ModuleNotFoundError as error:
        print(f"{error.name} is not in this environment: make setup", file=sys.stderr)
    except EOFError:
        print("\nThe input ended at a question: run it at a terminal.", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    return 1


def call(name: str, module: str, arguments: list[str]) -> int:
    """Run a command; its exit code.

    Args:
        name: what follows `python .kit`.
        module: the module of the kit with its `main(service, options)` and maybe its OPTIONS, which
            are what ArgumentParser.add_argument() takes, by their flags; its ENVIRONMENT, if it
            is for that one only.

    Raises:
        KitError: what a person has to fix; also what AWS refuses is explained so.
    """
    command = importlib.import_module(f"kit.{module}")
    parser = argparse.ArgumentParser(prog=f".kit {name}", description=command.__doc__)
    if not (environment := getattr(command, "ENVIRONMENT", "")):
        parser.add_argument("--env", help="dev or prod (default: $ENV, or dev)")
    for flag, settings in getattr(command, "OPTIONS", {}).items():
        parser.add_argument(flag, **settings)
    options = parser.parse_args(arguments)
    service = current_service(environment or options.env)
    try:
        code: int = command.main(service, options)
    except REFUSALS as error:
        raise explained(error, service) from error
    return code
