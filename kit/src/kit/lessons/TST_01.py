"""TST-01: Every function has unit tests, which run with pytest and without a network: moto is AWS,
a stub is everything else. All of them run, and their coverage of all code has a floor.

Why: Tests that called the world were slow, and failed when the world did. A function lost its tests
in a merge, and coverage, which counts what some test imports, went up.

Here: `--disable-socket`, `fail_under` and `include_namespace_packages` in `pyproject.toml`, fixtures
in `tests/unit/`.

Fix: Add `--disable-socket` to `addopts` under `[tool.pytest.ini_options]` in `pyproject.toml`.

Defended by: gate.

See: tests/unit/README.md.
"""

import ast
import re
from collections.abc import Iterator

from kit.gate.findings import Finding, and_more
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.python_names import called, last, scopes
from kit.gate.service import Service
from kit.gate.tested import (
    PYPROJECT,
    UNIT,
    Argument,
    covers,
    pytest_arguments,
    pytest_settings,
    skip_of,
    tests_in,
    tests_of,
    words,
)
from kit.template import at

LESSON = Lesson.read(__doc__)

# Files that pytest or coverage read in place of pyproject.toml.
OTHER_SETTINGS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", ".coveragerc")
CONFTESTS = ("conftest.py", "tests/conftest.py", f"{UNIT}/conftest.py")
# The mark and the fixture of pytest-socket that open the network.
OPENERS = {"enable_socket", "socket_enabled"}
LEAST_COVERAGE = 80
FLOOR = "--cov-fail-under="
# Options with which pytest runs fewer tests, or counts nothing. A path follows the others.
FEWER = re.compile(r"-k.*|--(no-cov|co|collect-only|lf|last-failed|sw|stepwise)")
FEWER_PATHS = ("--deselect", "--ignore", "--ignore-glob")
# Code that nobody wrote by hand.
GENERATED = re.compile(r"generated|vendor|migrations|_pb2|_version\b|__(init|main)__")


@LESSON.check
def sockets_are_closed(service: Service) -> Iterator[Finding]:
    """pytest refuses connections, whoever calls it."""
    for path in filter(service.files.__contains__, OTHER_SETTINGS):
        fix = f"Delete it, and keep its settings in `{PYPROJECT}`."
        yield LESSON.finding(path, 0, f"is read in place of `{PYPROJECT}`", fix=fix)
    conftests = " ".join(service.text(path) for path in CONFTESTS if path in service.files)
    by_fixture = re.search(r"\b(disable_socket|socket_disabled)\b", conftests)
    if "--disable-socket" not in words(pytest_settings(service).get("addopts")) and not by_fixture:
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
                fix = f"Use moto, or a stub with `allow_hosts`, in place of `{name}`."
                message = f"`{name}` opens the network to a unit test"
                yield LESSON.finding(module.path, line, message, fix=fix)


@LESSON.check
def functions_are_tested(service: Service) -> Iterator[Finding]:
    """Each function has unit tests, of which at least one runs, and which assert something."""
    marks = " ".join(item.following for item in pytest_arguments(service) if item.text == "-m")
    deselected = re.findall(r"\bnot (\w+)", marks)
    for folder in service.function_folders:
        if not service.files_in(f"{folder}/lambda_pkg", ".py"):
            continue  # STR-03
        name, modules = folder.rpartition("/")[2], tests_of(service, folder)
        tests = [(module, test) for module in modules for test in tests_in(module)]
        skips = {(m.path, skip_of(m, test, frozenset(deselected))) for m, test in tests}
        if not tests:
            fix = f"Write `{UNIT}/{name}/test_index.py`: call the handler, assert what it returns."
            yield LESSON.finding(folder, 0, "has no unit tests", fix=fix)
        elif not any(map(_asserts, modules)):
            module, test = tests[0]
            fix = "Assert in each test what the code returns or writes."
            message = f"no unit test of `{name}` asserts anything"
            yield LESSON.finding(module.path, test.lineno, message, fix=fix)
        for path, line in sorted(skips) if all(line for _path, line in skips) else ():
            fix = "Delete this mark or call, and let the tests pass."
            message = f"no unit test of `{name}` can fail the build: this skips or excuses them"
            yield LESSON.finding(path, line, message, fix=fix)


def _is_fixture(decorator: ast.expr) -> bool:
    return last(dotted(called(decorator))) == "fixture"


def _asserts(module: Module) -> bool:
    names = {last(dotted(call.func)) for call in module.nodes(ast.Call)}
    asserted = [node.test for node in module.nodes(ast.Assert)]
    return not all(isinstance(test, ast.Constant) for test in asserted) or any(
        name.startswith("assert") or name in ("fail", "raises", "warns") for name in names
    )


@LESSON.check
def all_tests_run(service: Service) -> Iterator[Finding]:
    """No setting and no argument leaves unit tests out."""
    tests = [module.path for module in service.modules(UNIT) if tests_in(module)]
    for path, line, setting, pattern in _ignored(service):
        if any(covers(pattern, test) for test in tests):
            message = f"`{setting}` keeps unit tests from running or from counting"
            yield LESSON.finding(path, line, message, fix=f"Delete `{setting}`.")
    paths = words(pytest_settings(service).get("testpaths"))
    chosen = {(PYPROJECT, service.line_with(PYPROJECT, "testpaths"), "testpaths"): paths}
    arguments = list(pytest_arguments(service))
    ignored = {item.following for item in arguments if item.text in FEWER_PATHS}
    for item in arguments:
        if re.match(r"(\./)?tests\b", item.text) and item.text not in ignored:
            chosen.setdefault((item.path, item.line, "pytest"), []).append(item.text)
    for (path, line, setting), paths in chosen.items():
        left_out = [test for test in tests if not any(covers(p, test) for p in paths)]
        if paths and left_out:
            message = f"`{setting}` leaves out {and_more(left_out)}"
            yield LESSON.finding(path, line, message, fix=f"Let it have all of `{UNIT}`.")


@LESSON.check
def all_tests_are_collected(service: Service) -> Iterator[Finding]:
    """pytest takes every test for one, by the names of its file and its class."""
    if {"python_files", "python_classes"} & pytest_settings(service).keys():
        return
    for module in service.modules(UNIT):
        tests = [item for item in module.functions if item.name.startswith("test_")]
        tests = [item for item in tests if not any(map(_is_fixture, item.decorator_list))]
        lost = [] if tests_in(module) else tests
        if lost:
            message = f"pytest takes no tests from a file of this name: `{lost[0].name}` never runs"
            fix = "Begin the name of the file with `test_`."
            yield LESSON.finding(module.path, lost[0].lineno, message, fix=fix)
        bases = {last(dotted(base)) for item in module.nodes(ast.ClassDef) for base in item.bases}
        for item in module.nodes(ast.ClassDef):
            is_plain = (
                not item.bases and not item.name.startswith("Test") and item.name not in bases
            )
            if is_plain and not lost and {id(test) for test in tests} & {*map(id, item.body)}:
                message = f"pytest takes no tests from a class of this name: `{item.name}`"
                fix = f"Begin its name with `Test`, as in `Test{item.name}`."
                yield LESSON.finding(module.path, item.lineno, message, fix=fix)


def _ignored(service: Service) -> Iterator[tuple[str, int, str, str]]:
    """What leaves tests out: the file and line of a setting, its name and which tests."""
    for module in service.modules("tests"):
        for name in ("collect_ignore", "collect_ignore_glob"):
            names = scopes(module.parsed)[0].bindings.get(name)
            for node in ast.walk(names) if names else ():
                if isinstance(node, ast.Constant):
                    pattern = f"{module.path.rpartition('/')[0]}/{node.value!s}"
                    yield module.path, node.lineno, name, pattern
    for item in pytest_arguments(service):
        option, _, value = item.text.partition("=")
        with_value = item.text in ("-k", *FEWER_PATHS)
        text = f"{item.text} {item.following}" if with_value else item.text
        if FEWER.fullmatch(option):
            yield item.path, item.line, text, UNIT
        elif option in FEWER_PATHS:
            yield item.path, item.line, text, value or item.following


@LESSON.check
def coverage_counts_all_code(service: Service) -> Iterator[Finding]:
    """Coverage counts the code of all functions, whether a test imports it or not."""
    run = at(service.pyproject, "tool", "coverage", "run") or {}
    report = at(service.pyproject, "tool", "coverage", "report") or {}

    def finding(setting: str, message: str, fix: str) -> Finding:
        line = service.line_with(PYPROJECT, setting)
        return LESSON.finding(PYPROJECT, line, message, fix=fix)

    if report.get("include_namespace_packages") is not True:
        fix = "Set `include_namespace_packages = true` under `[tool.coverage.report]`."
        message = "coverage leaves out modules that no test imports"
        yield finding("[tool.coverage.report]", message, fix)
    arguments = list(pytest_arguments(service))
    sources = [item.text[6:] for item in arguments if item.text.startswith("--cov=")]
    sources += [i.following for i in arguments if i.text == "--cov" and service.has(i.following)]
    sources = sources or words(run.get("source") or run.get("source_pkgs"))
    code = [f"{folder}/lambda_pkg/index.py" for folder in service.function_folders]
    as_paths = [*sources, *(f"src/{name.replace('.', '/')}" for name in sources)]
    uncounted = [path for path in code if not any(covers(source, path) for source in as_paths)]
    if uncounted:
        fix = 'Set `source = ["src"]` under `[tool.coverage.run]`.'
        yield finding("source", f"coverage leaves out {and_more(uncounted)}", fix)
    for pattern in words(run.get("omit")) + words(report.get("omit")):
        hidden = [m.path for m in service.modules("src") if m.functions and covers(pattern, m.path)]
        hidden = [path for path in hidden if not GENERATED.search(path)]
        if hidden:
            message = f"`omit` hides {and_more(hidden)} from coverage"
            yield finding(pattern, message, f"Take `{pattern}` out of `omit`, and test that code.")


@LESSON.check
def coverage_has_a_floor(service: Service) -> Iterator[Finding]:
    """Tests fail when they cover too little."""
    setting = at(service.pyproject, "tool", "coverage", "report", "fail_under")
    place = "fail_under" if setting is not None else "[tool.coverage.report]"
    by_setting = Argument(PYPROJECT, service.line_with(PYPROJECT, place), f"={setting}", "")
    arguments = [item for item in pytest_arguments(service) if item.text.startswith(FLOOR)]
    for item in arguments or [by_setting]:
        floor = item.text.partition("=")[2]
        if not re.fullmatch(r"\d+(\.\d+)?", floor) or float(floor) < LEAST_COVERAGE:
            what = floor if arguments or setting is not None else "no `fail_under` is set"
            message = f"the unit tests may cover less than {LEAST_COVERAGE} %: {what}"
            start = f"Delete `{item.text}`, and set" if arguments else "Set"
            fix = f"{start} `fail_under = 90` under `[tool.coverage.report]` in `{PYPROJECT}`."
            yield LESSON.finding(item.path, item.line, message, fix=fix)
