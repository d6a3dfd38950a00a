"""DEP-01: Every dependency is pinned to one version: those of a function beside it, those of
development once at the top.

Why: A build that had passed in the evening failed in the morning, with the same sources.

Here: `requirements.in` says what is wanted, `requirements.txt` what it comes to, for each function;
`requirements-dev.in` and `requirements-dev.txt` at the top. `make lock` writes the pins.

Fix: Write the name into the `.in` file of the function that uses it, then `make lock`. Of what
comes from git, pin the full commit id.

Defended by: gate.

See: docs/decisions/0004-requirements.md.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from kit.gate.findings import Finding
from kit.gate.parsers import Module, Pin, dotted
from kit.gate.service import Service
from kit.pins import canonical, development, disagreements

if TYPE_CHECKING:
    from packaging.requirements import Requirement
from kit.gate.folders import IN_RUNTIME
from kit.gate.lesson import Lesson
from kit.gate.requirements import pin_problem, requirements_files

LESSON = Lesson.read(__doc__)


PIN_COMMIT = "Pin the full commit id in place of the branch or tag."


@LESSON.check
def pinned(service: Service) -> Iterator[Finding]:
    """Each line of a requirements file names one version."""
    for path in requirements_files(service):
        for pin in service.requirements(path):
            if problem := pin_problem(pin):
                fix = PIN_COMMIT if pin.requirement and pin.requirement.url else None
                yield LESSON.finding(path, pin.line, f"{problem}: `{pin.text}`", fix=fix)


@LESSON.check
def pins_are_current(service: Service) -> Iterator[Finding]:
    """What a requirements.in asks for is pinned beside it, in a version that it allows."""
    for path in requirements_files(service):
        wanted = path.removesuffix(".txt") + ".in"
        if wanted not in service.files:
            continue
        pins: dict[str, list[Requirement]] = {}
        for pin in service.requirements(path):
            if pin.requirement:
                pins.setdefault(canonical(pin.requirement.name), []).append(pin.requirement)
        for line in service.requirements(wanted):
            if line.requirement is None:
                continue
            name = line.requirement.name
            found = pins.get(canonical(name))
            if not found:
                yield LESSON.finding(wanted, line.line, f"{name} is not pinned in {path}")
            elif not any(_allows(line, str(each.specifier)) for each in found):
                found_text = f"{name} is pinned in {path} to {found[0].specifier}"
                yield LESSON.finding(wanted, line.line, f"{found_text}, not to {line.text}")


@LESSON.check
def pins_agree(service: Service) -> Iterator[Finding]:
    """The lists that are installed into one environment pin no package to different versions."""
    lists = [path for path in development(service.root) if path in service.files]
    for name, by_path in disagreements({path: service.text(path) for path in lists}):
        (first, known), *others = by_path.items()
        path, versions = next((each for each in others if not each[1] & known), others[-1])
        line = next(
            (
                pin.line
                for pin in service.requirements(path)
                if pin.requirement and canonical(pin.requirement.name) == name
            ),
            1,
        )
        found = (
            f"{name} is {_or(versions)}, and {_or(known)} in {first}: all are tested in one .venv"
        )
        yield LESSON.finding(path, line, found, fix=AGREE)


AGREE = (
    "Let the `requirements.in` of both allow one version, then `make lock`, which resolves all functions"
    " together."
)


def _or(versions: set[str]) -> str:
    return " or ".join(sorted(versions))


def _allows(line: Pin, exact: str) -> bool:
    """Whether a line of a requirements.in allows the version of a pin."""
    version = exact.lstrip("=")
    if line.requirement is None or not re.fullmatch(r"\d[^,*]*", version):
        return True
    return line.requirement.specifier.contains(version, prereleases=True)


# What the Python runtime of Lambda has, as modules.
RUNTIME_MODULES = {"awscrt", "boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six"}


RUNTIME_MODULES |= {"urllib3", *IN_RUNTIME}


@LESSON.check
def what_is_imported_is_required(service: Service) -> Iterator[Finding]:
    """No function imports what is pinned for tools or for other functions only."""
    known: set[str] = set()
    for path in requirements_files(service):
        known |= _modules_of(service, path)
    with_layers = {each.folder for each in service.functions if each.get("Layers")}
    for folder in service.function_folders:
        required = f"{folder}/requirements.txt"
        if required not in service.files or folder in with_layers:
            continue
        own = _modules_of(service, required) | _modules_of(
            service, f"{folder}/requirements.private"
        )
        missing = known - own - RUNTIME_MODULES - sys.stdlib_module_names
        for module in service.modules(f"{folder}/lambda_pkg"):
            for name, line in _needed(module):
                if name in missing and not _is_here(service, module, name):
                    found = f"imports {name}, which {required} does not pin"
                    yield LESSON.finding(module.path, line, found)


def _modules_of(service: Service, path: str) -> set[str]:
    """The modules that a list brings, as far as they are called like their distribution."""
    pins = service.requirements(path) if path in service.files else ()
    names = {canonical(pin.requirement.name) for pin in pins if pin.requirement}
    return {name.replace("-", "_") for name in names}


def _is_here(service: Service, module: Module, name: str) -> bool:
    """Whether a module is called like the function's own; STR-05 looks at how it is imported."""
    above = [str(each) for each in PurePosixPath(module.path).parents][:-2]
    return any(service.has(f"{each}/{name}.py") or service.has(f"{each}/{name}") for each in above)


def _needed(module: Module) -> Iterator[tuple[str, int]]:
    """The top names of what a module can't be imported without."""
    blocks: list[ast.If | ast.Try] = [*module.nodes(ast.If), *module.nodes(ast.Try)]
    optional = {id(each) for node in blocks if _is_optional(node) for each in ast.walk(node)}
    for plain in module.nodes(ast.Import):
        for alias in plain.names:
            if id(plain) not in optional:
                yield alias.name.split(".")[0], plain.lineno
    for each in module.nodes(ast.ImportFrom):
        if each.module and not each.level and id(each) not in optional:
            yield each.module.split(".")[0], each.lineno


def _is_optional(node: ast.If | ast.Try) -> bool:
    """Whether it is `if TYPE_CHECKING:`, or what catches that a module is not there."""
    if isinstance(node, ast.If):
        return dotted(node.test).rpartition(".")[2] == "TYPE_CHECKING"
    caught = (dotted(name) for each in node.handlers if each.type for name in ast.walk(each.type))
    return bool({"ImportError", "ModuleNotFoundError"} & {*caught})
