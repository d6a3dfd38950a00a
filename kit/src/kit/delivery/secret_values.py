"""Secrets of an environment: which are declared, which exist, when they changed. Never their values.

With --set NAME, the value is read from standard input and stored.
"""

import argparse
import getpass
import sys
from typing import Any

from botocore.exceptions import ClientError

from .account import Account, code
from .checks_account import secret_names
from .errors import DeliveryError
from .service import here
from .situation import Situation


def rows(situation: Situation) -> list[tuple[str, str]]:
    """Each declared secret, with what Secrets Manager knows of it."""
    client = situation.aws.client("secretsmanager")
    found = []
    for name in secret_names(situation):
        try:
            secret = client.describe_secret(SecretId=name)
        except ClientError as error:
            if code(error) != "ResourceNotFoundException":
                raise DeliveryError(f"{name}: {error}") from error
            found.append((name, "missing"))
            continue
        found.append((name, _state(secret)))
    return found


def _state(secret: dict[str, Any]) -> str:
    if "DeletedDate" in secret:
        return f"deleted on {secret['DeletedDate']:%Y-%m-%d}"
    if not any("AWSCURRENT" in each for each in secret.get("VersionIdsToStages", {}).values()):
        return "has no value"
    changed = secret.get("LastRotatedDate") or secret.get("LastChangedDate")
    how = "rotated" if secret.get("LastRotatedDate") else "changed"
    return f"{how} on {changed:%Y-%m-%d}" if changed else "exists"


def read_value() -> str:
    """The value from standard input: hidden at a terminal, without the last line break of a pipe.

    Raises:
        DeliveryError: there is none.
    """
    try:
        value = getpass.getpass("Value: ") if sys.stdin.isatty() else sys.stdin.read()
    except EOFError:  # Ctrl-D
        value = ""
    value = value.removesuffix("\n").removesuffix("\r")
    if not value.strip():
        raise DeliveryError("No value was given.", "make secrets ENV=dev SET=NAME < value.txt")
    return value


def store(situation: Situation, name: str, value: str) -> str:
    """Store a value; the full name of the secret.

    Args:
        name: the secret's name, or its last part, with or without the environment.

    Raises:
        DeliveryError: the service declares no such secret.
    """
    service = situation.service
    declared = secret_names(situation)
    wanted = {name, f"{service.name}/{name}", f"{service.name}/{name}-{service.environment}"}
    full = next((each for each in declared if each in wanted), None)
    if full is None:
        known = ", ".join(declared) or "none"
        raise DeliveryError(
            f"No function gets the name of a secret {name}.", f"Declared are: {known}."
        )
    client = situation.aws.client("secretsmanager")
    try:
        client.put_secret_value(SecretId=full, SecretString=value)
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            raise DeliveryError(f"{full} was not stored: {error}") from error
        tags = {"Service": service.name, "Environment": service.environment}
        client.create_secret(
            Name=full,
            SecretString=value,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )
    return full


def main(arguments: list[str]) -> int:
    """`python .kit delivery secret_values`: 0, or 1 when a declared one has no value."""
    parser = argparse.ArgumentParser(prog="delivery secret_values", description=__doc__)
    parser.add_argument("--env", help="dev or prod (default: $ENV, or dev)")
    parser.add_argument(
        "--set", metavar="NAME", help="store the value that comes by standard input"
    )
    given = parser.parse_args(arguments)
    service = here(given.env)
    situation = Situation(service, Account(service))
    if given.set is not None:
        # The declaration is looked at before anybody types a value.
        print(f"Stored {store(situation, given.set, read_value())}.")
        return 0
    found = rows(situation)
    for name, state in found:
        print(f"  {name}  {state}")
    if not found:
        print("  The functions read no secrets.")
    unset = [name for name, state in found if state in ("missing", "has no value")]
    for name in unset:
        short = name.split("/")[-1]
        print(f"  fix: make secrets ENV={service.environment} SET={short} < file")
    return 1 if unset else 0
