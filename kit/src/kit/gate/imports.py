"""imports"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from kit.gate.parsers import Module, dotted
from kit.gate.service import Service
from kit.pins import canonical

# Folders and modules of every function; no library is ever meant by them.
LAYOUT = {"index", "lambda_pkg", "services", "settings", "utils"}


@dataclass(frozen=True)
class Imported:
    """One thing that a module imports, as `from .services import jobs` imports services.jobs.

    Args:
        level: how many dots stand before it.
        module: what is written between `from` and `import`, or behind `import`.
        name: the same with what is imported from it.
        line: where.
    """

    level: int
    module: str
    name: str
    line: int

    @property
    def written(self) -> str:
        return "." * self.level + self.module


def imports_of(module: Module) -> Iterator[Imported]:
    for plain in module.nodes(ast.Import):
        for alias in plain.names:
            yield Imported(0, alias.name, alias.name, plain.lineno)
    for each in module.nodes(ast.ImportFrom):
        for alias in each.names:
            name = ".".join(filter(None, (each.module, alias.name)))
            yield Imported(each.level, each.module or "", name, each.lineno)
    for call in module.nodes(ast.Call):
        if dotted(call.func).rpartition(".")[2] not in ("import_module", "__import__"):
            continue
        if call.args and isinstance(call.args[0], ast.Constant):
            text = str(call.args[0].value)
            name = text.lstrip(".")
            yield Imported(len(text) - len(name), name, name, call.lineno)


def imported_name(service: Service) -> Iterator[tuple[str, Module, Imported, str]]:
    """What the functions import but for libraries: folder, module, import, absolute name."""
    for folder in service.function_folders:
        libraries = libraries_of(service, folder)
        for module in service.modules(f"{folder}/lambda_pkg"):
            for each in imports_of(module):
                top = each.name.split(".")[0]
                if each.level:
                    yield folder, module, each, is_absolute(module, each)
                elif top in LAYOUT or top not in libraries:
                    yield folder, module, each, each.name


def libraries_of(service: Service, folder: str) -> set[str]:
    """The modules of Python, and of the distributions that this function requires, as far as
    they are called the same."""
    names = set(sys.stdlib_module_names)
    for path in service.files_in(folder):
        if PurePosixPath(path).name in ("requirements.txt", "requirements.private"):
            pins = service.requirements(path)
            required = (pin.requirement for pin in pins if pin.requirement)
            names |= {canonical(each.name).replace("-", "_") for each in required}
    return names


def is_absolute(module: Module, imported: Imported) -> str:
    """What a relative import comes to, from src on: orders.app.lambda_pkg.settings."""
    package = module.path.split("/")[1:-1]
    above = package[: max(0, len(package) - imported.level + 1)]
    return ".".join([*above, *filter(None, [imported.name])])


def function_of(service: Service, name: str) -> str:
    """The folder of the function whose code an absolute name is of, if it is of any."""
    parts = name.split(".")
    for start in ("src", service.package):
        if parts[:1] == [start]:
            parts = parts[1:]
    folder = f"src/{service.package}/{parts[0] if parts else ''}"
    return folder if folder in service.function_folders else ""
