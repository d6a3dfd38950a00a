"""SEC-02: Code gets the name of a secret in a variable: not its value, and no name of its own.

Why: Each rotation needed a deployment, and a name that was written into code was that of another
environment.

Here: Variables that end in `_SECRET`, in `template.yaml` and `settings.py`.

Fix: Pass the name, `!Sub <service>/<name>-${EnvironmentName}`, in a variable `<NAME>_SECRET`; read
that by `required("<NAME>_SECRET")` in `settings.py`, and let the code ask Secrets Manager for the
value.

Defended by: gate.
"""

import ast
import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.python_names import every_code
from kit.gate.secret_reads import is_value, secret_reads
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def variables_have_names(service: Service) -> Iterator[Finding]:
    """CloudFormation puts no value of a secret into a variable."""
    for function in service.functions:
        for name, written in function.variables.items():
            if is_value(service, written):
                message = f"`{name}` of `{function.logical_id}` gets the value of a secret"
                line = function.line_of("Environment", "Variables", name)
                yield LESSON.finding_in(function, line, message)


@LESSON.check
def code_has_no_names(service: Service) -> Iterator[Finding]:
    """No code names a secret itself: as this service calls them, or in a call for one."""
    name_of_secret = re.compile(rf"{re.escape(service.name)}/[\w./+=@-]+-(?:dev|prod)")
    for code in every_code(service):
        lines = [
            (module.path, text.lineno)
            for module in code.modules.values()
            for text in module.nodes(ast.Constant)
            if isinstance(text.value, str) and name_of_secret.fullmatch(text.value)
        ]
        lines += [
            (read.where.module.path, read.call.lineno)
            for read in secret_reads(code)
            if read.name and _is_literal(code.value_of(read.name, read.where))
        ]
        for path, line in lines:
            yield LESSON.finding(path, line, "names a secret in the code")


def _is_literal(name: ast.expr) -> bool:
    """Whether a name is written there, whole or a part of it."""
    if isinstance(name, ast.JoinedStr):
        return any(map(_is_literal, name.values))
    return isinstance(name, ast.Constant) and bool(re.search(r"[A-Za-z]", str(name.value)))
