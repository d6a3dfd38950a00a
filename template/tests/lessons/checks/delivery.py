"""CD: delivery."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from delivery.template import PLACEHOLDER, Template

from ..commands import Command
from ..environments import chosen, exists, resolved
from ..findings import Finding, check
from ..parsers import Module, at, dotted, line_of
from ..runs import DELETES, all_commands, commands_of, deeds, made, steps
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

SAMCONFIG = "samconfig.toml"
REGION = re.compile(rf"(?<![a-z]){A_REGION}(?![0-9-])")
# A Region in an ARN or a host name.
ADDRESS = re.compile(rf"arn:[^:]+:[^:]*:(?P<arn>{REGION.pattern})|[./](?P<host>{REGION.pattern})\.")
# What a parameter gets in samconfig.toml.
GIVEN_ARN = re.compile(r"(?<==)[\"']?arn:[^\s,\"']+")
# What AWS has in us-east-1 for the whole world: certificates of CloudFront, metrics of billing.
GLOBAL_REGION = "us-east-1"
GLOBAL_SERVICES = {
    *("acm", "billing", "budgets", "ce", "cloudfront", "cur", "globalaccelerator", "health", "iam"),
    *(
        "organizations",
        "pricing",
        "serverlessrepo",
        "route53",
        "route53domains",
        "shield",
        "support",
        "waf",
        "wafv2",
    ),
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
            said = (
                "does not set use_container"
                if found is None
                else f"sets use_container = {str(found).lower()}"
            )
            yield Finding("CD-02", SAMCONFIG, line, f"{environment} {said}")


def _leaves_the_container(command: Command) -> str:
    """How a command builds without the container, or may."""
    words = command.words
    if command.program == "make" and "CONTAINER=no" in words:
        return "CONTAINER=no"
    if _sam(command) != "build":
        return ""
    if "--no-use-container" in words:
        return "--no-use-container"
    if not _uses_samconfig(command) and not {"--use-container", "-u"} & set(words):
        return "neither --config-env nor --use-container"
    return ""


@check("CD-02")
def workflows_build_in_the_container(service: Service) -> Iterator[Finding]:
    for job in service.jobs:
        for step in job.steps:
            bodies = (step, job.body, service.workflows[job.path])
            variable = next((v for body in bodies if (v := at(body, "env", "CONTAINER"))), None)
            for command in commands_of(step, job.line):
                value = command.variables.get("CONTAINER", variable)
                said = [word for word in command.words if word.startswith("CONTAINER=")]
                how = _leaves_the_container(command)
                if (
                    command.program == "make"
                    and {"build", "deploy"} & set(command.arguments)
                    and not how
                ):
                    if value in ("no", False) and not said:
                        how = "CONTAINER: no"
                    elif "build" in command.arguments and not said and value != "yes":
                        how = "no CONTAINER=yes: without Docker on the runner, that is without the container"
                if how:
                    text = " ".join(command.words)
                    yield Finding("CD-02", job.path, command.line, f"`{text}` builds with {how}")


@check("CD-02")
def make_builds_in_the_container(service: Service) -> Iterator[Finding]:
    """`make build` has a way through the container; its other way is for laptops without Docker."""
    rule = made(service).rules.get("build")
    builds = [each for each in rule.commands if _sam(each) == "build"] if rule else []
    if rule and builds and all(map(_leaves_the_container, builds)):
        found = f"`make build` builds with {_leaves_the_container(builds[0])}"
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
        found = f"aws_region is {answered}, and {SAMCONFIG} has {own}"
        mend = (
            "Change the answer, and all follows: uvx copier update --trust --defaults"
            f" --vcs-ref=:current: --data aws_region={own}"
        )
        yield Finding("CD-03", ANSWERS, line, found, mend=mend)


def _written(path: str, line: int, where: str, value: str, own: str) -> Iterator[Finding]:
    """A Region that is written once more: CD-11 while it is the right one, CD-03 when it is not."""
    if not own or not REGION.fullmatch(value):
        return
    if value == own:
        yield Finding("CD-11", path, line, f"{where} is {value}, once more")
    else:
        yield Finding("CD-03", path, line, f"{where} is {value}, and {SAMCONFIG} has {own}")


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
                yield Finding("CD-11", path, line, f"{key} has {own}: {value}")


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
            if "region" in word.partition("=")[0].lower()
        }
        found = [
            each
            for name, value in given.items()
            for each in _written(path, command.line, name, value, own)
        ]
        yield from found
        if not found and own and own in REGION.findall(" ".join(command.words)):
            yield Finding("CD-11", path, command.line, f"`{' '.join(command.words)}` has {own}")


@check("CD-11")
def samconfig_has_it_once(service: Service) -> Iterator[Finding]:
    """No parameter or name of a bucket in samconfig.toml repeats it.

    What others made is passed by its ARN, and is where they made it.
    """
    own = _region(service)
    for environment, command, name, value in _settings(service):
        for text in [value] if isinstance(value, str) else value if isinstance(value, list) else ():
            if (
                name != "region"
                and own
                and own in REGION.findall(_without_arns_of_others(service, str(text)))
            ):
                line = _line(service, f"{environment}.{command}.parameters", name)
                yield Finding(
                    "CD-11", SAMCONFIG, line, f"{name} of {environment} has {own}: {text}"
                )


def _without_arns_of_others(service: Service, text: str) -> str:
    return GIVEN_ARN.sub(lambda arn: arn[0] if f":{service.name}-" in arn[0] else "", text)


@check("CD-11")
def templates_compute_the_region(service: Service) -> Iterator[Finding]:
    """No parameter repeats the Region. Of what is written out elsewhere in templates, IAC-06 tells."""
    own = _region(service)
    for path in (TEMPLATE, INFRA):
        for key, text, line in leaves(service.cloudformation(path).get("Parameters")):
            is_arn = text.startswith("arn:")  # IAC-06 tells
            found = "" if is_arn else _in_address(text) or (own if text == own else "")
            # A pattern keeps out what is elsewhere: EVT-10 wants one for certificates.
            if found and key not in ("AllowedPattern", "AllowedValues", "Description"):
                yield Finding(
                    "CD-11", path, line, f"{key} has {found}: {' '.join(text.split())[:100]}"
                )


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
        for where, value, line in _chosen(module):
            if found := _literal(value):
                yield Finding("CD-11", module.path, line, f"{where} is {found}")
        for text in module.nodes(ast.Constant):
            if (
                isinstance(text.value, str)
                and "-" in text.value
                and (found := _in_address(text.value))
            ):
                yield Finding(
                    "CD-11", module.path, text.lineno, f"has {found}: {text.value.strip()[:100]}"
                )


def _literal(node: ast.AST | None) -> str:
    """The Region that an expression is."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if REGION.fullmatch(node.value) else ""
    return ""


def _speaks_of_region(node: ast.AST) -> bool:
    return any(
        "region" in name.lower()
        for each in ast.walk(node)
        for name in (
            getattr(each, "id", ""), getattr(each, "attr", ""), str(getattr(each, "value", "")),
        )
        if isinstance(name, str)
    )  # fmt: skip


def _chosen(module: Module) -> Iterator[tuple[str, ast.AST | None, int]]:
    """Where a Region is chosen: what gets it, the value and the line."""
    for call in module.nodes(ast.Call):
        name = dotted(call.func)
        service = str(getattr(call.args[0], "value", "")) if call.args else ""
        is_client = name.split(".")[-1] in ("client", "resource")
        # Some services are in one Region for all the world.
        if is_client and service in GLOBAL_SERVICES:
            continue
        for keyword in call.keywords:
            if keyword.arg and "region" in keyword.arg.lower():
                yield keyword.arg, keyword.value, keyword.value.lineno
        if len(call.args) == 2 and (is_client or "region" in service.lower()):
            yield f"the Region of {name}", call.args[1], call.lineno
    for assigned in module.nodes(ast.Assign):
        for goal in assigned.targets:
            if _speaks_of_region(goal):
                yield ast.unparse(goal), assigned.value, assigned.lineno
    for declared in module.nodes(ast.AnnAssign):
        if _speaks_of_region(declared.target):
            yield ast.unparse(declared.target), declared.value, declared.lineno
    for either in module.nodes(ast.BoolOp):
        if _speaks_of_region(either.values[0]):
            yield f"{ast.unparse(either.values[0])} or", either.values[-1], either.lineno
    for pairs in module.nodes(ast.Dict):
        for key, value in zip(pairs.keys, pairs.values, strict=True):
            if isinstance(key, ast.Constant) and "region" in str(key.value).lower():
                yield str(key.value), value, value.lineno
    for function in module.functions:
        arguments = function.args
        last = [*arguments.posonlyargs, *arguments.args]
        defaults = [*zip(last[::-1], arguments.defaults[::-1], strict=False)]
        for argument, default in [
            *defaults,
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]:
            if "region" in argument.arg.lower():
                yield f"{argument.arg} of {function.name}", default, argument.lineno


# ── CD-08: no replaced text, no placeholders ─────────────────────────────────


@check("CD-08")
def nothing_is_replaced_in_files(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        if how := _replaces(command):
            yield Finding("CD-08", path, command.line, f"`{' '.join(command.words)[:100]}` {how}")
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
        yield (
            SAMCONFIG,
            str(value),
            _line(service, f"{environment}.{command_name}.parameters", name),
        )
    own = [m for m in service.modules("scripts") if not m.path.startswith("scripts/delivery/")]
    for module in (*service.modules("src"), *own):
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
            text = f"fail_on_empty_changeset of {environment} is {said}{unset}"
            yield Finding("CD-09", SAMCONFIG, line, text)
    for environment, command, name, value in _settings(service):
        if name == "confirm_changeset" and value is not False:
            line = _line(service, f"{environment}.{command}.parameters", name)
            yield Finding(
                "CD-09", SAMCONFIG, line, f"{name} of {environment} is {str(value).lower()}"
            )


@check("CD-09")
def commands_ask_nothing(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        if how := _asks(command):
            yield Finding("CD-09", path, command.line, f"`{' '.join(command.words)[:100]}` {how}")


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
        return "has neither --config-env nor --no-fail-on-empty-changeset"
    return ""


# ── CD-10: traffic moves gradually ───────────────────────────────────────────


@check("CD-10")
def traffic_moves_gradually(service: Service) -> Iterator[Finding]:
    """Each function that somebody calls, unless it is a hook or only serves deployments."""
    template = service.template_in("prod")
    functions = [each for each in service.functions if exists(template, each)]
    hooks = {
        reference.target
        for each in functions
        for reference in references(each.get("DeploymentPreference", "Hooks"))
    }
    called = _called_by_alias(service)
    for function in functions:
        if function.logical_id not in hooks and (
            _is_called(function) or function.logical_id in called
        ):
            yield from _not_gradual(service, template, function)


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


def _value(template: Template, node: Any) -> Any:
    """What a part of the template comes to in prod; None for nothing, and for what nobody can tell."""
    node = chosen(template, node)
    if node == {"Ref": "AWS::NoValue"}:
        return None
    found = resolved(template, node)
    return node if found is None else found


def _not_gradual(service: Service, template: Template, function: Function) -> Iterator[Finding]:
    name = function.logical_id

    def finding(line: int, found: str) -> Finding:
        return Finding("CD-10", TEMPLATE, line, found, resource=name)

    if not _value(template, function.get("AutoPublishAlias")):
        yield finding(
            function.line, f"{name} has no AutoPublishAlias, so nothing can shift its traffic"
        )
        return
    preference = _value_of_mapping(template, function.get("DeploymentPreference"))
    own = at(function.body, "Properties", "DeploymentPreference")
    # What Globals say is told at the function, too.
    line = function.line if own is None else function.line_of("DeploymentPreference")
    if not preference:
        yield finding(line, f"{name} has no DeploymentPreference")
        return
    if _value(template, preference.get("Enabled")) in (False, "false"):
        yield finding(line, f"the DeploymentPreference of {name} is not enabled in prod")
        return
    kind = _value(template, preference.get("Type"))
    if kind is None or str(kind).endswith("AllAtOnce"):
        yield _all_at_once(service, preference.get("Type"), kind, finding(line, ""))
    yield from _without_alarm(service, template, function, preference, line)


def _value_of_mapping(template: Template, node: Any) -> dict[str, Any]:
    found = node
    if isinstance(node, dict) and set(node) == {"Fn::If"}:
        found = _value(template, node)
    return found if isinstance(found, dict) and found != {"Ref": "AWS::NoValue"} else {}


def _all_at_once(service: Service, written: Any, kind: Any, at_function: Finding) -> Finding:
    """Told once for all functions where a parameter decides, and otherwise at the function."""
    parameter = at(written, "Ref")
    if isinstance(parameter, str) and parameter in (service.template.get("Parameters") or {}):
        found = f"{parameter} is {kind} in prod"
        if parameter in service.parameters("prod"):
            line = _line(service, "prod.deploy.parameters", "parameter_overrides")
            return Finding("CD-10", SAMCONFIG, line, found)
        line = line_of(service.template, "Parameters", parameter, "Default")
        return Finding("CD-10", TEMPLATE, line, f"{found}: {SAMCONFIG} does not set it")
    name = at_function.resource
    found = f"{name} gets all traffic at once in prod: Type is {kind or 'not set'}"
    return Finding("CD-10", TEMPLATE, at_function.line, found, resource=name)


def _without_alarm(
    service: Service, template: Template, function: Function, preference: dict[str, Any], line: int
) -> Iterator[Finding]:
    name = function.logical_id
    alarms = preference.get("Alarms")
    if isinstance(alarms, dict) and "Fn::If" in alarms:
        branch = _value(template, alarms)
        alarms = branch if isinstance(branch, list) else [branch]
    kept = (
        [each for each in alarms or [] if each != {"Ref": "AWS::NoValue"}]
        if isinstance(alarms, list)
        else []
    )
    if not kept:
        found = f"the DeploymentPreference of {name} has no Alarms, so nothing gives traffic back"
        yield Finding("CD-10", TEMPLATE, line, found, resource=name)
        return
    if not any(_watches(service, alarm, name) for alarm in kept):
        targets = ", ".join(dict.fromkeys(each.target for each in references(kept)))
        found = f"the Alarms of {name}, {targets}, watch other functions"
        yield Finding("CD-10", TEMPLATE, line, found, resource=name)


def _watches(service: Service, alarm: Any, name: str) -> bool:
    """Whether an alarm may tell of a function: unless it is plainly one of others."""
    resource = service.resources.get(str(at(alarm, "Ref")))
    if resource is None or resource.type != "AWS::CloudWatch::Alarm":
        return True
    watched = {reference.target for reference in references(resource.properties)}
    functions = watched & {each.logical_id for each in service.functions}
    return not functions or name in functions


# ── CD-12: a budget ──────────────────────────────────────────────────────────


@check("CD-12")
def there_is_a_budget(service: Service) -> Iterator[Finding]:
    budgets = service.of_type("AWS::Budgets::Budget")
    for environment in ENVIRONMENTS:
        template = service.template_in(environment)
        here = [each for each in budgets if exists(template, each)]
        if here or _region(service) in WITHOUT_BUDGETS:
            continue
        if not budgets:
            line = line_of(service.template, "Resources")
            yield Finding("CD-12", TEMPLATE, line, "has no AWS::Budgets::Budget")
            return
        amounts = [
            _value(template, each.get("Budget", "BudgetLimit", "Amount")) for each in budgets
        ]
        if not any(str(amount).strip() in ("0", "0.0") for amount in amounts):
            found = f"{budgets[0].logical_id} is not made in {environment}"
            yield Finding("CD-12", TEMPLATE, budgets[0].line, found, resource=budgets[0].logical_id)


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
        for topic in dict.fromkeys(str(at(each, "Ref")) for each in addresses if each):
            resource = service.resources.get(topic)
            if (
                resource
                and resource.type == "AWS::SNS::Topic"
                and not _takes_budgets(service, topic)
            ):
                found = f"no policy of {topic} lets budgets.amazonaws.com publish, so {name} warns nobody"
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
    ways = [c for c in rule.commands if c.module == "delivery" and c.arguments[:1] == ("destroy",)]
    deletes = any(DELETES in deeds(service, command) for command in rule.commands)
    if not ways and not deletes:  # what deletes by itself is told below
        yield Finding(
            "CD-13",
            rule.path,
            rule.line,
            "`make destroy` does not call `python -m delivery destroy`",
        )
    for command in ways:
        confirmed = command.option("--confirm")
        if confirmed and "CONFIRM" not in confirmed:
            yield Finding(
                "CD-13",
                rule.path,
                command.line,
                "`make destroy` answers its own question, by --confirm",
            )


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
        if command.program in ("sam", "aws") and DELETES in deeds(service, command):
            yield Finding(
                "CD-13",
                path,
                command.line,
                f"`{' '.join(command.words)[:100]}` deletes without asking",
            )
    for module in (*service.modules("src"), *service.modules("scripts")):
        if module.path == "scripts/delivery/destroy.py":
            continue
        for call in module.nodes(ast.Call):
            if (
                isinstance(call.func, ast.Attribute)
                and call.func.attr == "delete_stack"
                and not _of_an_empty_stack(module, call)
            ):
                yield Finding("CD-13", module.path, call.lineno, "calls delete_stack")
