"""`python .kit delivery COMMAND`: what `make` calls."""

import argparse
import importlib
import sys
from typing import Any

from .errors import DeliveryError
from .refusals import REFUSALS, explained
from .service import here

# Each is a module with a main(arguments) that returns the exit code.
COMMANDS = {
    "bootstrap": "prepare an AWS account for an environment, once, as an administrator",
    "changes": "what a branch changes in the stack, from the files alone",
    "deploy": "preflight, deploy, explain failures, check the live service",
    "destroy": "delete the stack of an environment; says what stays",
    "drift": "what was changed by hand since the last deployment",
    "facts": "what a workflow needs to know, as NAME=value",
    "logs": "the recent log lines of a function",
    "preflight": "everything that would stop a deployment, looked for before it",
    "promote": "take the build that was deployed to dev, if the sources are the same",
    "secret_values": "which secrets are declared, exist, and when they were changed; set one",
    "smoke": "whether the live service answers as the version that was deployed",
    "status": "the stack, its last deployment, its alarms and recent errors",
}


def main() -> int:
    arguments = sys.argv[1:]
    if not arguments or arguments[0] not in COMMANDS:
        print("usage: python .kit delivery COMMAND [--help]\n")
        for name, does in COMMANDS.items():
            print(f"  {name:<14} {does}")
        return 0 if arguments in (["-h"], ["--help"]) else 2
    module = importlib.import_module(f"{__package__}.{arguments[0]}")
    try:
        code = _run(module, arguments[1:])
    except DeliveryError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except EOFError:
        print(
            "\nThe input ended where an answer was wanted: run it at a terminal.", file=sys.stderr
        )
        return 1
    return code


def _run(module: Any, arguments: list[str]) -> int:
    try:
        code: int = module.main(arguments)
    except REFUSALS as error:
        # Every command gets its environment so; what else there is, is its own.
        parser = argparse.ArgumentParser(add_help=False)
        parser.add_argument("--env")
        raise explained(error, here(parser.parse_known_args(arguments)[0].env)) from error
    return code


sys.exit(main())
