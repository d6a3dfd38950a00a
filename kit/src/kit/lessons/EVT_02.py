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
from kit.gate.python_names import constant
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)

# Where PutEvents says that it did not take an entry.
RESULTS = {"FailedEntryCount", "ErrorCode"}


@LESSON.check
def one_publisher(service: Service) -> Iterator[Finding]:
    """Each function publishes in one module, which looks at what became of every entry."""
    for folder in service.function_folders:
        publishing = [module for module in service.modules(folder) if _calls(module)]
        helpers = [module for module in publishing if _reads_results(module)]
        helpers.sort(key=lambda module: "/utils/" not in module.path)
        for module in publishing:
            if module not in helpers:
                message = "publishes, and does not look at the result"
                fix = "Raise an error, or send again what was refused, unless `FailedEntryCount` of"
                fix += " the answer is 0; let one module, `utils/publisher.py`, do so."
                yield LESSON.finding(module.path, _calls(module)[0].lineno, message, fix=fix)
            elif module != helpers[0]:
                message = f"publishes itself, beside `{helpers[0].path}`"
                fix = f"Call the publisher of `{helpers[0].path}` instead."
                yield LESSON.finding(module.path, _calls(module)[0].lineno, message, fix=fix)


def _calls(module: Module) -> list[ast.Attribute]:
    return [node for node in module.nodes(ast.Attribute) if node.attr == "put_events"]


def _reads_results(module: Module) -> bool:
    """Whether a module has the keys of the results, and drops no answer."""
    dropped = [
        node
        for node in module.nodes(ast.Expr)
        if isinstance(node.value, ast.Call) and node.value.func in _calls(module)
    ]
    texts = {constant(node) for node in module.nodes(ast.Constant)}
    return bool(RESULTS & texts) and not dropped
