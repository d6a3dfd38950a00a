"""CD-13: Taking a stack down is one command that asks first and says what stays.

Why: Stacks were deleted with their data, or half of them stayed and cost money.

Here: `make destroy ENV=dev`, which asks for the stack's name.

Fix: Keep the target `destroy` in the `Makefile`, and delete stacks with nothing else.

Defended by: gate.
"""

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import DELETES, all_commands, effects, make_rules
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def destroy_is_there(service: Service) -> Iterator[Finding]:
    rule = make_rules(service).get("destroy")
    if rule is None:
        yield LESSON.finding("Makefile", 1, "there is no `make destroy`")
        return
    calls = [c for c in rule.commands if c.words[:2] == (".kit", "destroy")]
    if not calls:
        message = "`make destroy` does not call `python .kit destroy`"
        yield LESSON.finding(rule.path, rule.line, message)
    for command in calls:
        if "CONFIRM" not in (command.option("--confirm") or "CONFIRM"):
            message = "`make destroy` answers its own question, by `--confirm`"
            yield LESSON.finding(rule.path, command.line, message)


@LESSON.check
def nothing_else_deletes_stacks(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        # What a target or a script does is reported in its file.
        if command.program in ("sam", "aws") and DELETES in effects(service, command):
            message = f"`{command.text}` deletes without asking"
            yield LESSON.finding(path, command.line, message)
    for module in (*service.modules("src"), *service.modules("scripts")):
        for call in module.nodes(ast.Call):
            if getattr(call.func, "attr", "") == "delete_stack":
                yield LESSON.finding(module.path, call.lineno, "calls delete_stack")
