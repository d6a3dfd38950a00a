"""`python .kit COMMAND`, or `python -m kit COMMAND`: what `make` calls."""

from __future__ import annotations

import runpy
import sys

# Each is a module, with what it does.
COMMANDS = {
    "setup": "make the environments; on any Python from 3.9 on",
    "lessons": "hold the service against its lessons",
    "lock": "pin what requirements files ask for",
    "functions": "let functions come and go, change answers, update from the template",
    "private_packages": "check, install and build what comes from the private index",
    "delivery": "preflight, deploy and what else is about AWS",
}


def main() -> None:
    """Run the module of the command, as `python -m` would."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] not in COMMANDS:
        print("usage: python .kit COMMAND [--help]\n")
        for name, does in COMMANDS.items():
            print(f"  {name:<17} {does}")
        sys.exit(0 if arguments in (["-h"], ["--help"]) else 2)
    sys.argv = [f".kit {arguments[0]}", *arguments[1:]]
    runpy.run_module(f"kit.{arguments[0]}", run_name="__main__")


if __name__ == "__main__":
    main()
