"""DEP-01: Every dependency is pinned to one version: those of a function beside it, those of
development once at the top.

Why: A build that had passed in the evening failed in the morning, with the same sources.

Here: Each function has a `requirements.in` with what it wants, and a `requirements.txt` with the
pins that follow from it; `requirements-dev.in` and `requirements-dev.txt` are at the top. `make
lock` writes the pins.

Fix: Name it in the `requirements.in` of the function that uses it, then `make lock`.

Defended by: gate.

See: docs/decisions/0004-requirements.md.
"""

import ast
import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.imports import is_own, own_imports
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.requirements import (
    commands_with_roles,
    constrained,
    installed,
    modules_of,
    pin_problem,
    required,
    requirements_files,
)
from kit.gate.runs import all_commands
from kit.gate.service import Service
from kit.pins import canonical, development, disagreements, pins

LESSON = Lesson.read(__doc__)

PIN_COMMIT = "Write the full commit id, of 40 digits, in place of the branch or tag."
AGREE = (
    "Let the `requirements.in` of both allow one version, then `make lock`, which resolves all"
    " functions together."
)
MISSING_MODULE = {"ImportError", "ModuleNotFoundError"}
# httpx==0.28.1, left-pad@1.3.0, git+https://example.com/x@<commit>
EXACT = re.compile(r".+?(===?|@)(v?\d+(\.\d+)+[^*]*|[0-9a-f]{40}.*)")


@LESSON.check
def pinned(service: Service) -> Iterator[Finding]:
    """Each line of a list names one version, itself or by a list behind `-c`."""
    by_constraint = constrained(service)
    for path in requirements_files(service):
        wanted = path.removesuffix(".txt") + ".in"
        for pin in service.requirements(path):
            name, url = (pin.requirement.name, pin.requirement.url) if pin.requirement else ("", "")
            if (problem := pin_problem(pin)) and (url or canonical(name) not in by_constraint):
                fix = f"Name it in `{wanted}`, then `make lock`, which pins it in `{path}`."
                if url:
                    fix = PIN_COMMIT
                elif re.match(r"-r|--requirement", pin.text):
                    fix = "Copy the list into the repository, pinned, and name it there."
                elif wanted not in service.files:
                    fix = "Write the version that you use behind `==`, as in `httpx==0.28.1`."
                message = f"{problem}: `{pin.requirement or pin.text}`"
                yield LESSON.finding(path, pin.line, message, fix=fix)


@LESSON.check
def installs_are_pinned(service: Service) -> Iterator[Finding]:
    """No Makefile, script or workflow installs whatever is the newest."""
    with_roles = {(path, command.line) for _, path, command in commands_with_roles(service)}
    for path, command in all_commands(service):
        # pip and its like in workflows are DEP-07's; what can become a role is DEP-08's.
        by_make = path.startswith(".github/") and command.program in ("pip", "pip3", "uv")
        for name in installed(command).names if not by_make else ():
            if not EXACT.fullmatch(name) and (path, command.line) not in with_roles:
                message = f"`{command.text}` installs the newest {name} of the day"
                package = re.split("[<>=~!]|(?<=.)@", name)[0]
                fix = f"Write its version behind `{package}`: `==1.2.3`, of npm `@1.2.3`."
                fix = PIN_COMMIT if "git+" in name else fix
                yield LESSON.finding(path, command.line, message, fix=fix)


@LESSON.check
def pins_are_current(service: Service) -> Iterator[Finding]:
    """Each package of a requirements.in is pinned beside it, in a version that it allows."""
    for path in requirements_files(service):
        wanted = path.removesuffix(".txt") + ".in"
        names, versions = required(service, path), pins(service.text(path))
        fix = f"Run `make lock`, which pins it in `{path}`."
        for name, pin in required(service, wanted).items() if wanted != path else ():
            known = versions.get(name, set())
            allowed = pin.requirement and [
                *pin.requirement.specifier.filter(known, prereleases=True)
            ]
            if name not in names or (known and not allowed):
                pinned = f"pins it to {_or(known)}" if known else "does not pin it"
                message = f"{pin.text} is asked for, and {path} {pinned}"
                yield LESSON.finding(wanted, pin.line, message, fix=fix)


@LESSON.check
def pins_agree(service: Service) -> Iterator[Finding]:
    """The lists that are installed into one environment pin no package to different versions."""
    lists = [path for path in development(service.root) if path in service.files]
    for name, by_path in disagreements({path: service.text(path) for path in lists}):
        listed = ", ".join(f"{_or(versions)} in {path}" for path, versions in by_path.items())
        message = f"{name} is {listed}: one .venv can't have both"
        path = list(by_path)[-1]
        yield LESSON.finding(path, required(service, path)[name].line, message, fix=AGREE)


def _or(versions: set[str]) -> str:
    return " or ".join(sorted(versions))


@LESSON.check
def what_is_imported_is_required(service: Service) -> Iterator[Finding]:
    """No function imports a package that only tools or other functions pin."""
    known = {name for path in requirements_files(service) for name in modules_of(service, path)}
    with_layers = {function.folder for function in service.functions if function.get("Layers")}
    for folder, imported in own_imports(service):
        name, pinned = imported.module.split(".")[0], f"{folder}/requirements.txt"
        if imported.level or name not in known or folder in with_layers:
            continue
        is_optional = imported.line in _optional_lines(service.module(imported.path))
        if pinned in service.files and not is_optional and not is_own(service, folder, imported):
            message = f"imports {name}, which {pinned} does not pin"
            fix = f"Name it in `{folder}/requirements.in`, then `make lock`."
            yield LESSON.finding(imported.path, imported.line, message, fix=fix)


def _optional_lines(module: Module) -> set[int]:
    """The lines below `if TYPE_CHECKING:`, or in a `try:` that catches an ImportError."""
    blocks: list[ast.If | ast.Try] = [
        *(node for node in module.nodes(ast.If) if "TYPE_CHECKING" in ast.unparse(node.test)),
        *(node for node in module.nodes(ast.Try) if MISSING_MODULE & _caught(node)),
    ]
    return {n for block in blocks for n in range(block.lineno, (block.end_lineno or 0) + 1)}


def _caught(block: ast.Try) -> set[str]:
    """The names of the exceptions that a `try` catches."""
    types = [handler.type for handler in block.handlers if handler.type]
    return {dotted(node) for kind in types for node in ast.walk(kind)}
