"""SEC-01: Secrets are in Secrets Manager, called `<service>/<name>-<env>`.

Why: Keys were in variables, and so in git and in everybody's console.

Here: `make secrets ENV=dev` lists them, and stores one.

Fix: Change the secret where it was made, for it counts as leaked; store the new one with `make
secrets` and read it by its name. What only looks like a secret gets `# noqa: S105` in code, or
another name.

Defended by: gate.

See: docs/access.md.
"""

import ast
import re
from collections.abc import Iterator
from typing import Any

from kit.gate.environments import all_deployed, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module
from kit.gate.policies import targets
from kit.gate.secret_reads import (
    DYNAMIC,
    hidden_parameters,
    is_dynamic,
    lines_of_names,
    words_of_name,
)
from kit.gate.service import ENVIRONMENTS, INFRA, TEMPLATE, Service
from kit.template import at, leaves

LESSON = Lesson.read(__doc__)


# What holds a value that nobody else may know, by the end of its name. API_KEY does; a KEY alone
# may be that of a table.
HOLDS_SECRET = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|PWD|TOKEN|SECRET|CREDENTIALS|"
    r"(?:API|ACCESS|AUTH|ENCRYPTION|LICENSE|MASTER|PRIVATE|SECRET|SIGNING|WEBHOOK)_?KEY)$"
)


# …://user:password@host
WITH_PASSWORD = re.compile(r"\w+://[^/\s:@]+:[^/\s@$]+@")


# How keys of services that many use begin.
KNOWN_KEYS = {
    **dict.fromkeys(("sk_live_", "rk_live_", "ghp_", "gho_", "glpat-", "xoxb-", "xoxp-"), 16),
    **dict.fromkeys(("github_pat_", "sk-ant-", "sk-proj-"), 30),
}


# What findings say of a value.
WRITTEN_OUT = "is a secret written out here"


WEBHOOK = re.compile(r"hooks\.slack\.com/services/T\w+/B\w+/\w{16,}")


# Names of what is about a secret, and is none: TOKEN_URL.
ABOUT_SECRETS = re.compile(r"_(?:ENDPOINT|FIELD|HEADER|NAME|PARAM|PATH|PREFIX|TYPE|UR[IL])$")


PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----")


def _is_secret_value(name: str, value: Any) -> bool:
    """Whether a literal of that name is a secret: it has some length, and is no sample of nothing."""
    if not isinstance(value, str) or DYNAMIC.search(value) or "${" in value:
        return False
    if WITH_PASSWORD.search(value):
        return True
    if re.match(r"arn:|https?:|[\w-]*/", value):
        return False  # an address, or a name as Secrets Manager has them
    return bool(HOLDS_SECRET.search(words_of_name(name))) and len(value) >= 6 and " " not in value


@LESSON.check
def no_values_in_templates(service: Service) -> Iterator[Finding]:
    """No variable, property or parameter of a template is given a secret value."""
    for each in service.resources.values():
        for name, value, line in leaves(each.properties, literal=True):
            if not name.endswith("_SECRET") and _is_secret_value(name, value):
                yield each.finding(
                    LESSON.id, line, f"`{name}` of `{each.logical_id}` {WRITTEN_OUT}"
                )
    for path in (TEMPLATE, INFRA):
        parameters = at(service.cloudformation(path), "Parameters")
        for name, body in (parameters if isinstance(parameters, dict) else {}).items():
            default = at(body, "Default")
            hidden = str(at(body, "NoEcho")).lower() == "true" and str(default or "")
            if hidden or _is_secret_value(str(name), default):
                line = body.lines.get("Default", body.line)
                yield LESSON.finding(path, line, f"the parameter `{name}` {WRITTEN_OUT}")


@LESSON.check
def no_values_in_samconfig(service: Service) -> Iterator[Finding]:
    """samconfig.toml passes no secret value."""
    declared = at(service.template, "Parameters")
    for environment in ENVIRONMENTS:
        for name, value in service.parameters(environment).items():
            hidden = str(at(declared, name, "NoEcho")).lower() == "true"
            if (hidden and value) or _is_secret_value(name, value):
                line = service.line_with("samconfig.toml", f"{name}=")
                found = f"`{name}` {WRITTEN_OUT}, for {environment}"
                yield LESSON.finding("samconfig.toml", line, found)


@LESSON.check
def no_values_in_workflows(service: Service) -> Iterator[Finding]:
    """No workflow sets a variable to a secret value."""
    for path, workflow in service.workflows.items():
        holders = [workflow]
        holders += [job.body for job in service.jobs if job.path == path]
        holders += [step for job in service.jobs if job.path == path for step in job.steps]
        for holder in holders:
            variables = at(holder, "env")
            for name, value in (variables if isinstance(variables, dict) else {}).items():
                aws = str(name).startswith("AWS_")  # whose keys are IAM-01's
                if not aws and _is_secret_value(str(name), value):
                    line = variables.lines.get(str(name), variables.line)
                    yield LESSON.finding(path, line, f"`{name}` {WRITTEN_OUT}")


@LESSON.check
def no_values_in_code(service: Service) -> Iterator[Finding]:
    """No code has a password; ruff knows how they look. Names of secrets are SEC-02's."""
    told_lines = set()
    for told in service.tools.ruff:
        if told.rule not in ("S105", "S106", "S107"):
            continue
        told_lines.add((told.path, told.line))
        if told.line not in lines_of_names(service, service.module(told.path)):
            # Its message ends in what is called so: … assigned to: "PASSWORD"
            name = told.message.partition(': "')[2].rstrip('"')
            if ABOUT_SECRETS.search(words_of_name(name)):
                continue
            found = f"{f'`{name}`' if name else 'a text'} {WRITTEN_OUT}"
            yield LESSON.finding(told.path, told.line, found)
    for module in service.modules("src"):
        for text in module.nodes(ast.Constant):
            if isinstance(text.value, str) and WITH_PASSWORD.search(text.value):
                found = f"an address with its password {WRITTEN_OUT}"
                yield LESSON.finding(module.path, text.lineno, found)
        for name, value in _headers(module):
            if _is_credential(value) and (module.path, value.lineno) not in told_lines:
                found = f"`{name}` {WRITTEN_OUT}"
                yield LESSON.finding(module.path, value.lineno, found, fix=READ_IT)


READ_IT = (
    "Change the secret where it was made, for it counts as leaked; store the new one with"
    " `make secrets`, and give the header what is read by its name."
)


# Headers that say who calls, and what stands before the secret in them.
CREDENTIALS = {"authorization", "proxy-authorization", "x-api-key", "x-auth-token"}


SCHEMES = {"apikey", "basic", "bearer", "token"}


def _headers(module: Module) -> Iterator[tuple[str, ast.expr]]:
    """What code sets such headers to: in a mapping, or one by one."""
    pairs = [
        pair for each in module.nodes(ast.Dict) for pair in zip(each.keys, each.values, strict=True)
    ]
    pairs += [
        (target.slice, each.value)
        for each in module.nodes(ast.Assign)
        for target in each.targets
        if isinstance(target, ast.Subscript)
    ]
    for key, value in pairs:
        if isinstance(key, ast.Constant) and str(key.value).lower() in CREDENTIALS:
            yield str(key.value), value


def _is_credential(value: ast.expr) -> bool:
    """Whether it is a secret, after its scheme, and no word."""
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
        return False
    words = value.value.split()
    if len(words) == 2 and words[0].lower() in SCHEMES:
        words = words[1:]
    return len(words) == 1 and len(words[0]) >= 8 and any(map(str.isdigit, words[0]))


@LESSON.check
def no_known_keys(service: Service) -> Iterator[Finding]:
    """No file has a key of a service that many use, or a private key that is not for tests."""
    for path, text in service.texts():
        for start, length in KNOWN_KEYS.items():
            if start not in text:
                continue
            found = re.search(rf"(?<![\w-]){start}([A-Za-z0-9_-]+)", text)
            if found and len(found[1]) >= length:
                line = text.count("\n", 0, found.start()) + 1
                yield LESSON.finding(path, line, f"has a key: `{start}…`")
        found = WEBHOOK.search(text) if "hooks.slack.com" in text else None
        if found and not path.endswith(".md"):
            line = text.count("\n", 0, found.start()) + 1
            yield LESSON.finding(path, line, "has the address of a webhook, which is its key")
        found = PRIVATE_KEY.search(text) if "PRIVATE KEY-----" in text else None
        if found and not path.startswith("tests/"):
            line = text.count("\n", 0, found.start()) + 1
            yield LESSON.finding(path, line, "has a private key")


@LESSON.check
def secrets_have_their_names(service: Service) -> Iterator[Finding]:
    """Secrets are called <service>/<name>-<env>, where they are made and where they are passed."""
    form = f"`{service.name}/…-${{EnvironmentName}}`"
    for environment, template in all_deployed(service, TEMPLATE).items():
        for each in service.of_type("AWS::SecretsManager::Secret"):
            name = resolved(template, each.get("Name"))
            if not _is_well_called(service, environment, "" if name is None else name):
                found = f"`{each.logical_id}` is not called {form}"
                line, fix = each.line_of("Name"), f"Set its `Name` to {form}."
                yield each.finding(LESSON.id, line, found, fix)
            if isinstance(each.get("SecretString"), str):
                found = f"`{each.logical_id}` {WRITTEN_OUT}"
                yield each.finding(LESSON.id, each.line_of("SecretString"), found)
        for function in service.functions:
            for variable, written in function.variables.items():
                name = resolved(template, written)
                if not str(variable).endswith("_SECRET") or not isinstance(name, str):
                    continue
                is_value = is_dynamic(written) or hidden_parameters(service) & targets(written)
                if is_value or "<" in name:
                    continue  # SEC-02's, or a secret of this template
                if not _is_well_called(service, environment, name):
                    # It is not shown: it may be the value itself.
                    found = f"`{variable}` of `{function.logical_id}` is not a name {form}"
                    fix = (
                        f"Pass the name of a secret, `!Sub` {form}. If a value stood here, it counts"
                        " as leaked: change it where it was made."
                    )
                    line = function.line_of("Environment", "Variables", variable)
                    yield function.finding(LESSON.id, line, found, fix)


def _is_well_called(service: Service, environment: str, name: Any) -> bool:
    """Whether it is <service>/<name>-<env>; what can't be told is."""
    start, end = f"{service.name}/", f"-{environment}"
    if not isinstance(name, str):
        return True
    return name.startswith(start) and name.endswith(end) and len(name) > len(start + end)
