"""CD-10: In prod, traffic moves to a new version gradually, and back by itself when an alarm is
raised.

Why: A bad version met every user at once.

Here: `AutoPublishAlias` and `DeploymentPreference` in `template.yaml`, alarms for new versions of
each function, by Lambda's errors and by what the code logs as failed, `TrafficShifting` in
`samconfig.toml`.

Fix: Keep `AutoPublishAlias`, give the function a `DeploymentPreference` with an alarm that watches
it, for an API also one on what its `AWS::Logs::MetricFilter` counts, log what that filter counts,
and let prod's `TrafficShifting` be a Canary or Linear one. Hooks, and functions that nobody calls
by an event or their alias, need none.

Defended by: gate.

See: docs/cicd.md.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from kit.gate.environments import deployed, exists, values
from kit.gate.findings import Finding, and_more
from kit.gate.lesson import Lesson
from kit.gate.samconfig import SAMCONFIG, line_of_setting
from kit.gate.service import TEMPLATE, Function, Service
from kit.gate.wiring import HTTP_EVENTS
from kit.template import Template, at, line_of, references

LESSON = Lesson.read(__doc__)


ALIAS, PREFERENCE = ("AutoPublishAlias",), ("DeploymentPreference",)


TYPE, ALARMS = (*PREFERENCE, "Type"), (*PREFERENCE, "Alarms")


@LESSON.check
def traffic_moves_gradually(service: Service) -> Iterator[Finding]:
    """Each function that somebody calls, unless it is a hook or only serves deployments."""
    prod = deployed(service, TEMPLATE, "prod")
    functions = [each for each in service.functions if exists(prod, each)]
    hooks = {
        reference.target
        for each in functions
        for reference in references(each.get("DeploymentPreference", "Hooks"))
    }
    called = _called_by_alias(service)
    alike: dict[tuple[str, tuple[str, ...], str], list[Function]] = {}
    for function in functions:
        name = function.logical_id
        if name in hooks or not (_is_called(function) or name in called):
            continue
        for problem, path in _problems(service, prod, function):
            # What Globals say of several functions is one mistake.
            own = at(function.body, "Properties", *path) is not None or path == ALARMS
            alike.setdefault((problem, path, name if own else ""), []).append(function)
    for (problem, path, _name), these in alike.items():
        yield _of_traffic(service, prod, problem.replace("{}", _named(these)), path, these)


def _problems(
    service: Service, prod: Template, function: Function
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Why the traffic of a function, called {}, does not move well; the property that decides."""
    if not _in(prod, function, *ALIAS):
        yield "nothing can shift the traffic of {}: there is no `AutoPublishAlias`", ALIAS
    elif not _in(prod, function, *PREFERENCE):
        yield "there is no `DeploymentPreference` for {}", PREFERENCE
    elif _in(prod, function, *PREFERENCE, "Enabled") in (False, "false"):
        yield "the `DeploymentPreference` of {} is not enabled in prod", (*PREFERENCE, "Enabled")
    else:
        kind = _in(prod, function, *TYPE)
        if kind is None or str(kind).endswith("AllAtOnce"):
            said = f"`Type` is {kind or 'not set'}"
            yield "all traffic of {} moves at once in prod: " + said, TYPE
        alarms = [each for each in values(prod, function.properties, *ALARMS, "*") if each]
        if not alarms:
            yield "no `Alarms` in the `DeploymentPreference` of {} give traffic back", ALARMS
        elif not any(_watches(service, alarm, function.logical_id) for alarm in alarms):
            named = ", ".join(str(each).strip("<>") for each in alarms)
            yield "the `Alarms` of {} are of others: " + named, ALARMS
        elif _is_asked(function) and not any(_watches_answers(service, each) for each in alarms):
            yield "none of the `Alarms` of {} counts answers with 5xx, which are no errors", ALARMS


@LESSON.check
def counted_lines_are_logged(service: Service) -> Iterator[Finding]:
    """A metric filter counts a message that its function still logs."""
    by_log_group = {
        str(at(function.get("LoggingConfig", "LogGroup"), "Ref")): function
        for function in service.functions
    }
    for counting in service.of_type("AWS::Logs::MetricFilter"):
        function = by_log_group.get(str(at(counting.get("LogGroupName"), "Ref")))
        message = re.search(r'\$\.message\s*=\s*"([^"*]+)"', str(counting.get("FilterPattern")))
        if function is None or message is None:
            continue
        modules = service.modules(f"{function.folder}/lambda_pkg")
        logged = {node.value for module in modules for node in module.nodes(ast.Constant)}
        if logged and message[1] not in logged:
            found = f'{counting.logical_id} counts "{message[1]}", which {function.name} never logs'
            line = counting.line_of("FilterPattern")
            yield LESSON.finding(TEMPLATE, line, found, resource=counting.logical_id)


def _is_asked(function: Function) -> bool:
    return any(event["Type"] in HTTP_EVENTS for event in function.events.values())


def _watches_answers(service: Service, alarm: Any) -> bool:
    """Whether an alarm may count answers: unless it plainly watches nothing but Lambda's metrics."""
    resource = service.resources.get(str(alarm).strip("<>"))
    if resource is None or resource.type != "AWS::CloudWatch::Alarm" or resource.get("Metrics"):
        return True
    return bool(resource.get("Namespace") != "AWS/Lambda")


def _in(template: Template, function: Function, *path: str) -> Any:
    return values(template, function.properties, *path)[0]


def _is_called(function: Function) -> bool:
    return bool(function.events or function.get("FunctionUrlConfig"))


def _called_by_alias(service: Service) -> set[str]:
    """The functions whose alias something refers to."""
    return {
        target
        for resource in service.resources.values()
        for reference in references(resource.body)
        for target, _dot, rest in [f"{reference.target}.{reference.attribute}".partition(".")]
        if rest.strip(".") == "Alias"
    }


def _named(functions: list[Function]) -> str:
    return and_more([each.logical_id for each in functions])


def _of_traffic(
    service: Service, prod: Template, found: str, path: tuple[str, ...], functions: list[Function]
) -> Finding:
    first = functions[0]
    parameter = at(first.get(*path), "Ref")
    if path == TYPE and parameter in map(str, service.template.get("Parameters") or ()):
        told = f"`{parameter}` is {_in(prod, first, *TYPE)} in prod"
        if parameter not in service.parameters("prod"):
            told += f": `{SAMCONFIG}` does not set it"
        line = line_of_setting(service, "prod.deploy.parameters", "parameter_overrides")
        return LESSON.finding(SAMCONFIG, line, told)
    if len(functions) > 1:
        line = line_of(service.template, "Globals", "Function", *path)
        return LESSON.finding(TEMPLATE, line, found)
    own = at(first.body, "Properties", path[0])
    line = first.line if own is None else first.line_of(path[0])
    return LESSON.finding(TEMPLATE, line, found, resource=first.logical_id)


def _watches(service: Service, alarm: Any, name: str) -> bool:
    """Whether an alarm may tell of a function: unless it is plainly one of others."""
    resource = service.resources.get(str(alarm).strip("<>"))
    if resource is None or resource.type != "AWS::CloudWatch::Alarm":
        return True
    watched = {reference.target for reference in references(resource.properties)}
    functions = watched & {each.logical_id for each in service.functions}
    return not functions or name in functions
