"""TST-01: Every function has unit tests, which run with pytest and without a network: moto is AWS,
a stub is everything else. Their coverage has a floor.

Why: Tests that called the world were slow, and failed when the world did.

Here: `--disable-socket` and `fail_under` in `pyproject.toml`, fixtures in `tests/unit/`.

Fix: Write the test, use moto or a stub, and keep `--disable-socket` and `fail_under`.

Defended by: gate.

See: tests/unit/README.md.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from typing import Any

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.pytest_config import PYPROJECT, pytest_arguments, pytest_options
from kit.gate.python_names import constant, last
from kit.gate.service import Service
from kit.gate.tested import UNIT, tests_in, tests_of
from kit.template import at

LESSON = Lesson.read(__doc__)


COVERAGE_FILE = ".coveragerc"


CONFTESTS = ("conftest.py", "tests/conftest.py", f"{UNIT}/conftest.py")


LEAST_COVERAGE = 80


# What lets a test out into the network; and hosts that are this machine.
OPENERS = {"enable_socket", "socket_enabled"}


LOCAL = {"127.0.0.1", "::1", "localhost"}


# Arguments with which a run forgets what pyproject.toml says.
UNDOES = {"--force-enable-socket", "no:socket", "-pno:socket"}


@LESSON.check
def sockets_are_closed(service: Service) -> Iterator[Finding]:
    """pytest refuses connections, whoever calls it."""
    path, arguments = pytest_arguments(service)
    line = service.line_with(path, "addopts")
    if "--disable-socket" not in arguments and not _closed_by_a_fixture(service):
        yield LESSON.finding(path, line, "pytest is not told to --disable-socket")
    for argument in arguments:
        hosts = set(argument.partition("=")[2].split(","))
        if argument.startswith("--allow-hosts") and not hosts <= LOCAL:
            found = f"unit tests may connect to {', '.join(sorted(hosts - LOCAL))}"
            yield LESSON.finding(path, line, found)
    for path in ("Makefile", "local.mk"):
        if path in service.files:
            for number, text in enumerate(service.text(path).splitlines(), 1):
                if "pytest" in text and UNDOES & {*text.split()} and _runs_units(text):
                    found = "the unit tests are run with the network open"
                    yield LESSON.finding(path, number, found)


def _runs_units(command: str) -> bool:
    """Whether pytest runs the unit tests: by their path, one above it, or without any path."""
    paths = [each.rstrip("/") for each in command.split() if each.startswith(("tests", "./"))]
    paths = [os.path.normpath(each) for each in paths]
    return (
        not paths
        or any(f"{UNIT}/".startswith(f"{each}/") for each in paths)
        or any(each.startswith(f"{UNIT}/") for each in paths)
    )


def _closed_by_a_fixture(service: Service) -> bool:
    """Whether the conftest.py of all tests closes them."""
    modules = [service.module(path) for path in CONFTESTS if path in service.files]
    names = {node.id for module in modules for node in module.nodes(ast.Name)}
    names |= {node.attr for module in modules for node in module.nodes(ast.Attribute)}
    names |= {node.arg for module in modules for node in module.nodes(ast.arg)}
    return bool(names & {"disable_socket", "socket_disabled"})


@LESSON.check
def no_test_opens_them(service: Service) -> Iterator[Finding]:
    """No unit test lets itself out into the network."""
    for module in service.modules(UNIT):
        nodes: list[ast.Attribute | ast.arg | ast.Call] = [*module.nodes(ast.Attribute)]
        nodes += [*module.nodes(ast.arg), *module.nodes(ast.Call)]
        opening = {node.lineno: opened for node in nodes if (opened := _opened(node))}
        for line, opened in opening.items():
            found = f"{opened} lets a unit test out into the network"
            fix = "Use moto or a stub; a stub on this machine is let in by allow_hosts."
            yield LESSON.finding(module.path, line, found, fix=fix)


def _opened(node: ast.AST) -> str:
    """What opens the network there; empty if nothing does."""
    if isinstance(node, ast.Attribute) and node.attr in OPENERS:
        return node.attr
    if isinstance(node, ast.arg) and node.arg in OPENERS:
        return node.arg
    name = last(dotted(node.func)) if isinstance(node, ast.Call) else ""
    if not isinstance(node, ast.Call) or name not in OPENERS | {"usefixtures", "allow_hosts"}:
        return ""
    values = (constant(each) for part in node.args for each in ast.walk(part))
    texts = {value for value in values if isinstance(value, str)}
    if name in OPENERS:
        return name
    if name == "usefixtures" and texts & OPENERS:
        return next(iter(texts & OPENERS))
    hosts = {host for each in texts for host in each.split(",")}
    return "allow_hosts" if name == "allow_hosts" and not hosts <= LOCAL else ""


@LESSON.check
def functions_are_tested(service: Service) -> Iterator[Finding]:
    """Each function has unit tests, and a fall of their coverage is noticed."""
    for folder in service.function_folders:
        if not service.files_in(f"{folder}/lambda_pkg", ".py"):
            continue  # STR-03 tells
        if not any(tests_in(module) for module in tests_of(service, folder)):
            name = folder.rpartition("/")[2]
            fix = f"Write `{UNIT}/{name}/test_index.py`."
            yield LESSON.finding(folder, 0, "has no unit tests", fix=fix)
    path, floor = _floor(service)
    if not isinstance(floor, int | float) or floor < LEAST_COVERAGE:
        found = f"the unit tests may cover less than {LEAST_COVERAGE} %: fail_under is {floor}"
        fix = "Set fail_under under [tool.coverage.report] in pyproject.toml, and test what lacks."
        yield LESSON.finding(path, service.line_with(path, "fail_under"), found, fix=fix)


def _floor(service: Service) -> tuple[str, Any]:
    """The percentage that the tests must cover, and the file that says so."""
    path, arguments = pytest_arguments(service)
    given = [each.partition("=")[2] for each in arguments if each.startswith("--cov-fail-under=")]
    if given and given[-1].isdigit():
        return path, int(given[-1])
    if COVERAGE_FILE in service.files:
        text = pytest_options(service, COVERAGE_FILE).get("report", "fail_under", fallback="")
        return COVERAGE_FILE, float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None
    return PYPROJECT, at(service.pyproject, "tool", "coverage", "report", "fail_under")
