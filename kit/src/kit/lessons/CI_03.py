"""CI-03: Tests find the code on the same path in CI and locally, and `tests/unit/README.md`
explains it.

Why: A step of the workflow set another `PYTHONPATH`, so CI failed where laptops passed.

Here: `pythonpath` of pytest in `pyproject.toml` has `src`; nothing else sets a path for tests.

Fix: Delete `PYTHONPATH` or `sys.path` here: from the command, from the `env` of its step, job or
workflow, or with the code around it. `pythonpath` in `pyproject.toml` is enough.

Defended by: gate.

See: tests/unit/README.md.
"""

import ast
import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import listed
from kit.gate.runs import all_commands, effects, steps
from kit.gate.service import Service
from kit.gate.tested import TESTS_README
from kit.template import at

LESSON = Lesson.read(__doc__)
# For all that a workflow or a Makefile runs.
FOR_ALL = re.compile(r"\bPYTHONPATH=.*GITHUB_ENV|^(?:[^#]*:)?\s*export\b.*\bPYTHONPATH\b")


@LESSON.check
def pytest_finds_src(service: Service) -> Iterator[Finding]:
    pytest = at(service.pyproject, "tool", "pytest")
    entries = at(pytest, "ini_options", "pythonpath") or at(pytest, "pythonpath")
    if not {"src", "./src", "src/"} & {word for e in listed(entries) for word in str(e).split()}:
        line = service.line_with("pyproject.toml", "pythonpath" if entries else "[tool.pytest")
        fix = 'Write `pythonpath = ["src"]` under `[tool.pytest.ini_options]`.'
        message = "the `pythonpath` of pytest has no `src`"
        yield LESSON.finding("pyproject.toml", line, message, fix=fix)


@LESSON.check
def nothing_sets_a_path_for_all(service: Service) -> Iterator[Finding]:
    for path in (*service.workflows, *service.actions, *service.files_in("", "Makefile", ".mk")):
        for number, line in enumerate(service.text(path).splitlines(), 1):
            if FOR_ALL.search(line):
                yield LESSON.finding(path, number, "sets PYTHONPATH for all that follows")


@LESSON.check
def no_command_sets_a_path_for_tests(service: Service) -> Iterator[Finding]:
    by_step = [
        (step.path, command)
        for step in steps(service)
        for body in (step.body, step.job and step.job.body, service.workflows.get(step.path))
        if at(body, "env", "PYTHONPATH") is not None
        for command in step.commands
    ]
    by_command = [
        (path, command)
        for path, command in all_commands(service)
        if "PYTHONPATH" in command.variables
        or (command.option("-o", "--override-ini") or "").startswith("pythonpath")
    ]
    for path, command in (*by_step, *by_command):
        if {"pytest", "kit test"} & effects(service, command):
            message = f"`{command.text}` tests with a path of its own"
            yield LESSON.finding(path, command.line, message)


@LESSON.check
def tests_set_no_path(service: Service) -> Iterator[Finding]:
    """Nothing that all tests share changes sys.path. Tests themselves are TST-02's."""
    for module in service.modules("tests"):
        if not module.path.startswith(("tests/unit/", "tests/integration/")):
            for node in module.nodes(ast.Attribute):
                if ast.unparse(node) in ("sys.path", "site.addsitedir"):
                    yield LESSON.finding(module.path, node.lineno, f"uses {ast.unparse(node)}")


@LESSON.check
def readme_sets_no_path(service: Service) -> Iterator[Finding]:
    """What the README of the tests lacks is TST-03's."""
    for section in service.document(TESTS_README) if service.has(TESTS_README) else ():
        for fence in section.fences:
            if re.search(r"\bPYTHONPATH=", fence.content):
                yield LESSON.finding(TESTS_README, fence.line, "has a command that sets PYTHONPATH")
