"""STR-06: `CodeUri` is the function's folder and `Handler` is `lambda_pkg.index.lambda_handler`, so
that in Lambda too the package has its parent.

Why: With a handler in a flat `index.py` every relative import failed at the first call after the
deployment.

Here: Each function in `template.yaml`, and what `make build` leaves in `.aws-sam/build/`.

Fix: Set `CodeUri` and `Handler` of the function in `template.yaml`, and define `lambda_handler` in
its `lambda_pkg/index.py`.

Defended by: gate.

See: docs/decisions/0002-lambda-pkg.md.
"""

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.folders import (
    CODE,
    FUNCTIONS,
    built_functions,
    code_elsewhere,
    code_of_resource,
    folder_of,
    is_python,
)
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module
from kit.gate.service import TEMPLATE, Resource, Service

LESSON = Lesson.read(__doc__)


HANDLER = "lambda_pkg.index.lambda_handler"


@LESSON.check
def handlers(service: Service) -> Iterator[Finding]:
    """CodeUri and Handler of each function say what the layout says, and the handler is there."""
    for function in filter(is_python, service.of_type(*FUNCTIONS)):
        if any(code_elsewhere(function, key, value) for key, value in code_of_resource(function)):
            continue  # STR-01
        for key, found in _handler_problems(service, function):
            line = function.line_of(key)
            found = f"`{function.logical_id}` {found}"
            yield LESSON.finding(TEMPLATE, line, found, resource=function.logical_id)


def _handler_problems(service: Service, function: Resource) -> Iterator[tuple[str, str]]:
    """What is wrong, and with which property."""
    key = CODE[function.type][0]
    folder, handler = folder_of(function), function.get("Handler")
    index = f"{folder}/lambda_pkg/index.py"
    if not folder:
        yield key, f"has no folder as `{key}`"
    elif not service.has(folder):
        yield key, f"has `{folder}` as `{key}`, which is not there"
    elif folder not in service.function_folders:
        wanted = f"src/{service.package}/<function>"
        yield key, f"has `{folder}` as `{key}`, which is no folder of a function (`{wanted}`)"
    elif index not in service.files:
        yield key, f"is deployed from `{folder}`, which has no `lambda_pkg/index.py`"
    elif handler == HANDLER and "lambda_handler" not in _defined(service.module(index)):
        yield "Handler", f"starts with `lambda_handler`, which `{index}` does not define"
    if handler != HANDLER:
        is_text = isinstance(handler, str)
        computed = f"has the `Handler` `{handler}`" if is_text else "has a computed `Handler`"
        yield "Handler", computed if handler else "has no `Handler`"


def _defined(module: Module) -> set[str]:
    """The names that a module has when it is imported."""
    names: set[str] = set()
    waiting: list[ast.AST] = [module.tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue  # what is inside is not the module's
        if isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        waiting += ast.iter_child_nodes(node)
    return names


@LESSON.check
def built_handlers(service: Service) -> Iterator[Finding]:
    """In what `make build` made, the handler is where Lambda will look for it."""
    for function, artifact in built_functions(service):
        module = str(function.get("Handler")).rpartition(".")[0].replace(".", "/")
        if function.get("Handler") == HANDLER and not (artifact / f"{module}.py").is_file():
            place = artifact.relative_to(service.root).as_posix()
            found = f"{function.logical_id} was built without {module}.py: {place} lacks it"
            yield LESSON.finding(
                TEMPLATE,
                function.line,
                found,
                resource=function.logical_id,
                fix=f"Run `make build`; if it stays like that, look for what leaves {module}.py out of"
                f" the build of {function.logical_id} (Metadata, CodeUri, .samignore).",
            )
