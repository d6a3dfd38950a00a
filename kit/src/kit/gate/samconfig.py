"""samconfig.toml, and the commands of SAM that read it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kit.layout import ENVIRONMENTS
from kit.template import at, mapping_of

from .commands import Command
from .service import Service

SAMCONFIG = "samconfig.toml"


def settings_in(service: Service) -> Iterator[tuple[str, str, Any, int]]:
    """Every setting of samconfig.toml: its environment, its name, its value and its line."""
    for environment, commands in service.samconfig.items():
        for command, sections in mapping_of(commands).items():
            for name, value in mapping_of(sections, "parameters").items():
                yield environment, name, value, line_of_setting(service, environment, command, name)


def setting_in(service: Service, environment: str, command: str, name: str) -> tuple[Any, int]:
    """A setting of a command, or the one for all commands, and its line; None without one."""
    for section in (command, "global"):
        value = at(service.samconfig, environment, section, "parameters", name)
        if value is not None:
            return value, line_of_setting(service, environment, section, name)
    return None, line_of_setting(service, environment, command, name)


def line_of_setting(service: Service, environment: str, command: str, name: str) -> int:
    """The line of a setting of samconfig.toml, of its section, or 1."""
    begin = 0
    for number, line in enumerate(service.text(SAMCONFIG).splitlines(), 1):
        if line.lstrip().startswith("["):
            if begin:
                break
            wanted = f"[{environment}.{command}.parameters]"
            begin = number if line.split("#")[0].strip() == wanted else 0
        elif begin and line.split("=")[0].strip() == name:
            return number
    return begin or 1


def sam_command(command: Command) -> str:
    """What SAM is called for: deploy, build."""
    return next(iter(command.plain), "") if command.program == "sam" else ""


def uses_samconfig(command: Command) -> bool:
    """Whether SAM takes what samconfig.toml says of an environment."""
    environment = command.option("--config-env") or ""
    return environment in ENVIRONMENTS or "$" in environment


def region_of(service: Service) -> str:
    """The Region of the service."""
    return str(setting_in(service, ENVIRONMENTS[0], "deploy", "region")[0] or "")
