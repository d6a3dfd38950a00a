"""CI-03: Tests find the code on the same path in CI and locally, and `tests/unit/README.md`
explains it.

Why: A step of the workflow set another `PYTHONPATH`, so CI failed where laptops passed.

Here: `pythonpath` of pytest in `pyproject.toml` has `src`; nothing else sets a path for tests.

Fix: Leave the path to `pyproject.toml`, and take `PYTHONPATH` and `sys.path` out of the other
place.

Defended by: gate.

See: tests/unit/README.md.
"""

from __future__ import annotations

import ast
import configparser
from collections.abc import Iterator

from kit.gate.commands import Command, script
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.runs import (
    commands_of,
    effects,
    made,
    run_of,
)
from kit.gate.service import Service
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)


@LESSON.check
def pytest_finds_src(service: Service) -> Iterator[Finding]:
    """What pytest is configured with has src on its path."""
    for path in ("pytest.ini", ".pytest.ini"):
        if path in service.files:  # pytest reads it in place of pyproject.toml
            parser = configparser.ConfigParser(interpolation=None, strict=False)
            try:
                parser.read_string(service.text(path))
                found = parser.get("pytest", "pythonpath", fallback="").split()
            except configparser.Error:
                found = []
            if "src" not in found:
                told = "stands in for `pyproject.toml`, and its `pythonpath` has no `src`"
                yield LESSON.finding(path, 1, told)
            return
    options = at(service.pyproject, "tool", "pytest", "ini_options")
    options = options if options is not None else at(service.pyproject, "tool", "pytest")
    found = at(options, "pythonpath")
    entries = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
    if not {"src", "./src", "src/"} & {str(each) for each in entries}:
        line = service.line_with("pyproject.toml", "pythonpath" if entries else "[tool.pytest")
        told = f"the `pythonpath` of pytest is {entries}, without `src`"
        yield LESSON.finding("pyproject.toml", line, told)


def _sets_path(command: Command) -> str:
    """How a command gives the tests that it runs another path."""
    if "PYTHONPATH" in command.variables:
        return f"PYTHONPATH={command.variables['PYTHONPATH']}"
    overridden = command.option("-o", "--override-ini") or ""
    return f"-o {overridden}" if overridden.startswith("pythonpath") else ""


def _tests(service: Service, command: Command) -> bool:
    return "pytest" in effects(service, command)


@LESSON.check
def workflows_set_no_path(service: Service) -> Iterator[Finding]:
    """No step that tests has a PYTHONPATH, of its own, its job's or its workflow's."""
    for job in service.jobs:
        workflow = service.workflows[job.path]
        exported: tuple[str, int] | None = None
        for step in job.steps:
            for command in commands_of(step, job.line):
                if "PYTHONPATH" in command.variables and not command.words:
                    exported = f"PYTHONPATH={command.variables['PYTHONPATH']}", command.line
                sets = next((w for w in command.words if w.startswith("PYTHONPATH=")), "")
                if sets and command.program == "echo" and "GITHUB_ENV" in run_of(step):
                    exported = sets, command.line
                if not _tests(service, command):
                    continue
                text = command.text
                for body in (step, job.body, workflow):
                    value = at(body, "env", "PYTHONPATH")
                    if value is not None:
                        line = line_of(body, "env", "PYTHONPATH")
                        found = f"PYTHONPATH is {value} for `{text}`"
                        yield LESSON.finding(job.path, line, found)
                if own := _sets_path(command):
                    yield LESSON.finding(job.path, command.line, f"{own} for `{text}`")
                elif exported:
                    yield LESSON.finding(job.path, exported[1], f"{exported[0]} for `{text}`")


@LESSON.check
def make_sets_no_path(service: Service) -> Iterator[Finding]:
    found = made(service)
    if "PYTHONPATH" in found.exported:
        path, line = found.exported["PYTHONPATH"]
        yield LESSON.finding(path, line, "exports PYTHONPATH to the tests")
    for rule in found.rules.values():
        for command in rule.commands:
            if (own := _sets_path(command)) and _tests(service, command):
                yield LESSON.finding(rule.path, command.line, f"`make {rule.target}` sets {own}")


@LESSON.check
def tests_set_no_path(service: Service) -> Iterator[Finding]:
    """Nothing that all tests share changes sys.path. Of tests themselves, TST-02 tells."""
    for module in service.modules("tests"):
        if module.path.startswith(("tests/unit/", "tests/integration/")):
            continue
        for call in module.nodes(ast.Call):
            name = dotted(call.func)
            if name in ("sys.path.insert", "sys.path.append", "sys.path.extend", "site.addsitedir"):
                yield LESSON.finding(module.path, call.lineno, f"calls {name}")
        for assigned in module.nodes(ast.Assign):
            goals = [
                each.value if isinstance(each, ast.Subscript) else each for each in assigned.targets
            ]
            if "sys.path" in map(dotted, goals):
                yield LESSON.finding(module.path, assigned.lineno, "assigns to sys.path")
        for added in module.nodes(ast.AugAssign):
            if dotted(added.target) == "sys.path":
                yield LESSON.finding(module.path, added.lineno, "adds to sys.path")


@LESSON.check
def readme_sets_no_path(service: Service) -> Iterator[Finding]:
    """The README of the tests sets no other path. What it lacks is told by TST-03."""
    path = "tests/unit/README.md"
    for section in service.document(path) if path in service.files else ():
        for fence in section.fences:
            for command in (
                script(fence.content) if fence.language in ("", "bash", "sh", "shell") else ()
            ):
                if "PYTHONPATH" in command.variables:
                    told = "tells to set PYTHONPATH"
                    yield LESSON.finding(path, fence.line + command.line, told)
