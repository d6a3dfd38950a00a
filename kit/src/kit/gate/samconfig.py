"""samconfig"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kit.gate.commands import Command
from kit.gate.service import (
    A_REGION,
    ENVIRONMENTS,
    Service,
)
from kit.template import at

SAMCONFIG = "samconfig.toml"


REGION = re.compile(rf"(?<![a-z]){A_REGION}(?![0-9-])")


# What AWS has in us-east-1 for the whole world: certificates of CloudFront, metrics of billing.
GLOBAL_REGION = "us-east-1"


GLOBAL_SERVICES = {
    *("acm", "billing", "budgets", "ce", "cloudfront", "cur", "globalaccelerator", "health", "iam"),
    *("organizations", "pricing", "route53", "route53domains", "serverlessrepo", "shield"),
    *("support", "waf", "wafv2"),
}


def settings_in(service: Service) -> Iterator[tuple[str, str, str, Any]]:
    """Every setting of samconfig.toml: environment, command, its name and its value."""
    for environment, commands in service.samconfig.items():
        for command, sections in commands.items() if isinstance(commands, dict) else ():
            found = at(sections, "parameters")
            for name, value in found.items() if isinstance(found, dict) else ():
                yield environment, command, name, value


def line_of_setting(service: Service, section: str, key: str) -> int:
    """The line of a key of samconfig.toml, or of its section."""
    begin = 0
    for number, line in enumerate(service.text(SAMCONFIG).splitlines(), 1):
        if line.strip().startswith("["):
            if begin:
                break
            begin = number if line.split("#")[0].strip() == f"[{section}]" else 0
        elif begin and line.split("=")[0].strip() == key:
            return number
    return begin or 1


def setting_in(service: Service, environment: str, command: str, name: str) -> tuple[Any, int]:
    """A setting of a command, or the one for all commands, and its line."""
    section = f"{environment}.{command}.parameters"
    for each in (command, "global"):
        found = at(service.samconfig, environment, each, "parameters", name)
        if found is not None:
            return found, line_of_setting(service, f"{environment}.{each}.parameters", name)
    return None, line_of_setting(service, section, name)


def sam_commands(command: Command) -> str:
    """What SAM is called for: deploy, build."""
    return next(iter(command.arguments), "") if command.program == "sam" else ""


def uses_samconfig(command: Command) -> bool:
    """Whether SAM takes what samconfig.toml says of an environment."""
    environment = command.option("--config-env") or ""
    return environment in ENVIRONMENTS or "$" in environment


def region_of(service: Service) -> str:
    """The Region of the service."""
    return str(setting_in(service, ENVIRONMENTS[0], "deploy", "region")[0] or "")


def has_region(where: str, region: str, text: str) -> str:
    """What has a Region, with the text in which it is, where that is more."""
    text = " ".join(text.split())[:100]
    return f"{where} has the Region {region}" + (f": {text}" if text != region else "")
