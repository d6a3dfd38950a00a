"""STR-09: A function's package stays small: no tests, tools or build output in it, nothing that the
Lambda runtime has already, and less than its budget in all.

Why: SAM ships whatever lies in the folder; packages grew until cold starts and deployments took too
long.

Here: Each function has its own `requirements.txt`, without boto3; tests are in `tests/`, tools in
`requirements-dev.txt`. The budget of a folder is 5 MiB, that of what `make build` makes of it 50
MiB.

Fix: Take out of the function's folder or `requirements.in` what its code does not need to run, then
`make lock`. What has to stay needs its reason in `lessons.toml`.

Defended by: gate.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from kit.gate.findings import Finding
from kit.gate.folders import IN_RUNTIME, built_functions, is_stray
from kit.gate.lesson import Lesson
from kit.gate.service import TEMPLATE, Service
from kit.pins import canonical

LESSON = Lesson.read(__doc__)


# In MiB: what a folder may hold beside libraries, and what a package may come to with them. Lambda
# takes 250; a function with Powertools comes to 4, with FastAPI to 14.
SOURCES, PACKAGE = 5, 50


# Distributions that no function runs with; names that begin or end like these, too.
TOOLS = {
    *("aws-sam-cli", "awscli", "bandit", "black", "build", "cfn-lint", "coverage", "debugpy"),
    *("faker", "flake8", "freezegun", "gunicorn", "hypothesis", "ipdb", "ipython", "isort"),
    *("jupyter", "localstack", "moto", "mypy", "nox", "notebook", "pip", "pip-tools", "pre-commit"),
    *("pylint", "pyright", "pytest", "responses", "ruff", "tox", "twine", "uv", "uvicorn", "wheel"),
}


TOOLS_BEGIN = ("mypy-boto3-", "pytest-", "types-")


TOOLS_END = ("-stubs",)


@LESSON.check
def nothing_else_in_the_folder(service: Service) -> Iterator[Finding]:
    """SAM ships what lies in a function's folder: no tests, no build output, nothing large."""
    for folder in service.function_folders:
        paths = service.files_in(folder)
        strays = dict.fromkeys(filter(None, (is_stray(service, path) for path in paths)))
        for place, found in strays:
            yield LESSON.finding(place, 0, f"{found}, and is deployed with the function")
        sizes = {path: (service.root / path).stat().st_size for path in paths}
        whole = sum(sizes.values())
        if whole > SOURCES << 20 and not strays:
            largest = max(paths, key=lambda path: sizes[path])
            found = f"{folder} has {whole >> 20} MiB, and its budget is {SOURCES} MiB"
            yield LESSON.finding(largest, 0, f"is the largest file of what is deployed: {found}")


@LESSON.check
def nothing_else_in_requirements(service: Service) -> Iterator[Finding]:
    """No function is deployed with tools, or with what the runtime has."""
    for folder in service.function_folders:
        wanted, pinned = f"{folder}/requirements.in", f"{folder}/requirements.txt"
        named = _required(service, wanted)
        for name, line in _required(service, pinned).items():
            if found := _not_needed(name):
                path, line = (wanted, named[name]) if name in named else (pinned, line)
                yield LESSON.finding(path, line, f"{name} {found}")
        for name in named.keys() - _required(service, pinned).keys():
            if found := _not_needed(name):
                yield LESSON.finding(wanted, named[name], f"{name} {found}")


def _required(service: Service, path: str) -> dict[str, int]:
    """The distributions that a list names, as indexes compare names, with their lines."""
    if path not in service.files:
        return {}
    pins = service.requirements(path)
    return {canonical(each.requirement.name): each.line for each in pins if each.requirement}


def _not_needed(name: str) -> str:
    if name in IN_RUNTIME:
        return "is in the Lambda runtime already"
    if name in TOOLS or name.startswith(TOOLS_BEGIN) or name.endswith(TOOLS_END):
        return "is a tool, and no function runs with it: requirements-dev.in is its place"
    return ""


@LESSON.check
def built_packages_fit(service: Service) -> Iterator[Finding]:
    """What `make build` made is smaller than its budget."""
    for function, artifact in built_functions(service):
        size = sum(_sizes(artifact))
        if size > PACKAGE << 20:
            found = f"{function.logical_id} is built to {size >> 20} MiB, its budget is {PACKAGE}"
            name = function.logical_id
            yield LESSON.finding(TEMPLATE, function.line, found, resource=name)


def _sizes(folder: Path) -> Iterator[int]:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _sizes(Path(entry.path))
        else:
            yield entry.stat(follow_symlinks=False).st_size
