"""CD-03: Everything is in one Region; none of the places that name one says another.

Why: Two weeks went into a certificate, a bucket and a stack that were in three Regions.

Here: `region` in `samconfig.toml`, the same in both environments and in `.copier-answers.yml`.

Fix: Set the same Region in both environments of `samconfig.toml`, as `.copier-answers.yml` has it,
and where another is written read that one instead.

Defended by: gate, preflight.
"""

from __future__ import annotations

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import all_commands, made
from kit.gate.samconfig import (
    GLOBAL_REGION,
    GLOBAL_SERVICES,
    REGION,
    SAMCONFIG,
    has_region,
    line_of_setting,
    region_of,
    settings_in,
)
from kit.gate.service import ANSWERS, ENVIRONMENTS, Service
from kit.template import at, leaves

LESSON = Lesson.read(__doc__)


DECIDES = f"which `{SAMCONFIG}` decides"


@LESSON.check
def one_region(service: Service) -> Iterator[Finding]:
    """Both environments and the answers say the same."""
    own = region_of(service)
    agreed = True
    for environment in ENVIRONMENTS:
        if at(service.samconfig, environment, "global", "parameters", "region") is None:
            section = f"{environment}.global.parameters"
            line = line_of_setting(service, section, "region")
            yield LESSON.finding(SAMCONFIG, line, f"[{section}] has no region")
    for environment, command, name, value in settings_in(service):
        if name == "region" and own and value != own:
            agreed = False
            line = line_of_setting(service, f"{environment}.{command}.parameters", name)
            found = f"region of {environment} is {value}, that of {ENVIRONMENTS[0]} {own}"
            yield LESSON.finding(SAMCONFIG, line, found)
    answered = service.answers.get("aws_region")
    if agreed and own and answered and answered != own:
        line = service.line_with(ANSWERS, "aws_region")
        found = f"`aws_region` is {answered}, and `{SAMCONFIG}` has {own}"
        fix = f"Commit, then change the answer, too: `make answer NAME=aws_region VALUE={own}`."
        yield LESSON.finding(ANSWERS, line, found, fix=fix)


def _written(path: str, line: int, where: str, value: str, own: str) -> Iterator[Finding]:
    """A Region that is written once more: CD-11 while it is the right one, CD-03 when it is not."""
    if not own or not REGION.fullmatch(value):
        return
    if value == own:
        yield Finding("CD-11", path, line, f"`{where}` repeats the Region {value}, {DECIDES}")
    else:
        yield LESSON.finding(path, line, f"`{where}` is {value}, and `{SAMCONFIG}` has {own}")


@LESSON.check
def workflows_read_the_region(service: Service) -> Iterator[Finding]:
    own = region_of(service)
    for path, workflow in service.workflows.items():
        for key, value, line in leaves(workflow):
            if key in ("run", "name", "description", "runs-on"):
                continue
            if "region" in key.lower():
                yield from _written(path, line, key, value, own)
            elif own in REGION.findall(value):
                yield Finding("CD-11", path, line, has_region(f"`{key}`", own, value))


@LESSON.check
def commands_read_the_region(service: Service) -> Iterator[Finding]:
    own = region_of(service)
    for name, (value, path, line) in made(service).variables.items():
        if "region" in name.lower():
            yield from _written(path, line, name, value.split("#")[0].strip(), own)
    for path, command in all_commands(service):
        option = command.option("--region")
        is_global = command.program == "aws" and set(command.arguments) & GLOBAL_SERVICES
        if is_global and option == GLOBAL_REGION:
            continue
        given = {"--region": option or ""} | {
            name: value for name, value in command.variables.items() if "region" in name.lower()
        }
        given |= {
            word.partition("=")[0]: word.partition("=")[2]
            for word in command.words
            if "=" in word and "region" in word.partition("=")[0].lower()
        }
        found = [
            each
            for name, value in given.items()
            for each in _written(path, command.line, name, value, own)
        ]
        yield from found
        if not found and own and own in REGION.findall(command.text):
            told = f"`{command.text[:100]}` repeats the Region {own}, {DECIDES}"
            yield Finding("CD-11", path, command.line, told)
