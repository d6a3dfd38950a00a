"""CD-10: In prod, traffic moves to a new version gradually, and back by itself when an alarm is
raised.

Why: A bad version met every user at once.

Here: `AutoPublishAlias` and `DeploymentPreference` in `template.yaml`; for new versions of each
function alarms on Lambda's errors and on failures that the code logs; `TrafficShifting` in
`samconfig.toml`.

Fix: Keep `AutoPublishAlias`. Give the function a `DeploymentPreference` with an alarm that watches
it, for an API also one on what its `AWS::Logs::MetricFilter` counts. Log what that filter counts.
Set prod's `TrafficShifting` to a Canary or Linear one. Hooks, and functions that are called neither
by an event nor by their alias, need none of this.

Defended by: gate.

See: docs/cicd.md.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any

from kit.gate.environments import deployed, exists, values
from kit.gate.findings import Finding, and_more
from kit.gate.lesson import Lesson
from kit.gate.policies import referenced_ids
from kit.gate.samconfig import SAMCONFIG, line_of_setting
from kit.gate.service import Function, Service
from kit.gate.wiring import HTTP_EVENTS, MAPPING
from kit.layout import TEMPLATE
from kit.template import Template, at, references

LESSON = Lesson.read(__doc__)
PREFERENCE = "DeploymentPreference"
AT_ONCE = "all traffic moves at once in prod"


@LESSON.check
def traffic_moves_gradually(service: Service) -> Iterator[Finding]:
    """Each function that somebody calls, unless it is a hook of deployments."""
    prod = deployed(service, TEMPLATE, "prod")
    functions = [f for f in service.functions if exists(prod, f)]
    hooks = {hook for f in functions for hook in referenced_ids(f.get(PREFERENCE, "Hooks"))}
    referred = [r for res in service.resources.values() for r in references(res.body)]
    aliases = {f"{r.target}.{r.attribute}".rstrip(".") for r in referred}
    by_problem: dict[tuple[str, str], list[Function]] = {}
    for function in functions:
        name = function.logical_id
        called = function.events or function.get("FunctionUrlConfig") or f"{name}.Alias" in aliases
        if called and name not in hooks and (problem := _problem(service, prod, function)):
            by_problem.setdefault(problem, []).append(function)
    for (cause, fix), affected in by_problem.items():
        names, first = [f.logical_id for f in affected], affected[0]
        parameter = at(first.get(PREFERENCE, "Type"), "Ref")
        if cause == AT_ONCE and parameter:
            line = line_of_setting(service, "prod", "deploy", "parameter_overrides")
            message = f"`{parameter}` is no Canary or Linear: {cause}"
            fix = f'Write `"{parameter}=Canary10Percent5Minutes"` in prod\'s `parameter_overrides`.'
            yield LESSON.finding(SAMCONFIG, line, message, fix=fix)
        else:
            resource = names[0] if len(names) == 1 else None
            message = f"{and_more(names)}: {cause}"
            yield LESSON.finding(TEMPLATE, first.line_of(PREFERENCE), message, resource, fix)


def _problem(service: Service, prod: Template, function: Function) -> tuple[str, str] | None:
    """Why traffic does not move to a new version of a function as it should, and what helps."""

    def value(*keys: str) -> Any:
        return values(prod, function.properties, *keys)[0]

    kind = str(value(PREFERENCE, "Type"))
    if not value("AutoPublishAlias"):
        problem = "there is no `AutoPublishAlias`, so nothing can shift traffic"
        return problem, "Write `AutoPublishAlias: live` in its `Properties`."
    if value(PREFERENCE, "Enabled") in (False, "false"):
        problem = "it is turned off in prod, so all traffic moves at once"
        return problem, f"Delete `Enabled` from its `{PREFERENCE}`."
    if kind in ("None", "AllAtOnce"):
        return (
            AT_ONCE,
            f"Write `Type: !Ref TrafficShifting` in its `{PREFERENCE}`, as `Globals` does.",
        )
    alarms = [a for a in values(prod, function.properties, PREFERENCE, "Alarms", "*") if a]
    is_asked = any(event["Type"] in HTTP_EVENTS for event in function.events.values())
    group = at(function.get("LoggingConfig", "LogGroup"), "Ref")
    filters = service.of_type("AWS::Logs::MetricFilter")
    is_counted = is_asked or (
        group and group in [at(f.get("LogGroupName"), "Ref") for f in filters]
    )
    kinds = ["Alarm", "FailuresAlarm"] if is_counted else ["Alarm"]
    start = f"!Ref {function.logical_id.removesuffix('Function')}NewVersion"
    fix = f"Write `Alarms: [{', '.join(start + kind for kind in kinds)}]` in its `{PREFERENCE}`."
    if not any(_watches(service, alarm, function.logical_id) for alarm in alarms):
        return f"none of the `Alarms` of its `{PREFERENCE}` watches it", fix
    if is_counted and not any(_counts_answers(service, alarm) for alarm in alarms):
        counted = "answers with 5xx" if is_asked else "the failures that it logs"
        return f"none of the `Alarms` of its `{PREFERENCE}` counts {counted}", fix
    return None


def _watches(service: Service, alarm: Any, name: str) -> bool:
    """Whether an alarm may be about a function: unless it is plainly about others."""
    resource = service.resources.get(str(alarm).strip("<>"))
    functions = {function.logical_id for function in service.functions}
    watched = referenced_ids(resource.properties) & functions if resource else set()
    return not watched or name in watched


def _counts_answers(service: Service, alarm: Any) -> bool:
    """Whether an alarm may count answers, which are no errors of Lambda's."""
    resource = service.resources.get(str(alarm).strip("<>"))
    return resource is None or resource.get("Namespace") != "AWS/Lambda"


@LESSON.check
def mappings_call_the_alias(service: Service) -> Iterator[Finding]:
    """What reads a queue or a stream calls the alias, which traffic moves by."""
    functions = {function.logical_id for function in service.functions}
    for mapping in service.of_type(MAPPING):
        called = mapping.get("FunctionName")
        for name in sorted(referenced_ids(called) & functions):
            if not re.search(r"Alias|\}:", str(called)):
                message = f"`{mapping.logical_id}` calls the newest code of `{name}` at once"
                fix = f"Write `FunctionName: !Ref {name}.Alias`."
                yield LESSON.finding_in(mapping, mapping.line_of("FunctionName"), message, fix)


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
        if function and message:
            modules = service.modules(f"{function.folder}/lambda_pkg")
            logged = {node.value for module in modules for node in module.nodes(ast.Constant)}
            if logged and message[1] not in logged:
                line, name = counting.line_of("FilterPattern"), counting.logical_id
                problem = f'{name} counts "{message[1]}", which {function.name} never logs'
                fix = f'Log "{message[1]}", or write what {function.name} logs in `FilterPattern`.'
                yield LESSON.finding(TEMPLATE, line, problem, name, fix)
