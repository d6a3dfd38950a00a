"""STR-06: `CodeUri` is the function's folder and `Handler` is `lambda_pkg.index.lambda_handler`, so
that the package has its parent in Lambda too.

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
from kit.gate.folders import CODE, built_functions, folder_of, is_python
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module
from kit.gate.service import Resource, Service
from kit.layout import TEMPLATE

LESSON = Lesson.read(__doc__)

HANDLER = "lambda_pkg.index.lambda_handler"


@LESSON.check
def handlers(service: Service) -> Iterator[Finding]:
    """CodeUri and Handler of each function follow the layout, and the handler exists."""
    for function in filter(is_python, service.functions):
        if folder_of(function).startswith("src/"):  # others: STR-01
            for key, problem, fix in _problems(service, function):
                message = f"`{function.logical_id}` {problem}"
                yield LESSON.finding(TEMPLATE, function.line_of(key), message, fix=fix)


def _problems(service: Service, function: Resource) -> Iterator[tuple[str, str, str]]:
    """What is wrong, with which property, and what to do."""
    key, folder, handler = CODE[function.type], folder_of(function), function.get("Handler")
    index = f"{folder}/lambda_pkg/index.py"
    if folder not in service.function_folders:
        problem = f"has `{folder}` as `{key}`, which is not the folder of a function"
        yield key, problem, f"Set `{key}: src/{service.package}/<function>/`."
    elif index not in service.files or "lambda_handler" not in _names(service.module(index)):
        fix = f"Define `lambda_handler(event, context)` in `{index}`, or import it there."
        yield "Handler", f"has no `lambda_handler` in `{index}`", fix
    if handler != HANDLER:
        problem = f"has the `Handler` `{handler}`" if handler else "has no `Handler`"
        yield "Handler", problem, f"Set `Handler: {HANDLER}`."


def _names(module: Module) -> set[str]:
    """The names that a module defines or imports."""
    names = {function.name for function in module.functions}
    names |= {alias.asname or alias.name for alias in module.nodes(ast.alias)}
    return names | {n.id for n in module.nodes(ast.Name) if isinstance(n.ctx, ast.Store)}


@LESSON.check
def built_handlers(service: Service) -> Iterator[Finding]:
    """`make build` put the handler where Lambda looks for it."""
    for function, artifact in built_functions(service):
        if function.get("Handler") == HANDLER and not (artifact / "lambda_pkg/index.py").is_file():
            built = artifact.relative_to(service.root).as_posix()
            message = f"`{function.logical_id}` was built without `lambda_pkg/index.py`: `{built}`"
            fix = (
                "Run `make build`. If that does not help, look for what leaves the file out:"
                " `Metadata` and `CodeUri` of the function, `.samignore`."
            )
            yield LESSON.finding(TEMPLATE, function.line, message, fix=fix)
