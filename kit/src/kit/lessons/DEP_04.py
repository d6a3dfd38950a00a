"""DEP-04: One version of Python holds everywhere: in `.python-version`, in `Runtime`, in the
workflows and for the tools.

Why: Compiled packages for the laptop's 3.14 met Lambda's 3.12, and the build ended with "binary
validation failed".

Here: `.python-version`, `Globals` of `template.yaml`, `pyproject.toml`; the workflows read
`.python-version`.

Fix: Change what differs to the version of `.python-version`. To change the version everywhere, use
`make answer NAME=python_version VALUE=…`.

Defended by: gate, preflight.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

from kit.gate.findings import Finding, and_more
from kit.gate.lesson import Lesson
from kit.gate.requirements import runtimes_of, wanted_python
from kit.gate.service import Service
from kit.layout import TEMPLATE
from kit.runtimes import SUPPORTED_UNTIL
from kit.template import at

LESSON = Lesson.read(__doc__)

PYPROJECT = "pyproject.toml"
# Settings of tools for a version of Python, and how 3.13 is written there.
SETTINGS = (
    (("project", "requires-python"), "{}.{}"),
    (("tool", "mypy", "python_version"), "{}.{}"),
    (("tool", "pyright", "pythonVersion"), "{}.{}"),
    (("tool", "ruff", "target-version"), "py{}{}"),
)
# A version behind the word: `python-version: "3.13"`, `python: [3.12, 3.13]`, python3.13.
VERSION = re.compile(r"(?<![\d.v-])3\.\d+")
# What else decides which Python runs: asdf, mise, buildpacks, pipenv, pre-commit, images.
OTHER_FILES = re.compile(
    r"\.tool-versions|(.*/)?\.?mise(\.\w+)?\.toml|(.*/)?mise/config\.toml|(.*/)?runtime\.txt|Pipfile"
    r"|\.pre-commit-config\.yaml|(.*[/.])?Dockerfile(\..*)?|(.*/)?\.?devcontainer\.json"
)


@LESSON.check
def runtimes(service: Service) -> Iterator[Finding]:
    """Functions run on the Python of .python-version."""
    wanted = f"python{wanted_python(service)}"
    others = defaultdict(list)  # those that get it from Globals share a line
    for function in service.functions:
        for runtime in {*runtimes_of(service, function)} - {wanted}:
            if runtime.startswith("python"):
                others[runtime, function.line_of("Runtime")].append(function.logical_id)
    for (runtime, line), names in others.items():
        run = "runs" if len(names) == 1 else "run"
        message = f"{and_more(names)} {run} on `{runtime}`, `.python-version` says {wanted[6:]}"
        yield LESSON.finding(TEMPLATE, line, message, fix=_fix(service))


@LESSON.check
def python_of_other_files(service: Service) -> Iterator[Finding]:
    """No line of a workflow, an action, an image or a version manager's file names another Python."""
    wanted = wanted_python(service)
    others = (path for path in sorted(service.files) if OTHER_FILES.fullmatch(path))
    for path in [*service.workflows, *service.actions, *others]:
        for number, line in enumerate(service.text(path).splitlines(), 1):
            _, python, rest = re.sub(r"(^|\s)#.*", "", line).lower().partition("python")
            for version in {*VERSION.findall(python and rest.lstrip("-"))} - {wanted}:
                message = f"names Python {version}, `.python-version` says {wanted}"
                yield LESSON.finding(path, number, message, fix=_fix(service))


@LESSON.check
def python_of_tools(service: Service) -> Iterator[Finding]:
    """Tools work for the Python of .python-version."""
    wanted = wanted_python(service)
    for keys, form in SETTINGS:
        version = at(service.pyproject, *keys)
        if version and form.format(*wanted.split(".")) not in str(version):
            message = f"{'.'.join(keys)} is {version}, `.python-version` says {wanted}"
            line = service.line_with(PYPROJECT, keys[-1])
            yield LESSON.finding(PYPROJECT, line, message, fix=_fix(service))


def _fix(service: Service) -> str:
    """What to change: the place, unless no function could run on the Python of .python-version."""
    wanted = wanted_python(service)
    if f"python{wanted}" in SUPPORTED_UNTIL:
        return f"Write {wanted} in its place."
    return f"Write the version of the functions into `.python-version`: Lambda has no {wanted}."
