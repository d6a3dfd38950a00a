"""Secrets of an environment: which are declared, which exist, when they changed. Never their values.

With --set NAME, the value is read from standard input and stored. Ends with 1 when a declared one has no value.
"""

import getpass
import sys
from argparse import Namespace
from typing import Any

from kit.errors import KitError
from kit.template import Template, UnknownError
from kit.terminal import table

from .account import Account, pairs, unless_absent
from .service import Service
from .situation import Situation

OPTIONS = {"--set": {"metavar": "NAME", "help": "store the value that comes by standard input"}}
UNSET = ("missing", "without a value")


def secret_names(template: Template) -> list[str]:
    """The names of secrets that functions get in variables that end in _SECRET."""
    names: dict[str, None] = {}
    for resource in template.resources():
        variables = resource.properties.get("Environment", {}).get("Variables", {})
        for variable, value in variables.items():
            if variable.endswith("_SECRET"):
                try:
                    names[str(template.resolve(value))] = None
                except UnknownError:
                    continue  # this template itself creates it
    return list(names)


def state(secret: dict[str, Any] | None) -> str:
    """What is known of a secret.

    Args:
        secret: as DescribeSecret returns it; None when there is none.
    """
    if secret is None:
        return "missing"
    if "DeletedDate" in secret:
        return f"deleted on {secret['DeletedDate']:%Y-%m-%d}"
    if not any("AWSCURRENT" in stages for stages in secret.get("VersionIdsToStages", {}).values()):
        return "without a value"
    changed = secret.get("LastRotatedDate") or secret.get("LastChangedDate")
    how = "rotated" if secret.get("LastRotatedDate") else "changed"
    return f"{how} on {changed:%Y-%m-%d}" if changed else "exists"


def read_value() -> str:
    """The value from standard input: hidden at a terminal, without the last line break of a pipe.

    Raises:
        KitError: there is none.
    """
    try:
        value = getpass.getpass("Value: ") if sys.stdin.isatty() else sys.stdin.read()
    except EOFError:  # Ctrl-D
        value = ""
    value = value.removesuffix("\n").removesuffix("\r")
    if not value.strip():
        raise KitError("No value was given.", "make secrets ENV=dev SET=NAME < value.txt")
    return value


def store(situation: Situation, name: str, value: str) -> str:
    """Store a value; the full name of the secret.

    Args:
        name: the secret's name, or its last part, with or without the environment.

    Raises:
        KitError: the service declares no such secret.
    """
    service = situation.service
    declared = secret_names(situation.template)
    spellings = {name, f"{service.name}/{name}", f"{service.name}/{name}-{service.environment}"}
    full = next((item for item in declared if item in spellings), None)
    if full is None:
        raise KitError(
            f"No function gets the name of a secret {name}.",
            f"Declared are: {', '.join(declared) or 'none'}.",
        )
    client = situation.aws.client("secretsmanager")
    if unless_absent(client.put_secret_value, SecretId=full, SecretString=value) is None:
        tags = pairs({"Service": service.name, "Environment": service.environment})
        client.create_secret(Name=full, SecretString=value, Tags=tags)
    return full


def main(service: Service, options: Namespace) -> int:
    """Show the secrets, or set one."""
    situation = Situation(service, Account(service))
    if options.set is not None:
        print(f"Stored {store(situation, options.set, read_value())}.")
        return 0
    describe = situation.aws.client("secretsmanager").describe_secret
    rows = [
        (name, state(unless_absent(describe, SecretId=name)))
        for name in secret_names(situation.template)
    ]
    if not rows:
        print("The functions read no secrets.")
    table(rows)
    unset = [name for name, known in rows if known in UNSET]
    for name in unset:
        print(f"fix: make secrets ENV={service.environment} SET={name.split('/')[-1]} < file")
    return 1 if unset else 0
