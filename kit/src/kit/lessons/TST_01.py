"""TST-01: Every function has unit tests, which run with pytest and without a network: moto is AWS,
a stub is everything else. Their coverage has a floor.

Why: Tests that called the world were slow, and failed when the world did.

Here: `--disable-socket` and `fail_under` in `pyproject.toml`, fixtures in `tests/unit/`.

Fix: Write the test, use moto or a stub, and keep `--disable-socket` and `fail_under`.

Defended by: gate.

See: tests/unit/README.md.
"""

import ast
import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.gate.tested import PYPROJECT, UNIT, pytest_arguments, tests_in, tests_of
from kit.template import at

LESSON = Lesson.read(__doc__)

# Files that pytest or coverage read in place of pyproject.toml.
OTHER_SETTINGS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", ".coveragerc")
CONFTESTS = ("conftest.py", "tests/conftest.py", f"{UNIT}/conftest.py")
# The mark and the fixture of pytest-socket that open the network.
OPENERS = {"enable_socket", "socket_enabled"}
LEAST_COVERAGE = 80


@LESSON.check
def sockets_are_closed(service: Service) -> Iterator[Finding]:
    """pytest refuses connections, whoever calls it."""
    for path in filter(service.files.__contains__, OTHER_SETTINGS):
        fix = f"Move the settings into `{PYPROJECT}`."
        yield LESSON.finding(path, 0, f"is read in place of `{PYPROJECT}`", fix=fix)
    conftests = " ".join(service.text(path) for path in CONFTESTS if path in service.files)
    by_fixture = re.search(r"\b(disable_socket|socket_disabled)\b", conftests)
    if "--disable-socket" not in pytest_arguments(service) and not by_fixture:
        line = service.line_with(PYPROJECT, "addopts")
        yield LESSON.finding(PYPROJECT, line, "`addopts` of pytest lacks `--disable-socket`")


@LESSON.check
def no_test_opens_them(service: Service) -> Iterator[Finding]:
    """No unit test opens the network."""
    for module in service.modules(UNIT):
        names = [(node.attr, node.lineno) for node in module.nodes(ast.Attribute)]
        names += [(node.arg, node.lineno) for node in module.nodes(ast.arg)]
        names += [(str(node.value), node.lineno) for node in module.nodes(ast.Constant)]
        for name, line in names:
            if name in OPENERS:
                fix = "Use moto or a stub; `allow_hosts` admits a stub on this machine."
                message = f"`{name}` opens the network to a unit test"
                yield LESSON.finding(module.path, line, message, fix=fix)


@LESSON.check
def functions_are_tested(service: Service) -> Iterator[Finding]:
    """Each function has unit tests, and their coverage has a floor."""
    for folder in service.function_folders:
        has_code = service.files_in(f"{folder}/lambda_pkg", ".py")  # otherwise: STR-03
        if has_code and not any(tests_in(module) for module in tests_of(service, folder)):
            fix = f"Write `{UNIT}/{folder.rpartition('/')[2]}/test_index.py`."
            yield LESSON.finding(folder, 0, "has no unit tests", fix=fix)
    floor = at(service.pyproject, "tool", "coverage", "report", "fail_under")
    for argument in pytest_arguments(service):
        if by_argument := re.fullmatch(r"--cov-fail-under=([\d.]+)", argument):
            floor = float(by_argument[1])
    if not isinstance(floor, int | float) or floor < LEAST_COVERAGE:
        message = f"the unit tests may cover less than {LEAST_COVERAGE} %: fail_under is {floor}"
        fix = (
            f"Set `fail_under = {LEAST_COVERAGE}` or more under `[tool.coverage.report]`, and test"
            " the code that lacks it."
        )
        line = service.line_with(PYPROJECT, "fail_under")
        yield LESSON.finding(PYPROJECT, line, message, fix=fix)
