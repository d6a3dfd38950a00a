"""IAC-10: Memory and timeout of each function are numbers that somebody chose, and the timeouts of
its calls end before it does.

Why: Lambda's 3 seconds cut calls off, or a call waited longer than its function lived, so that
nothing was logged.

Here: `MemorySize` and `Timeout` of each function; `CONFIG` in its `utils/aws.py`.

Fix: Set `MemorySize` and `Timeout` as numbers on the function, give each HTTP call a `timeout`
below it, and each AWS client a `Config` whose `connect_timeout`, `read_timeout` and attempts fit
into it together.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate.environments import environments, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.outbound import calls
from kit.gate.service import Service
from kit.gate.variables import packages
from kit.gate.wiring import sources
from kit.template import is_intrinsic

LESSON = Lesson.read(__doc__)

GIVE_A_TIMEOUT = "Give it a `timeout` in seconds, below that of the function."


@LESSON.check
def sizes_are_numbers(service: Service) -> Iterator[Finding]:
    """Memory and timeout are numbers; what only a deployment knows can't be told."""
    for function in service.functions:
        for key, unit in (("MemorySize", "MB"), ("Timeout", "seconds")):
            value = function.get(key)
            if not str(value).isdecimal() and not is_intrinsic(value):
                problem = "has no" if value is None else f"has {value!r} as its"
                message = f"{function.logical_id} {problem} {key}, which should be a number"
                fix = f"Set `{key}` of `{function.logical_id}` to a number of {unit}."
                yield LESSON.finding_in(function, function.line_of(key), message, fix)


@LESSON.check
def calls_end_before_the_function(service: Service) -> Iterator[Finding]:
    """Each call of AWS and each HTTP call has a timeout below that of its function."""
    templates = environments(service).values()
    for package in packages(service):
        timeouts = [resolved(template, package.function.get("Timeout")) for template in templates]
        shortest = min(
            (int(timeout) for timeout in timeouts if str(timeout).isdecimal()), default=None
        )
        name = package.function.logical_id
        batch = max(
            (
                source.batch_size
                for source in sources(service)
                if source.function is package.function
            ),
            default=1,
        )
        for call in calls(package.modules):
            if call.seconds is None:
                fix = call.fix or GIVE_A_TIMEOUT
                yield LESSON.finding(call.path, call.line, call.what, fix=fix)
            elif shortest and call.seconds >= shortest:
                message = f"{call.what}, and {name} times out after {shortest} s"
                fix = f"Let all its attempts end before {shortest} s: set its `timeout`, or pass a"
                fix += " `Config` of botocore with `connect_timeout`, `read_timeout` and `retries`."
                yield LESSON.finding(call.path, call.line, message, name, fix)
            elif shortest and call.is_repeated and call.seconds * batch > shortest:
                message = f"{call.what} for each of {batch} records, and {name} times out after"
                message += f" {shortest} s"
                fix = f"Let {batch} calls fit: a shorter `timeout`, a smaller `BatchSize` of {name}, or"
                fix += " a longer `Timeout`."
                yield LESSON.finding(call.path, call.line, message, name, fix)


@LESSON.check
def calls_have_an_end(service: Service) -> Iterator[Finding]:
    """ruff's S113 knows the calls of requests and httpx."""
    for result in service.tools.ruff:
        if result.rule == "S113":
            yield LESSON.finding(
                result.path, result.line, "an HTTP call has no `timeout`", fix=GIVE_A_TIMEOUT
            )
