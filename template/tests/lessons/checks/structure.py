"""STR: structure and imports."""

import ast
from collections.abc import Iterator

from ..findings import Finding, check
from ..parsers import Module
from ..service import Service


@check("STR-05")
def relative_imports(service: Service) -> Iterator[Finding]:
    """Nothing in a lambda_pkg is imported by a name that only one of tests and Lambda knows."""
    for folder in service.function_folders:
        own = {"lambda_pkg", service.package, "src", folder.rsplit("/", 1)[1]}
        own |= {
            path.removeprefix(f"{folder}/lambda_pkg/").split("/")[0].removesuffix(".py")
            for path in service.files_in(f"{folder}/lambda_pkg", ".py")
        }
        for module in service.modules(f"{folder}/lambda_pkg"):
            for name, line in _absolute(module):
                if name.split(".")[0] in own:
                    yield Finding("STR-05", module.path, line, f"imports {name} absolutely")


def _absolute(module: Module) -> Iterator[tuple[str, int]]:
    for plain in module.nodes(ast.Import):
        for alias in plain.names:
            yield alias.name, plain.lineno
    for each in module.nodes(ast.ImportFrom):
        if not each.level and each.module:
            yield each.module, each.lineno
