"""CD: delivery."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from kit.delivery.template import PLACEHOLDER, Template

from ..commands import Command
from ..environments import deployed, environments, exists, values
from ..findings import Finding, and_more, check
from ..parsers import Module, at, dotted, line_of
from ..runs import DELETES, all_commands, commands_of, effects, made, steps
from ..service import (
    A_REGION,
    ANSWERS,
    ENVIRONMENTS,
    INFRA,
    TEMPLATE,
    Function,
    Service,
    leaves,
    references,
    strings,
)
from ..wiring import HTTP_EVENTS

SAMCONFIG = "samconfig.toml"
DECIDES = f"which `{SAMCONFIG}` decides"
REGION = re.compile(rf"(?<![a-z]){A_REGION}(?![0-9-])")
# A Region in an ARN or a host name.
ADDRESS = re.compile(rf"arn:[^:]+:[^:]*:(?P<arn>{REGION.pattern})|[./](?P<host>{REGION.pattern})\.")
# What a parameter gets in samconfig.toml.
GIVEN_ARN = re.compile(r"(?<==)[\"']?arn:[^\s,\"']+")
# What AWS has in us-east-1 for the whole world: certificates of CloudFront, metrics of billing.
GLOBAL_REGION = "us-east-1"
GLOBAL_SERVICES = {
    *("acm", "billing", "budgets", "ce", "cloudfront", "cur", "globalaccelerator", "health", "iam"),
    *("organizations", "pricing", "route53", "route53domains", "serverlessrepo", "shield"),
    *("support", "waf", "wafv2"),
}
# Actions that replace text in files.
REPLACING_ACTIONS = re.compile(
    r"replace-tokens|find-(?:and-)?replace|variable-substitution|envsubst"
)
# Files that are no configuration: a release writes its version there.
NOT_CONFIGURATION = (".md", "pyproject.toml")
# Where CloudFormation has no AWS::Budgets::Budget.
WITHOUT_BUDGETS = {
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-3", "ap-south-2", "ap-southeast-3"),
    *("ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1"),
    *("eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "il-central-1", "me-central-1"),
    "mx-central-1",
}


# ── What samconfig.toml and commands say ─────────────────────────────────────


def _settings(service: Service) -> Iterator[tuple[str, str, str, Any]]:
    """Every setting of samconfig.toml: environment, command, its name and its value."""
    for environment, commands in service.samconfig.items():
        for command, sections in commands.items() if isinstance(commands, dict) else ():
            found = at(sections, "parameters")
            for name, value in found.items() if isinstance(found, dict) else ():
                yield environment, command, name, value


def _line(service: Service, section: str, key: str) -> int:
    """The line of a key of samconfig.toml, or of its section."""
    begin = 0
    for number, line in enumerate(service.text(SAMCONFIG).splitlines(), 1):
        if line.strip().startswith("["):
            if begin:
                break
            begin = number if line.split("#")[0].strip() == f"[{section}]" else 0
        elif begin and line.split("=")[0].strip() == key:
            return number
    return begin or 1


def _setting(service: Service, environment: str, command: str, name: str) -> tuple[Any, int]:
    """A setting of a command, or the one for all commands, and its line."""
    section = f"{environment}.{command}.parameters"
    for each in (command, "global"):
        found = at(service.samconfig, environment, each, "parameters", name)
        if found is not None:
            return found, _line(service, f"{environment}.{each}.parameters", name)
    return None, _line(service, section, name)


def _sam(command: Command) -> str:
    """What SAM is called for: deploy, build."""
    return next(iter(command.arguments), "") if command.program == "sam" else ""


def _uses_samconfig(command: Command) -> bool:
    """Whether SAM takes what samconfig.toml says of an environment."""
    environment = command.option("--config-env") or ""
    return environment in ENVIRONMENTS or "$" in environment


# ── CD-01: names of stacks ───────────────────────────────────────────────────


@check("CD-01")
def stacks_are_named_in_samconfig(service: Service) -> Iterator[Finding]:
    for environment in ENVIRONMENTS:
        if _setting(service, environment, "deploy", "stack_name")[0] is None:
            line = _line(service, f"{environment}.global.parameters", "stack_name")
            yield Finding("CD-01", SAMCONFIG, line, f"{environment} has no stack_name")
    names = {f"{service.name}-{environment}" for environment in ENVIRONMENTS}
    for environment, command, name, value in _settings(service):
        wanted = {f"{service.name}-{environment}"} if environment != "default" else names
        if name == "stack_name" and value not in wanted:
            line = _line(service, f"{environment}.{command}.parameters", name)
            found = f"{environment}'s stack is called {value}, not {' or '.join(sorted(wanted))}"
            yield Finding("CD-01", SAMCONFIG, line, found)


@check("CD-01")
def stacks_are_named_in_commands(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        deploys = _sam(command) in ("deploy", "sync")
        if command.program == "aws" and command.arguments[:1] == ("cloudformation",):
            deploys = command.arguments[1:2] in (("deploy",), ("create-stack",), ("update-stack",))
        name = command.option("--stack-name") if deploys else None
        if name and "$" not in name and not name.startswith(f"{service.name}-"):
            yield Finding("CD-01", path, command.line, f"deploys a stack called {name}")


# ── CD-02: builds in the container ───────────────────────────────────────────


@check("CD-02")
def samconfig_builds_in_the_container(service: Service) -> Iterator[Finding]:
    for environment in ENVIRONMENTS:
        found, line = _setting(service, environment, "build", "use_container")
        if found is not True:
            unset = "does not set `use_container`"
            said = unset if found is None else f"sets `use_container = {str(found).lower()}`"
            yield Finding("CD-02", SAMCONFIG, line, f"{environment} {said}")


OUTSIDE = "builds outside the Lambda container"


def _leaves_the_container(command: Command) -> str:
    """How a command builds without the container, or may."""
    words = set(command.words)
    if command.program == "make" and "CONTAINER=no" in words:
        return OUTSIDE
    if _sam(command) != "build":
        return ""
    if "--no-use-container" in words:
        return OUTSIDE
    if not _uses_samconfig(command) and not {"--use-container", "-u"} & words:
        return "has neither `--config-env` nor `--use-container`"
    return ""


def _may_leave_the_container(command: Command, variable: Any) -> str:
    """How a call of make builds without the container, or may: with CONTAINER as a variable."""
    targets = {"build", "deploy"} & set(command.arguments)
    said = any(word.startswith("CONTAINER=") for word in command.words)
    value = command.variables.get("CONTAINER", variable)
    if command.program != "make" or not targets or said:
        return ""
    if value in ("no", False):
        return f"{OUTSIDE}, as `CONTAINER` is no"
    if "build" in targets and value != "yes":
        return f"has no `CONTAINER=yes`: without Docker on the runner it {OUTSIDE}"
    return ""


@check("CD-02")
def workflows_build_in_the_container(service: Service) -> Iterator[Finding]:
    for job in service.jobs:
        for step in job.steps:
            bodies = (step, job.body, service.workflows[job.path])
            variable = next((v for body in bodies if (v := at(body, "env", "CONTAINER"))), None)
            for command in commands_of(step, job.line):
                how = _leaves_the_container(command) or _may_leave_the_container(command, variable)
                if how:
                    yield Finding("CD-02", job.path, command.line, f"`{command.text}` {how}")


@check("CD-02")
def make_builds_in_the_container(service: Service) -> Iterator[Finding]:
    """`make build` has a way through the container; its other way is for laptops without Docker."""
    rule = made(service).rules.get("build")
    builds = [each for each in rule.commands if _sam(each) == "build"] if rule else []
    if rule and builds and all(map(_leaves_the_container, builds)):
        found = f"`make build` {_leaves_the_container(builds[0])}"
        yield Finding("CD-02", rule.path, builds[0].line, found)


# ── CD-03 and CD-11: one Region, in one place ────────────────────────────────


def _region(service: Service) -> str:
    """The Region of the service."""
    return str(_setting(service, ENVIRONMENTS[0], "deploy", "region")[0] or "")


@check("CD-03")
def one_region(service: Service) -> Iterator[Finding]:
    """Both environments and the answers say the same."""
    own = _region(service)
    agreed = True
    for environment in ENVIRONMENTS:
        if at(service.samconfig, environment, "global", "parameters", "region") is None:
            section = f"{environment}.global.parameters"
            line = _line(service, section, "region")
            yield Finding("CD-03", SAMCONFIG, line, f"[{section}] has no region")
    for environment, command, name, value in _settings(service):
        if name == "region" and own and value != own:
            agreed = False
            line = _line(service, f"{environment}.{command}.parameters", name)
            found = f"region of {environment} is {value}, that of {ENVIRONMENTS[0]} {own}"
            yield Finding("CD-03", SAMCONFIG, line, found)
    answered = service.answers.get("aws_region")
    if agreed and own and answered and answered != own:
        line = service.line_with(ANSWERS, "aws_region")
        found = f"`aws_region` is {answered}, and `{SAMCONFIG}` has {own}"
        fix = f"Commit, then change the answer, too: `make answer NAME=aws_region VALUE={own}`."
        yield Finding("CD-03", ANSWERS, line, found, fix=fix)


def _written(path: str, line: int, where: str, value: str, own: str) -> Iterator[Finding]:
    """A Region that is written once more: CD-11 while it is the right one, CD-03 when it is not."""
    if not own or not REGION.fullmatch(value):
        return
    if value == own:
        yield Finding("CD-11", path, line, f"`{where}` repeats the Region {value}, {DECIDES}")
    else:
        yield Finding("CD-03", path, line, f"`{where}` is {value}, and `{SAMCONFIG}` has {own}")


def _has_region(where: str, region: str, text: str) -> str:
    """What has a Region, with the text in which it is, where that is more."""
    text = " ".join(text.split())[:100]
    return f"{where} has the Region {region}" + (f": {text}" if text != region else "")


@check("CD-03")
def workflows_read_the_region(service: Service) -> Iterator[Finding]:
    own = _region(service)
    for path, workflow in service.workflows.items():
        for key, value, line in leaves(workflow):
            if key in ("run", "name", "description", "runs-on"):
                continue
            if "region" in key.lower():
                yield from _written(path, line, key, value, own)
            elif own in REGION.findall(value):
                yield Finding("CD-11", path, line, _has_region(f"`{key}`", own, value))


@check("CD-03")
def commands_read_the_region(service: Service) -> Iterator[Finding]:
    own = _region(service)
    for name, (value, path, line) in made(service).variables.items():
        if "region" in name.lower():
            yield from _written(path, line, name, value.split("#")[0].strip(), own)
    for path, command in all_commands(service):
        option = command.option("--region")
        is_global = command.program == "aws" and set(command.arguments) & GLOBAL_SERVICES
        if is_global and option == GLOBAL_REGION:
            continue
        given = {"--region": option or ""} | {
            name: value for name, value in command.variables.items() if "region" in name.lower()
        }
        given |= {
            word.partition("=")[0]: word.partition("=")[2]
            for word in command.words
            if "=" in word and "region" in word.partition("=")[0].lower()
        }
        found = [
            each
            for name, value in given.items()
            for each in _written(path, command.line, name, value, own)
        ]
        yield from found
        if not found and own and own in REGION.findall(command.text):
            told = f"`{command.text[:100]}` repeats the Region {own}, {DECIDES}"
            yield Finding("CD-11", path, command.line, told)


@check("CD-11")
def samconfig_has_it_once(service: Service) -> Iterator[Finding]:
    """No parameter or name of a bucket in samconfig.toml repeats it.

    What others made is passed by its ARN, and is where they made it.
    """
    own = _region(service)
    for environment, command, name, value in _settings(service):
        for text in value if isinstance(value, list) else [value]:
            known = REGION.findall(_without_arns_of_others(service, str(text)))
            if name != "region" and own and own in known:
                line = _line(service, f"{environment}.{command}.parameters", name)
                told = _has_region(f"`{name}` of {environment}", own, str(text))
                yield Finding("CD-11", SAMCONFIG, line, told)


def _without_arns_of_others(service: Service, text: str) -> str:
    return GIVEN_ARN.sub(lambda arn: arn[0] if f":{service.name}-" in arn[0] else "", text)


OF_PARAMETERS = (
    "Delete the parameter, and use `!Ref AWS::Region`, or `!Sub` with `${AWS::Region}`, where it is"
    " referred to."
)


@check("CD-11")
def templates_compute_the_region(service: Service) -> Iterator[Finding]:
    """No parameter repeats the Region. Of what is written out elsewhere in templates, IAC-06 tells."""
    for path in (TEMPLATE, INFRA):
        parameters = service.cloudformation(path).get("Parameters")
        for name, body in parameters.items() if isinstance(parameters, dict) else ():
            for key, text, line in leaves(body):
                if told := _of_parameter(f"`{key}` of the parameter {name}", key, text, service):
                    yield Finding("CD-11", path, line, told, name, OF_PARAMETERS)


def _of_parameter(where: str, key: str, text: str, service: Service) -> str:
    """What a part of a parameter says of the Region that it should not."""
    own = _region(service)
    if key == "Default" and "${AWS::Region}" in text:
        return where + " has `${AWS::Region}`, which CloudFormation does not replace there"
    # A pattern keeps out what is elsewhere: EVT-10 wants one for certificates. Of ARNs IAC-06 tells.
    if key in ("AllowedPattern", "AllowedValues", "Description") or text.startswith("arn:"):
        return ""
    region = _in_address(text) or (own if text == own else "")
    return _has_region(where, region, text) if region else ""


def _in_address(text: str) -> str:
    """The Region in the first ARN or host name of a text that is not of a service for all the world."""
    for match in ADDRESS.finditer(text):
        region = match["arn"] or match["host"]
        is_global = region == GLOBAL_REGION and any(
            f":{each}:" in match[0] for each in GLOBAL_SERVICES
        )
        if not is_global and (match["arn"] or "amazonaws" in text or "aws.amazon" in text):
            return region
    return ""


@check("CD-11")
def code_takes_the_region_that_it_has(service: Service) -> Iterator[Finding]:
    """What runs in Lambda, and what delivers it, names no Region where one is chosen."""
    for module in (*service.modules("src"), *service.modules("scripts")):
        for text in module.nodes(ast.Constant):
            if isinstance(text.value, str) and (region := _in_address(text.value)):
                told = _has_region("an address", region, text.value)
                yield Finding("CD-11", module.path, text.lineno, told)
        if any(_literal(each) for each in module.nodes(ast.Constant)):
            for told, line in _chosen(module):
                yield Finding("CD-11", module.path, line, told)


def _literal(node: ast.AST) -> str:
    """The Region that an expression is."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if REGION.fullmatch(node.value) else ""
    return ""


def _chosen(module: Module) -> Iterator[tuple[str, int]]:
    """Where a Region is chosen: in words, and the line."""
    elsewhere = {
        id(each)
        for call in module.nodes(ast.Call)
        if _is_client(call) and getattr(call.args[0], "value", "") in GLOBAL_SERVICES
        for each in ast.walk(call)
    }
    for parent in ast.walk(module.tree):
        for value in ast.iter_child_nodes(parent):
            if (region := _literal(value)) and id(value) not in elsewhere:
                name, verb = _what(parent, value)
                if "region" in name.lower():
                    yield f"`{name}` {verb} the Region {region}", getattr(value, "lineno", 0)


def _is_client(call: ast.Call) -> bool:
    return bool(call.args) and dotted(call.func).split(".")[-1] in ("client", "resource")


def _what(parent: ast.AST, value: ast.AST) -> tuple[str, str]:
    """What gets a value, and how: a variable, an argument, a key."""
    match parent:
        case ast.keyword(arg=str(name)):
            return name, "is"
        case ast.Assign(targets=[target, *_]) | ast.AnnAssign(target=target):
            return ast.unparse(target), "is"
        case ast.Dict(keys=keys, values=items) if value in items:
            key = keys[items.index(value)]
            return ast.unparse(key) if key else "", "is"
        case ast.BoolOp(values=[first, *_]):
            return ast.unparse(first), "falls back to"
        case ast.Call(args=[first, second]) if value is second:
            if _is_client(parent):
                return f"region_name of {ast.unparse(parent.func)}", "is"
            return f"{ast.unparse(parent.func)}({ast.unparse(first)})", "falls back to"
        case ast.arguments():
            return _with_default(parent, value), "falls back to"
    return "", ""


def _with_default(arguments: ast.arguments, default: ast.AST) -> str:
    """The argument that has this default."""
    plain = [*arguments.posonlyargs, *arguments.args]
    last = zip(plain[::-1], arguments.defaults[::-1], strict=False)
    named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return next((argument.arg for argument, each in (*last, *named) if each is default), "")


# ── CD-08: no replaced text, no placeholders ─────────────────────────────────


@check("CD-08")
def nothing_is_replaced_in_files(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        if how := _replaces(command):
            yield Finding("CD-08", path, command.line, f"`{command.text[:100]}` {how}")
    for step in steps(service):
        if REPLACING_ACTIONS.search(step.uses.lower()):
            line, found = line_of(step.body, "uses"), f"{step.action} replaces text in files"
            yield Finding("CD-08", step.path, line, found)


def _replaces(command: Command) -> str:
    """How a command configures by replacing text."""
    words = command.words[1:]
    if command.program == "envsubst" and command.writes:
        return f"fills variables into {command.writes[0]}"
    if command.program in ("sed", "gsed", "perl"):
        if any(PLACEHOLDER.search(word) for word in words):
            return "replaces a placeholder"
        in_place = r"-i.*|--in-place.*|-[nErsz]+i.*" if "sed" in command.program else r"-[a-z0]*i.*"
        if any(re.fullmatch(in_place, word) for word in words):
            return "" if words[-1].endswith(NOT_CONFIGURATION) else f"replaces text in {words[-1]}"
    return ""


@check("CD-08")
def no_placeholder_is_left(service: Service) -> Iterator[Finding]:
    """Nothing that is deployed, or decides how, has a word that somebody was to replace."""
    for path, text, line in _deployed_texts(service):
        if found := PLACEHOLDER.search(text):
            yield Finding("CD-08", path, line, f"{found[0]} is still to be filled in")


def _deployed_texts(service: Service) -> Iterator[tuple[str, str, int]]:
    """The texts of what is deployed and of what deploys, without comments and documents."""
    for path in (TEMPLATE, INFRA):
        yield from ((path, text, line) for text, line in strings(service.cloudformation(path)))
    for path, workflow in service.workflows.items():
        for key, text, line in leaves(workflow):
            if key != "run":
                yield path, text, line
    for path, command in all_commands(service):
        # Replacing one is told above.
        if not _replaces(command):
            yield path, " ".join([*command.words, *command.variables.values()]), command.line
    for environment, command_name, name, value in _settings(service):
        line = _line(service, f"{environment}.{command_name}.parameters", name)
        yield SAMCONFIG, str(value), line
    for module in (*service.modules("src"), *service.modules("scripts")):
        yield from _texts_of(module)
    for path in service.files_in("src"):
        if not path.endswith((".py", ".md")):
            yield from _lines_of(service, path)


def _texts_of(module: Module) -> Iterator[tuple[str, str, int]]:
    """The texts of a module, but for what it says of itself, and what it compares with."""
    silent: set[int] = set()
    for statement in module.nodes(ast.Expr):
        silent.add(id(statement.value))
    for compared in module.nodes(ast.Compare):
        silent |= {id(each) for each in ast.walk(compared)}
    for text in module.nodes(ast.Constant):
        if isinstance(text.value, str) and id(text) not in silent:
            yield module.path, text.value, text.lineno


def _lines_of(service: Service, path: str) -> Iterator[tuple[str, str, int]]:
    try:
        lines = (service.root / path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):  # a picture, a font
        return
    for number, line in enumerate(lines, 1):
        if not line.lstrip().startswith("#"):
            yield path, line, number


# ── CD-09: deployments ask nothing ───────────────────────────────────────────


@check("CD-09")
def samconfig_asks_nothing(service: Service) -> Iterator[Finding]:
    for environment in ENVIRONMENTS:
        found, line = _setting(service, environment, "deploy", "fail_on_empty_changeset")
        if found is not False:
            said = "true" if found is None else str(found).lower()
            unset = ", as it is not set" if found is None else ""
            text = f"`fail_on_empty_changeset` of {environment} is {said}{unset}"
            yield Finding("CD-09", SAMCONFIG, line, text)
    for environment, command, name, value in _settings(service):
        if name == "confirm_changeset" and value is not False:
            line = _line(service, f"{environment}.{command}.parameters", name)
            found = f"`{name}` of {environment} is {str(value).lower()}"
            yield Finding("CD-09", SAMCONFIG, line, found)


@check("CD-09")
def commands_ask_nothing(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        if how := _asks(command):
            yield Finding("CD-09", path, command.line, f"`{command.text[:100]}` {how}")


ASKING = {
    "--guided": "asks for everything",
    "-g": "asks for everything",
    "--confirm-changeset": "asks",
    "--fail-on-empty-changeset": "fails when there is nothing to change",
}


def _asks(command: Command) -> str:
    """How a command that deploys waits for an answer, or fails where nothing changes."""
    is_aws = command.program == "aws" and command.arguments[:2] == ("cloudformation", "deploy")
    if _sam(command) != "deploy" and not is_aws:
        return ""
    if found := next((word for word in command.words if word in ASKING), None):
        return ASKING[found]
    lacks = "--no-fail-on-empty-changeset" not in command.words
    if lacks and not is_aws and not _uses_samconfig(command):
        return "has neither `--config-env` nor `--no-fail-on-empty-changeset`"
    return ""


# ── CD-10: traffic moves gradually ───────────────────────────────────────────


ALIAS, PREFERENCE = ("AutoPublishAlias",), ("DeploymentPreference",)
TYPE, ALARMS = (*PREFERENCE, "Type"), (*PREFERENCE, "Alarms")


@check("CD-10")
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


@check("CD-10")
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
            yield Finding("CD-10", TEMPLATE, line, found, resource=counting.logical_id)


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
        line = _line(service, "prod.deploy.parameters", "parameter_overrides")
        return Finding("CD-10", SAMCONFIG, line, told)
    if len(functions) > 1:
        line = line_of(service.template, "Globals", "Function", *path)
        return Finding("CD-10", TEMPLATE, line, found)
    own = at(first.body, "Properties", path[0])
    line = first.line if own is None else first.line_of(path[0])
    return Finding("CD-10", TEMPLATE, line, found, resource=first.logical_id)


def _watches(service: Service, alarm: Any, name: str) -> bool:
    """Whether an alarm may tell of a function: unless it is plainly one of others."""
    resource = service.resources.get(str(alarm).strip("<>"))
    if resource is None or resource.type != "AWS::CloudWatch::Alarm":
        return True
    watched = {reference.target for reference in references(resource.properties)}
    functions = watched & {each.logical_id for each in service.functions}
    return not functions or name in functions


# ── CD-12: a budget ──────────────────────────────────────────────────────────


@check("CD-12")
def there_is_a_budget(service: Service) -> Iterator[Finding]:
    budgets = service.of_type("AWS::Budgets::Budget")
    if _region(service) in WITHOUT_BUDGETS:
        return
    if not budgets:
        line = line_of(service.template, "Resources")
        yield Finding("CD-12", TEMPLATE, line, "has no `AWS::Budgets::Budget`")
        return
    for environment, template in environments(service).items():
        amounts = [
            values(template, each.properties, "Budget", "BudgetLimit", "Amount")[0]
            for each in budgets
        ]
        decided = any(str(amount).strip() in ("0", "0.0") for amount in amounts)
        if not decided and not any(exists(template, each) for each in budgets):
            name, line = budgets[0].logical_id, budgets[0].line
            found = f"{name} is not made in {environment}"
            yield Finding("CD-12", TEMPLATE, line, found, resource=name)


@check("CD-12")
def budgets_warn(service: Service) -> Iterator[Finding]:
    for budget in service.of_type("AWS::Budgets::Budget"):
        name = budget.logical_id
        line = budget.line_of("NotificationsWithSubscribers")
        addresses = [
            at(subscriber, "Address")
            for notification in _items(budget.get("NotificationsWithSubscribers"))
            for subscriber in _items(at(notification, "Subscribers"))
        ]
        if not any(addresses):
            yield Finding("CD-12", TEMPLATE, line, f"{name} warns nobody", resource=name)
        topics = {each.logical_id for each in service.of_type("AWS::SNS::Topic")}
        for topic in dict.fromkeys(str(at(each, "Ref")) for each in addresses if each):
            if topic in topics and not _takes_budgets(service, topic):
                found = f"no policy of {topic} lets `budgets.amazonaws.com` publish, so {name} warns nobody"
                yield Finding("CD-12", TEMPLATE, line, found, resource=name)


def _items(node: Any) -> list[Any]:
    return node if isinstance(node, list) else []


def _takes_budgets(service: Service, topic: str) -> bool:
    for policy in service.of_type("AWS::SNS::TopicPolicy"):
        if topic not in {each.target for each in references(policy.get("Topics"))}:
            continue
        found = policy.get("PolicyDocument", "Statement")
        for statement in found if isinstance(found, list) else [found]:
            who = at(statement, "Principal")
            names = [
                text
                for text, _line in strings(at(who, "Service") if isinstance(who, dict) else who)
            ]
            if at(statement, "Effect") == "Allow" and {"budgets.amazonaws.com", "*"} & set(names):
                return True
    return False


# ── CD-13: one guarded way to take a stack down ──────────────────────────────


@check("CD-13")
def destroy_is_there(service: Service) -> Iterator[Finding]:
    rule = made(service).rules.get("destroy")
    if rule is None:
        yield Finding("CD-13", "Makefile", 1, "there is no `make destroy`")
        return
    ways = [
        c for c in rule.commands if c.module == "kit" and c.arguments[:2] == ("delivery", "destroy")
    ]
    deletes = any(DELETES in effects(service, command) for command in rule.commands)
    if not ways and not deletes:  # what deletes by itself is told below
        found = "`make destroy` does not call `python .kit delivery destroy`"
        yield Finding("CD-13", rule.path, rule.line, found)
    for command in ways:
        confirmed = command.option("--confirm")
        if confirmed and "CONFIRM" not in confirmed:
            found = "`make destroy` answers its own question, by `--confirm`"
            yield Finding("CD-13", rule.path, command.line, found)


def _of_an_empty_stack(module: Module, call: ast.Call) -> bool:
    """Whether a call stands below `if … == "REVIEW_IN_PROGRESS"`: such a stack has nothing yet."""
    return any(
        call in ast.walk(statement) and "REVIEW_IN_PROGRESS" in ast.unparse(statement.test)
        for statement in module.nodes(ast.If)
    )


@check("CD-13")
def nothing_else_deletes_stacks(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        # What a target or a script does is told where it stands.
        if command.program in ("sam", "aws") and DELETES in effects(service, command):
            found = f"`{command.text[:100]}` deletes without asking"
            yield Finding("CD-13", path, command.line, found)
    for module in (*service.modules("src"), *service.modules("scripts")):
        for call in module.nodes(ast.Call):
            deletes = getattr(call.func, "attr", "") == "delete_stack"
            if deletes and not _of_an_empty_stack(module, call):
                yield Finding("CD-13", module.path, call.lineno, "calls delete_stack")
