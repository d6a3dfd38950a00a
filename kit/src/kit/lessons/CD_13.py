"""CD-13: Taking a stack down is one command that asks first and says what stays.

Why: Stacks were deleted with their data, or half of them stayed and cost money.

Here: `make destroy ENV=dev`, which wants to be told the stack's name.

Fix: Keep the target `destroy` in the `Makefile`, and delete stacks with nothing else.

Defended by: gate.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module
from kit.gate.runs import DELETES, all_commands, effects, made
from kit.gate.service import (
    Service,
)

LESSON = Lesson.read(__doc__)


@LESSON.check
def destroy_is_there(service: Service) -> Iterator[Finding]:
    rule = made(service).rules.get("destroy")
    if rule is None:
        yield LESSON.finding("Makefile", 1, "there is no `make destroy`")
        return
    ways = [c for c in rule.commands if c.module == "kit" and c.arguments[:1] == ("destroy",)]
    deletes = any(DELETES in effects(service, command) for command in rule.commands)
    if not ways and not deletes:  # what deletes by itself is told below
        found = "`make destroy` does not call `python .kit destroy`"
        yield LESSON.finding(rule.path, rule.line, found)
    for command in ways:
        confirmed = command.option("--confirm")
        if confirmed and "CONFIRM" not in confirmed:
            found = "`make destroy` answers its own question, by `--confirm`"
            yield LESSON.finding(rule.path, command.line, found)


def _of_an_empty_stack(module: Module, call: ast.Call) -> bool:
    """Whether a call stands below `if … == "REVIEW_IN_PROGRESS"`: such a stack has nothing yet."""
    return any(
        call in ast.walk(statement) and "REVIEW_IN_PROGRESS" in ast.unparse(statement.test)
        for statement in module.nodes(ast.If)
    )


@LESSON.check
def nothing_else_deletes_stacks(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        # What a target or a script does is told where it stands.
        if command.program in ("sam", "aws") and DELETES in effects(service, command):
            found = f"`{command.text[:100]}` deletes without asking"
            yield LESSON.finding(path, command.line, found)
    for module in (*service.modules("src"), *service.modules("scripts")):
        for call in module.nodes(ast.Call):
            deletes = getattr(call.func, "attr", "") == "delete_stack"
            if deletes and not _of_an_empty_stack(module, call):
                yield LESSON.finding(module.path, call.lineno, "calls delete_stack")
