"""DEP-01: Every dependency is pinned to one version: those of a function beside it, those of
development once at the top.

Why: A build that had passed in the evening failed in the morning, with the same sources.

Here: Each function has a `requirements.in` with what it wants, and a `requirements.txt` with the
pins that follow from it; `requirements-dev.in` and `requirements-dev.txt` are at the top. `make
lock` writes the pins.

Fix: Write the name into the `.in` file of the function that uses it, then `make lock`. Of a package
from git, pin the full commit id.

Defended by: gate.

See: docs/decisions/0004-requirements.md.
"""

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.imports import is_own, own_imports
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.requirements import modules_of, pin_problem, required, requirements_files
from kit.gate.service import Service
from kit.pins import development, disagreements, pins

LESSON = Lesson.read(__doc__)

PIN_COMMIT = "Pin the full commit id in place of the branch or tag."
AGREE = (
    "Let the `requirements.in` of both allow one version, then `make lock`, which resolves all"
    " functions together."
)
MISSING_MODULE = {"ImportError", "ModuleNotFoundError"}


@LESSON.check
def pinned(service: Service) -> Iterator[Finding]:
    """Each line of a requirements file names one version."""
    for path in requirements_files(service):
        for pin in service.requirements(path):
            if problem := pin_problem(pin):
                fix = PIN_COMMIT if pin.requirement and pin.requirement.url else None
                yield LESSON.finding(
                    path, pin.line, f"{problem}: `{pin.requirement or pin.text}`", fix=fix
                )


@LESSON.check
def pins_are_current(service: Service) -> Iterator[Finding]:
    """Each package of a requirements.in is pinned beside it, in a version that it allows."""
    for path in requirements_files(service):
        wanted = path.removesuffix(".txt") + ".in"
        names, versions = required(service, path), pins(service.text(path))
        for name, pin in required(service, wanted).items():
            if name not in names:
                yield LESSON.finding(wanted, pin.line, f"{name} is not pinned in {path}")
            elif pin.requirement and name in versions:
                allowed = pin.requirement.specifier.filter(versions[name], prereleases=True)
                if not any(allowed):
                    pinned = f"{name} is pinned in {path} to {_or(versions[name])}"
                    message = f"{pinned}, not to {pin.text}"
                    yield LESSON.finding(wanted, pin.line, message)


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
            yield LESSON.finding(imported.path, imported.line, message)


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
