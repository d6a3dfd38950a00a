"""IAC-10: Memory and time-out of each function are numbers that somebody chose, and the time-outs
of its calls end before it does.

Why: Lambda's 3 seconds cut calls off, or a call waited longer than its function lived, so that
nothing was logged.

Here: `MemorySize` and `Timeout` of each function; `CONFIG` in its `utils/aws.py`.

Fix: Set `MemorySize` and `Timeout` as numbers on the function, give each HTTP call a `timeout`
below it, and each client of AWS a `Config` whose `connect_timeout`, `read_timeout` and attempts fit
into it together.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate.environments import environments, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.outbound import calls
from kit.gate.service import Service
from kit.gate.stages import code_with_reads
from kit.template import is_intrinsic

LESSON = Lesson.read(__doc__)


@LESSON.check
def sizes_are_numbers(service: Service) -> Iterator[Finding]:
    templates = environments(service)
    functions = [*service.functions, *service.of_type("AWS::Lambda::Function")]
    for function in functions:
        for key in ("MemorySize", "Timeout"):
            node = function.get(key)
            found = [resolved(each, node) for each in templates.values()]
            # Parameters come as text, and what only a deployment knows can't be told.
            plain = is_intrinsic(node) and all(str(n).isdecimal() or n is None for n in found)
            if type(node) is not int and not plain:
                told = "has no" if node is None else f"has {node!r} as its"
                what = f"{function.logical_id} {told} {key}, which should be a number"
                yield function.finding(LESSON.id, function.line_of(key), what)


@LESSON.check
def calls_end_before_the_function(service: Service) -> Iterator[Finding]:
    templates = environments(service)
    for code in code_with_reads(service):
        found = [
            int(number)
            for function in code.functions
            for template in templates.values()
            if str(number := resolved(template, function.get("Timeout"))).isdecimal()
        ]
        for call in calls(code.modules):
            if call.seconds is None:
                yield LESSON.finding(call.path, call.line, call.what)
            elif found and call.seconds >= min(found):
                named = code.functions[0].logical_id
                what = f"{call.what}, and {named} lives for {min(found)} s"
                yield LESSON.finding(call.path, call.line, what, resource=named)


@LESSON.check
def calls_have_an_end(service: Service) -> Iterator[Finding]:
    for told in service.tools.ruff:
        if told.rule == "S113":
            yield LESSON.finding(told.path, told.line, "an HTTP call has no `timeout`")
