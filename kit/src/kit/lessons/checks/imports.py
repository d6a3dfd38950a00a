"""STR: what modules of functions import, and when."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import PurePosixPath

from kit.pins import canonical

from ..findings import Finding, check
from ..parsers import Module, dotted
from ..python_names import Code, Definition, code_of, constant, last
from ..service import Service

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


def _imports(module: Module) -> Iterator[Imported]:
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


def _imported(service: Service) -> Iterator[tuple[str, Module, Imported, str]]:
    """What the functions import but for libraries: folder, module, import, absolute name."""
    for folder in service.function_folders:
        libraries = _libraries(service, folder)
        for module in service.modules(f"{folder}/lambda_pkg"):
            for each in _imports(module):
                top = each.name.split(".")[0]
                if each.level:
                    yield folder, module, each, _absolute(module, each)
                elif top in LAYOUT or top not in libraries:
                    yield folder, module, each, each.name


def _libraries(service: Service, folder: str) -> set[str]:
    """The modules of Python, and of the distributions that this function requires, as far as
    they are called the same."""
    names = set(sys.stdlib_module_names)
    for path in service.files_in(folder):
        if PurePosixPath(path).name in ("requirements.txt", "requirements.private"):
            pins = service.requirements(path)
            required = (pin.requirement for pin in pins if pin.requirement)
            names |= {canonical(each.name).replace("-", "_") for each in required}
    return names


def _absolute(module: Module, imported: Imported) -> str:
    """What a relative import comes to, from src on: orders.app.lambda_pkg.settings."""
    package = module.path.split("/")[1:-1]
    above = package[: max(0, len(package) - imported.level + 1)]
    return ".".join([*above, *filter(None, [imported.name])])


def _function(service: Service, name: str) -> str:
    """The folder of the function whose code an absolute name is of, if it is of any."""
    parts = name.split(".")
    for start in ("src", service.package):
        if parts[:1] == [start]:
            parts = parts[1:]
    folder = f"src/{service.package}/{parts[0] if parts else ''}"
    return folder if folder in service.function_folders else ""


@check("STR-05")
def relative_imports(service: Service) -> Iterator[Finding]:
    """Nothing in a lambda_pkg is imported by a name that only one of tests and Lambda knows."""
    for folder, module, imported, name in _imported(service):
        if _function(service, name) not in ("", folder):
            continue  # STR-07
        path, line = module.path, imported.line
        top = f"{service.package}.{PurePosixPath(folder).name}.lambda_pkg"
        if imported.level and not f"{name}.".startswith(f"{top}."):
            found = f"imports {imported.written}, which is above its lambda_pkg"
            yield Finding("STR-05", path, line, found)
        elif not imported.level and _is_own(service, folder, path, name):
            yield Finding("STR-05", path, line, f"imports {imported.written} absolutely")


def _is_own(service: Service, folder: str, path: str, name: str) -> bool:
    """Whether an absolute name is of the function's own code, and of no library in .venv."""
    top = name.split(".")[0]
    if top in LAYOUT or _function(service, name) == folder:
        return top not in LAYOUT or top == "lambda_pkg" or _is_neighbour(service, folder, path, top)
    if top in ("src", service.package):
        return True
    return _is_neighbour(service, folder, path, top) and not _is_installed(top)


def _is_neighbour(service: Service, folder: str, path: str, name: str) -> bool:
    """Whether a module or folder of that name is in the lambda_pkg, or beside the module."""
    places = {f"{folder}/lambda_pkg", path.rpartition("/")[0]}
    return any(service.has(f"{p}/{name}") or service.has(f"{p}/{name}.py") for p in places)


def _is_installed(name: str) -> bool:
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return False
    return bool(spec and spec.origin and "site-packages" in spec.origin)


@check("STR-07")
def functions_alone(service: Service) -> Iterator[Finding]:
    """No function imports what is in the folder of another."""
    for folder, module, imported, name in _imported(service):
        other = _function(service, name)
        if other not in ("", folder):
            # `from orders import app` names the function only behind `import`.
            bare = replace(imported, name=imported.module)
            above = _absolute(module, bare) if imported.level else imported.module
            short = _function(service, above) == other
            written = imported.written if short else "." * imported.level + imported.name
            found = f"imports `{written}`, which is code of `{other}`"
            yield Finding("STR-07", module.path, imported.line, found)


# ── STR-10: imports at the top (clients: RUN-05) ─────────────────────────────────────────────

# Decorators that make a function one that is called by each event: @app.get("/items").
ROUTES = {
    *("api_route", "delete", "exception_handler", "get", "head", "middleware", "not_found"),
    *("on_publish", "options", "patch", "post", "put", "resolver", "route"),
}
# Those whose function runs once.
KEEPING = {"cache", "cached", "cached_property", "lru_cache"}
# Calls that import what they are told.
IMPORTING = {"importlib.import_module", "importlib.__import__", "__import__"}


@check("STR-10")
def imports_at_the_top(service: Service) -> Iterator[Finding]:
    """No handler imports anything, nor does what it calls, but for what keeps its result."""
    for folder in service.function_folders:
        code = code_of(service, folder)
        for handler, where in _called_by_handlers(code):
            by = "" if where is handler else f", which `{handler.place}` calls,"
            for name, line in _imported_by(code, where):
                found = f"`{where.place}`{by} imports {name} when it is called"
                yield Finding("STR-10", where.module.path, line, found)


def _imported_by(code: Code, where: Definition) -> Iterator[tuple[str, int]]:
    """What a function imports as it runs, and the lines."""
    for plain in where.scope.of(ast.Import):
        yield ", ".join(f"`{alias.name}`" for alias in plain.names), plain.lineno
    for each in where.scope.of(ast.ImportFrom):
        yield f"`{'.' * each.level}{each.module or ''}`", each.lineno
    for call in where.scope.calls:
        if code.name_of(call.func, where) in IMPORTING and call.args:
            given = call.args[0]
            yield f"`{constant(given) or ast.unparse(given)}`", call.lineno


def _called_by_handlers(code: Code) -> Iterator[tuple[Definition, Definition]]:
    """The handlers and what they use of this code, each with a handler that does."""
    seen: set[str] = set()
    handlers = [each for each in code.definitions.values() if _is_handler(each)]
    waiting = [(each, each) for each in handlers]
    while waiting:
        handler, where = waiting.pop()
        if where.name in seen or (where is not handler and _runs_once(where)):
            continue
        seen.add(where.name)
        yield handler, where
        waiting += [(handler, each) for each in code.named_by(where)]


def _decorators(where: Definition) -> list[str]:
    return [dotted(d.func if isinstance(d, ast.Call) else d) for d in where.scope.decorators]


def _is_handler(where: Definition) -> bool:
    routes = (name.split(".") for name in _decorators(where))
    return where.scope.name == "lambda_handler" or any(
        len(parts) == 2 and parts[1] in ROUTES for parts in routes
    )


def _runs_once(where: Definition) -> bool:
    """Whether it keeps what it makes: by a cache, or in a global variable."""
    cached = any(last(name) in KEEPING for name in _decorators(where))
    return cached or bool(where.scope.of(ast.Global))
