"""EVT-02: EventBridge is the hub; code publishes through one helper that looks at the result of
every entry.

Why: `PutEvents` succeeds even when it took nothing, so events were lost without a sign.

Here: `utils/publisher.py` of each function that publishes.

Fix: Publish with `Publisher`, and call `put_events` nowhere else.

Defended by: gate.
"""

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


# What PutEvents says of entries that it did not take.
RESULTS = {"FailedEntryCount", "ErrorCode"}


@LESSON.check
def one_publisher(service: Service) -> Iterator[Finding]:
    """Each function publishes in one module, which looks at what became of every entry."""
    for folder in service.function_folders:
        publishing: list[tuple[Module, list[ast.Call]]] = []
        for module in service.modules(folder):
            calls = [each for each in module.nodes(ast.Call) if _puts_events(each)]
            if calls:
                publishing.append((module, calls))
        # The one that checks is the helper, and of several the one in utils/.
        publishing.sort(
            key=lambda each: (not _checks_results(each[0]), "/utils/" not in each[0].path)
        )
        for number, (module, calls) in enumerate(publishing):
            dropped = {
                each.value.lineno
                for each in module.nodes(ast.Expr)
                if isinstance(each.value, ast.Call) and _puts_events(each.value)
            }
            for call in calls:
                if not _checks_results(module) or call.lineno in dropped:
                    found = "publishes, and does not look at the result"
                    yield LESSON.finding(module.path, call.lineno, found)
                elif number:
                    found = f"publishes itself, beside `{publishing[0][0].path}`"
                    yield LESSON.finding(module.path, call.lineno, found)


def _puts_events(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr == "put_events"


def _checks_results(module: Module) -> bool:
    return any(each.value in RESULTS for each in module.nodes(ast.Constant))
