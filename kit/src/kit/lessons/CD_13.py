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
RECIPE = "@$(KIT) destroy $(call option,CONFIRM,confirm)"


@LESSON.check
def destroy_is_there(service: Service) -> Iterator[Finding]:
    rule = make_rules(service).get("destroy")
    if rule is None:
        fix = f"Write the target `destroy`, with the recipe `{RECIPE}`."
        yield LESSON.finding("Makefile", 1, "there is no `make destroy`", fix=fix)
        return
    calls = [c for c in rule.commands if c.words[:2] == (".kit", "destroy")]
    if not calls and not any(DELETES in effects(service, c) for c in rule.commands):
        message = "`make destroy` does not call `python .kit destroy`"
        yield LESSON.finding(rule.path, rule.line, message, fix=f"Write `{RECIPE}` below it.")
    for command in calls:
        if "CONFIRM" not in (command.option("--confirm") or "CONFIRM"):
            message = "`make destroy` answers its own question, by `--confirm`"
            fix = f"Write `{RECIPE}` here: who answers by CONFIRM gives it on the command line."
            yield LESSON.finding(rule.path, command.line, message, fix=fix)


@LESSON.check
def nothing_else_deletes_stacks(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        # What a target or a script does is reported in its file.
        if command.program in ("sam", "aws") and DELETES in effects(service, command):
            message = f"`{command.text}` deletes without asking"
            fix = "Call `.venv/bin/python .kit destroy` in its place, as `make destroy` does: it asks."
            yield LESSON.finding(path, command.line, message, fix=fix)
    for module in (*service.modules("src"), *service.modules("scripts")):
        for call in module.nodes(ast.Call):
            if getattr(call.func, "attr", "") == "delete_stack":
                fix = "Delete the call: `make destroy` deletes a stack, and asks first."
                yield LESSON.finding(module.path, call.lineno, "calls delete_stack", fix=fix)
