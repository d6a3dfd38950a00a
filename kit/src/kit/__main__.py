"""`python .kit COMMAND`, or `python -m kit COMMAND`: what `make` calls."""

from __future__ import annotations

import runpy
import sys

# Each command with its module, and what it does.
COMMANDS = {
    "setup": ("setup", "make the environments; on any Python from 3.9 on"),
    "arguments": ("arguments", "refuse arguments of make that would do nothing; on any Python"),
    "check": ("check", "run the linters, the lessons and the tests, one line for each"),
    "lessons": ("lessons", "hold the service against its lessons"),
    "lock": ("lock", "pin what requirements files ask for"),
    "functions": ("functions", "add, rename, remove functions; change answers; update"),
    "private-packages": ("private_packages", "check, install, build what is from a private index"),
    "bootstrap": ("delivery.bootstrap", "prepare an AWS account, once, as an administrator"),
    "changes": ("delivery.changes", "what a branch changes in the stack, from the files alone"),
    "preflight": ("delivery.preflight", "look for everything that would stop a deployment"),
    "deploy": ("delivery.deploy", "preflight, build, deploy, check the live service"),
    "promote": ("delivery.promote", "find the build that dev was deployed with, for prod"),
    "smoke": ("delivery.smoke", "whether the live service is the version that was deployed"),
    "status": ("delivery.status", "the stack, its last deployment, alarms and recent errors"),
    "logs": ("delivery.logs", "the recent log lines of a function"),
    "drift": ("delivery.drift", "what was changed by hand since the last deployment"),
    "secrets": ("delivery.secret_values", "which secrets are declared and exist; set one"),
    "destroy": ("delivery.destroy", "delete the stack of an environment; says what stays"),
    "up": ("local.up", "run the service on this machine, without an account"),
    "call": ("local.call", "invoke a function that runs here with an example event"),
    "send": ("local.send", "put an example event on its way to a function that runs here"),
    "here": ("local.here", "how to reach the service that runs here, for tests"),
    "redrive": ("local.redrive", "bring dead letters back, here or on AWS"),
    "facts": ("delivery.facts", "names that a workflow needs, as NAME=value"),
}


def main() -> None:
    """Run a command: a module as `python -m` would, one about AWS with its errors explained."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] not in COMMANDS:
        print("usage: python .kit COMMAND [--help]\n")
        for name, (_module, summary) in COMMANDS.items():
            print(f"  {name:<17} {summary}")
        sys.exit(0 if arguments in (["-h"], ["--help"]) else 2)
    name, *rest = arguments
    module = COMMANDS[name][0]
    if module.startswith(("delivery.", "local.")):
        from kit.delivery.command import run  # needs boto3, which `setup` is yet to install

        sys.exit(run(name, module, rest))
    sys.argv = [f".kit {name}", *rest]
    runpy.run_module(f"kit.{module}", run_name="__main__")


if __name__ == "__main__":
    main()
