"""What Python files import."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from .parsers import Module, dotted
from .python_names import constant, last
from .requirements import modules_of
from .service import Service

# Functions that import what their first argument names.
IMPORTERS = {"import_module", "__import__"}
# Modules of the Lambda runtime, beside those of Python.
RUNTIME_MODULES = {
    *("awscrt", "awslambdaric", "boto3", "botocore", "dateutil", "jmespath", "s3transfer"),
    *("simplejson", "six", "snapshot_restore_py", "urllib3"),
}


@dataclass(frozen=True)
class Import:
    """One name that a module imports.

    Args:
        path: the module.
        line: the line of the import.
        level: how many dots stand before it.
        module: what is written behind `import`, or between `from` and `import`.
        name: what is imported from it, if that is written.
    """

    path: str
    line: int
    level: int
    module: str
    name: str = ""

    @property
    def written(self) -> str:
        """..settings"""
        return "." * self.level + self.module

    @property
    def absolute(self) -> str:
        """The whole name below src: orders.app.lambda_pkg.settings.Settings."""
        package = self.path.split("/")[1:-1]
        above = package[: max(0, len(package) - self.level + 1)] if self.level else []
        return ".".join(filter(None, [*above, self.module, self.name]))


def imports_of(module: Module) -> Iterator[Import]:
    """Everything that a module imports, also by `importlib.import_module`."""
    path = module.path
    for plain in module.nodes(ast.Import):
        yield from (Import(path, plain.lineno, 0, alias.name) for alias in plain.names)
    for node in module.nodes(ast.ImportFrom):
        for alias in node.names:
            yield Import(path, node.lineno, node.level, node.module or "", alias.name)
    for call in module.nodes(ast.Call):
        name = constant(call.args[0]) if call.args else None
        if last(dotted(call.func)) in IMPORTERS and isinstance(name, str):
            bare = name.lstrip(".")
            yield Import(path, call.lineno, len(name) - len(bare), bare)


def own_imports(service: Service) -> Iterator[tuple[str, Import]]:
    """What functions import that is of no library, with the folder of the function."""
    for folder in service.function_folders:
        libraries = RUNTIME_MODULES | sys.stdlib_module_names
        for path in service.files_in(folder):
            if PurePosixPath(path).name in ("requirements.txt", "requirements.private"):
                libraries |= modules_of(service, path)
        for module in service.modules(f"{folder}/lambda_pkg"):
            for imported in imports_of(module):
                if imported.level or imported.module.split(".")[0] not in libraries:
                    yield folder, imported


def is_own(service: Service, folder: str, imported: Import) -> bool:
    """Whether an absolute import is of a function's own code, by whatever name."""
    top = imported.module.split(".")[0]
    if top in ("src", "lambda_pkg", service.package) or function_of(service, imported.module):
        return True
    places = (f"{folder}/lambda_pkg", str(PurePosixPath(imported.path).parent))
    return any(service.has(f"{place}/{name}") for place in places for name in (top, f"{top}.py"))


def function_of(service: Service, name: str) -> str:
    """The folder of the function that an absolute name is of; empty if it is of none."""
    bare = name.removeprefix("src.").removeprefix(f"{service.package}.")
    folder = f"src/{service.package}/{bare.split('.')[0]}"
    return folder if folder in service.function_folders else ""
