"""SEC: secrets."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeGuard

from kit.delivery.template import Template

from ..environments import all_deployed, resolved
from ..findings import Finding, check
from ..parsers import KEPT, Module, Parsed, at, dotted
from ..policies import Statement, as_written, listed, statements, targets, wide_actions
from ..service import ENVIRONMENTS, INFRA, TEMPLATE, Resource, Service, leaves, strings

# What CloudFormation replaces by the value of a secret.
DYNAMIC = re.compile(r"[{]{2}resolve:(?:secretsmanager|ssm-secure):")

# ── SEC-01: where secrets are ────────────────────────────────────────────────

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


def _words(name: str) -> str:
    """webhookToken and webhook-token as WEBHOOK_TOKEN."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-.]", "_", name).upper()


def _is_secret_value(name: str, value: Any) -> bool:
    """Whether a literal of that name is a secret: it has some length, and is no sample of nothing."""
    if not isinstance(value, str) or DYNAMIC.search(value) or "${" in value:
        return False
    if WITH_PASSWORD.search(value):
        return True
    if re.match(r"arn:|https?:|[\w-]*/", value):
        return False  # an address, or a name as Secrets Manager has them
    return bool(HOLDS_SECRET.search(_words(name))) and len(value) >= 6 and " " not in value


@check("SEC-01")
def no_values_in_templates(service: Service) -> Iterator[Finding]:
    """No variable, property or parameter of a template is given a secret value."""
    for each in service.resources.values():
        for name, value, line in leaves(each.properties, literal=True):
            if not name.endswith("_SECRET") and _is_secret_value(name, value):
                yield each.finding("SEC-01", line, f"`{name}` of `{each.logical_id}` {WRITTEN_OUT}")
    for path in (TEMPLATE, INFRA):
        parameters = at(service.cloudformation(path), "Parameters")
        for name, body in (parameters if isinstance(parameters, dict) else {}).items():
            default = at(body, "Default")
            hidden = str(at(body, "NoEcho")).lower() == "true" and str(default or "")
            if hidden or _is_secret_value(str(name), default):
                line = body.lines.get("Default", body.line)
                yield Finding("SEC-01", path, line, f"the parameter `{name}` {WRITTEN_OUT}")


@check("SEC-01")
def no_values_in_samconfig(service: Service) -> Iterator[Finding]:
    """samconfig.toml passes no secret value."""
    declared = at(service.template, "Parameters")
    for environment in ENVIRONMENTS:
        for name, value in service.parameters(environment).items():
            hidden = str(at(declared, name, "NoEcho")).lower() == "true"
            if (hidden and value) or _is_secret_value(name, value):
                line = service.line_with("samconfig.toml", f"{name}=")
                found = f"`{name}` {WRITTEN_OUT}, for {environment}"
                yield Finding("SEC-01", "samconfig.toml", line, found)


@check("SEC-01")
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
                    yield Finding("SEC-01", path, line, f"`{name}` {WRITTEN_OUT}")


@check("SEC-01")
def no_values_in_code(service: Service) -> Iterator[Finding]:
    """No code has a password; ruff knows how they look. Names of secrets are SEC-02's."""
    told_lines = set()
    for told in service.tools.ruff:
        if told.rule not in ("S105", "S106", "S107"):
            continue
        told_lines.add((told.path, told.line))
        if told.line not in _lines_of_names(service, service.module(told.path)):
            # Its message ends in what is called so: … assigned to: "PASSWORD"
            name = told.message.partition(': "')[2].rstrip('"')
            if ABOUT_SECRETS.search(_words(name)):
                continue
            found = f"{f'`{name}`' if name else 'a text'} {WRITTEN_OUT}"
            yield Finding("SEC-01", told.path, told.line, found)
    for module in service.modules("src"):
        for text in module.nodes(ast.Constant):
            if isinstance(text.value, str) and WITH_PASSWORD.search(text.value):
                found = f"an address with its password {WRITTEN_OUT}"
                yield Finding("SEC-01", module.path, text.lineno, found)
        for name, value in _headers(module):
            if _is_credential(value) and (module.path, value.lineno) not in told_lines:
                found = f"`{name}` {WRITTEN_OUT}"
                yield Finding("SEC-01", module.path, value.lineno, found, fix=READ_IT)


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


@check("SEC-01")
def no_known_keys(service: Service) -> Iterator[Finding]:
    """No file has a key of a service that many use, or a private key that is not for tests."""
    for path, text in service.texts():
        for start, length in KNOWN_KEYS.items():
            if start not in text:
                continue
            found = re.search(rf"(?<![\w-]){start}([A-Za-z0-9_-]+)", text)
            if found and len(found[1]) >= length:
                line = text.count("\n", 0, found.start()) + 1
                yield Finding("SEC-01", path, line, f"has a key: `{start}…`")
        found = WEBHOOK.search(text) if "hooks.slack.com" in text else None
        if found and not path.endswith(".md"):
            line = text.count("\n", 0, found.start()) + 1
            yield Finding("SEC-01", path, line, "has the address of a webhook, which is its key")
        found = PRIVATE_KEY.search(text) if "PRIVATE KEY-----" in text else None
        if found and not path.startswith("tests/"):
            line = text.count("\n", 0, found.start()) + 1
            yield Finding("SEC-01", path, line, "has a private key")


@check("SEC-01")
def secrets_have_their_names(service: Service) -> Iterator[Finding]:
    """Secrets are called <service>/<name>-<env>, where they are made and where they are passed."""
    form = f"`{service.name}/…-${{EnvironmentName}}`"
    for environment, template in all_deployed(service, TEMPLATE).items():
        for each in service.of_type("AWS::SecretsManager::Secret"):
            name = resolved(template, each.get("Name"))
            if not _is_well_called(service, environment, "" if name is None else name):
                found = f"`{each.logical_id}` is not called {form}"
                line, fix = each.line_of("Name"), f"Set its `Name` to {form}."
                yield each.finding("SEC-01", line, found, fix)
            if isinstance(each.get("SecretString"), str):
                found = f"`{each.logical_id}` {WRITTEN_OUT}"
                yield each.finding("SEC-01", each.line_of("SecretString"), found)
        for function in service.functions:
            for variable, written in function.variables.items():
                name = resolved(template, written)
                if not str(variable).endswith("_SECRET") or not isinstance(name, str):
                    continue
                is_value = _is_dynamic(written) or _hidden_parameters(service) & targets(written)
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
                    yield function.finding("SEC-01", line, found, fix)


def _is_well_called(service: Service, environment: str, name: Any) -> bool:
    """Whether it is <service>/<name>-<env>; what can't be told is."""
    start, end = f"{service.name}/", f"-{environment}"
    if not isinstance(name, str):
        return True
    return name.startswith(start) and name.endswith(end) and len(name) > len(start + end)


# ── SEC-02: code gets a name ─────────────────────────────────────────────────


def _is_dynamic(written: Any) -> bool:
    return any(DYNAMIC.search(text) for text, _line in strings(written))


def _hidden_parameters(service: Service) -> set[str]:
    declared = at(service.template, "Parameters")
    pairs = declared.items() if isinstance(declared, dict) else ()
    return {str(name) for name, body in pairs if str(at(body, "NoEcho")).lower() == "true"}


@check("SEC-02")
def variables_have_names(service: Service) -> Iterator[Finding]:
    """CloudFormation puts no value of a secret into a variable."""
    hidden = _hidden_parameters(service)
    for each in [*service.functions, *service.of_type("AWS::Lambda::Function")]:
        variables = each.get("Environment", "Variables")
        for name, written in (variables if isinstance(variables, dict) else {}).items():
            if _is_dynamic(written) or targets(written) & hidden:
                found = f"`{name}` of `{each.logical_id}` gets the value of a secret"
                line = each.line_of("Environment", "Variables", name)
                yield Finding("SEC-02", TEMPLATE, line, found, resource=each.logical_id)


@check("SEC-02")
def code_has_no_names(service: Service) -> Iterator[Finding]:
    """No code names a secret itself."""
    for module in service.modules("src"):
        for line in sorted(_lines_of_names(service, module)):
            yield Finding("SEC-02", module.path, line, "names a secret in the code")


def _lines_of_names(service: Service, module: Module) -> set[int]:
    """Where a module has the name of a secret: as this service calls them, or in a call for one."""
    found = set()
    for text in module.nodes(ast.Constant):
        if isinstance(text.value, str) and re.fullmatch(
            rf"{re.escape(service.name)}/[\w./+=@-]+-(?:dev|prod)", text.value
        ):
            found.add(text.lineno)
    for read in _reads(module):
        name = read.name
        if isinstance(name, ast.Name):
            name = _assigned(module).get(name.id, name)
        if _is_literal(name):
            found.add(name.lineno)
    return found


def _is_literal(node: ast.expr | None) -> TypeGuard[ast.expr]:
    """Whether a name is written there, whole or a part of it."""
    if isinstance(node, ast.JoinedStr):
        return any(_is_literal(each) for each in node.values)
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    return any(letter.isalpha() for letter in node.value)


def _assigned(module: Module) -> dict[str, ast.expr]:
    """What is assigned to names, in functions too; of several, what comes last."""
    found: dict[str, ast.expr] = {}
    for plain in module.nodes(ast.Assign):
        found |= {
            target.id: plain.value for target in plain.targets if isinstance(target, ast.Name)
        }
    for each in module.nodes(ast.AnnAssign):
        if isinstance(each.target, ast.Name) and each.value:
            found[each.target.id] = each.value
    return found


# ── How code reads secrets ───────────────────────────────────────────────────


@dataclass(frozen=True)
class Read:
    """A call that reads the value of a secret.

    Args:
        call: the call.
        name: which secret it reads.
        caches: whether it is one that keeps values for a limited time by itself.
    """

    call: ast.Call
    name: ast.expr | None
    caches: bool


def _reads(module: Module) -> tuple[Read, ...]:
    """The calls of Powertools and boto3 that read a secret."""
    return _reads_in(module.parsed)


@KEPT
def _reads_in(parsed: Parsed) -> tuple[Read, ...]:
    module = Module("", parsed)
    assigned = [
        (target, each.value) for each in module.nodes(ast.Assign) for target in each.targets
    ]
    assigned += [(each.target, each.value) for each in module.nodes(ast.AnnAssign) if each.value]
    providers = {
        dotted(target)
        for target, value in assigned
        if isinstance(value, ast.Call) and _last(value.func) == "SecretsProvider"
    } - {""}
    found = []
    for call in module.nodes(ast.Call):
        last = _last(call.func)
        of = call.func.value if isinstance(call.func, ast.Attribute) else None
        made = isinstance(of, ast.Call) and _last(of.func) == "SecretsProvider"
        if last == "get_secret_value":
            found.append(Read(call, _argument(call, "SecretId"), caches=False))
        elif last == "get_secret":
            found.append(Read(call, _argument(call, "name", 0), caches=True))
        elif last == "get" and of is not None and (made or dotted(of) in providers):
            found.append(Read(call, _argument(call, "name", 0), caches=not made))
    return tuple(found)


def _last(node: ast.expr) -> str:
    """The last part of what is called: get_secret of parameters.get_secret."""
    return node.attr if isinstance(node, ast.Attribute) else dotted(node)


def _argument(call: ast.Call, name: str, place: int | None = None) -> ast.expr | None:
    for each in call.keywords:
        if each.arg == name:
            return each.value
    return call.args[place] if place is not None and len(call.args) > place else None


# ── SEC-03: which secrets ────────────────────────────────────────────────────

GET_VALUE = "secretsmanager:GetSecretValue"


@check("SEC-03")
def only_its_own(service: Service) -> Iterator[Finding]:
    """A function may read the secrets whose names it gets, in its own environment."""
    templates = [*all_deployed(service, TEMPLATE).values()]
    for resource in service.resources.values():
        for statement in statements(TEMPLATE, resource):
            if not statement.allows or not statement.is_identity or "*" in statement.actions:
                continue  # that is IAM-06's
            for problem, line, fix in _too_many(service, resource, statement, templates):
                found, name = f"`{resource.logical_id}` may {problem}", resource.logical_id
                yield Finding("SEC-03", TEMPLATE, line, found, resource=name, fix=fix)
        for number, policy in enumerate(listed(resource.get("Policies"))):
            arn = at(policy, "AWSSecretsManagerGetSecretValuePolicy", "SecretArn")
            foreign = "" if arn is None else _foreign(service, resource, arn, templates)
            if foreign:
                found = f"`{resource.logical_id}` may {_reads_foreign(foreign)}"
                line = resource.line_of("Policies", number)
                yield Finding("SEC-03", TEMPLATE, line, found, resource=resource.logical_id)


def _too_many(
    service: Service, resource: Resource, statement: Statement, templates: list[Template]
) -> Iterator[tuple[str, int, str | None]]:
    """What of a statement reads more secrets than it should, where, and what fixes it."""
    wide = [each for each in wide_actions(statement) if each.lower().startswith("secretsmanager:")]
    wide += [each for each in statement.actions if each.lower() == "secretsmanager:get*"]
    for action in wide[:1]:
        line = statement.line_of("Action")
        yield f"do `{action}`, which is more than reading", line, f"Allow `{GET_VALUE}` alone."
        return
    if not statement.covers(GET_VALUE):
        return
    for number, written in enumerate(listed(statement.body.get("Resource"))):
        if found := _foreign(service, resource, written, templates):
            yield _reads_foreign(found), statement.line_of_item("Resource", number), None


def _reads_foreign(written: str) -> str:
    return f"read `{written}`, whose name no `…_SECRET` variable passes"


def _foreign(service: Service, reader: Resource, written: Any, templates: list[Template]) -> str:
    """The resource as written, if it is more than a secret whose name the reader gets; else empty."""
    for template in templates:
        own = _secrets_of(service, reader, template)
        for value in listed(resolved(template, written)):
            if not isinstance(value, str) or value.startswith("<"):
                continue  # what is imported, and the secrets of this template
            name = value.split(":secret:")[-1]
            # Secrets Manager ends each ARN with a dash and six characters.
            if re.sub(r"-(?:\?{6}|\*|[A-Za-z0-9]{6})$", "", name) not in own and name not in own:
                return as_written(written, value)
    return ""


def _secrets_of(service: Service, reader: Resource, template: Template) -> set[str]:
    """The names of secrets that a function gets; for a role or policy, that any function gets."""
    functions = [each for each in service.functions if each is reader] or service.functions
    return {
        str(resolved(template, value))
        for each in functions
        for variable, value in each.variables.items()
        if str(variable).endswith("_SECRET")
    }


# ── SEC-04: for how long ─────────────────────────────────────────────────────

LONGEST_SECONDS = 24 * 60 * 60
FOR_EVER = {"cache", "lru_cache", "cached_property"}
# What a module that keeps a cache of its own looks at, or what keeps one for it.
CLOCKS = {"monotonic", "time", "perf_counter", "now", "utcnow", "TTLCache", "ttl_cache"}


@check("SEC-04")
def cached_for_a_while(service: Service) -> Iterator[Finding]:
    """Secrets are read through a cache whose values end."""
    for folder in service.function_folders:
        modules = list(service.modules(folder))
        readers = _readers(modules)
        for module in modules:
            scopes = _scopes(module)
            for read in _reads(module):
                problem = _age_problem(module, read, scopes.get(read.call))
                if problem:
                    yield Finding("SEC-04", module.path, read.call.lineno, problem)
            for call in module.nodes(ast.Call):
                is_read = any(call is read.call for read in _reads(module))
                is_read = is_read or _called(module, call) in readers
                problem = _for_ever(module, call, scopes.get(call)) if is_read else ""
                if problem:
                    yield Finding("SEC-04", module.path, call.lineno, problem)


@check("SEC-04")
def no_endless_variable(service: Service) -> Iterator[Finding]:
    """Powertools' variable for the age of values has no absurd value."""
    for each in service.functions:
        age = each.variables.get("POWERTOOLS_PARAMETERS_MAX_AGE")
        if str(age).lstrip("-").isdigit() and not 0 < int(str(age)) <= LONGEST_SECONDS:
            found = f"`{each.logical_id}` caches secrets for {age} seconds"
            line = each.line_of("Environment", "Variables", "POWERTOOLS_PARAMETERS_MAX_AGE")
            yield Finding("SEC-04", TEMPLATE, line, found, resource=each.logical_id)


Scope = ast.FunctionDef | ast.AsyncFunctionDef


def _scopes(module: Module) -> dict[ast.AST, Scope]:
    """The innermost function around each node; what is in none runs once, when it is imported."""
    return _scopes_in(module.parsed)


@KEPT
def _scopes_in(parsed: Parsed) -> dict[ast.AST, Scope]:
    module = Module("", parsed)
    found: dict[ast.AST, Scope] = {}
    # Outer functions come before inner ones, which overwrite.
    for function in sorted(module.functions, key=lambda each: each.lineno):
        for statement in function.body:
            found |= dict.fromkeys(ast.walk(statement), function)
    return found


def _for_ever(module: Module, read: ast.Call, scope: Scope | None) -> str:
    """How a value is kept without an end; empty if it is not."""
    if scope is None:
        return "reads a secret once, when it is imported"
    if not _looks_at_a_clock(module, scope) and _is_kept(read, scope):
        return f"`{scope.name}` keeps a secret for ever, in a variable of the module"
    for each in scope.decorator_list:
        name = _last(each.func if isinstance(each, ast.Call) else each)
        if name in FOR_EVER:
            return f"`{scope.name}` keeps a secret for ever, by `{name}`"
    return ""


def _is_kept(read: ast.Call, scope: Scope) -> bool:
    """Whether a function puts what it reads into a global variable, or into a mapping of one."""
    shared = {
        name for each in ast.walk(scope) if isinstance(each, ast.Global) for name in each.names
    }
    for each in ast.walk(scope):
        if not isinstance(each, ast.Assign) or not any(
            node is read for node in ast.walk(each.value)
        ):
            continue
        for target in each.targets:
            of = target.value if isinstance(target, ast.Subscript) else target
            name = of.id if isinstance(of, ast.Name) else ""
            if name in shared or (isinstance(target, ast.Subscript) and name.isupper()):
                return True
    return False


def _looks_at_a_clock(module: Module, scope: Scope) -> bool:
    """Whether what reads a secret, or keeps it, does; what else the module does is not about it."""
    timed = {name for name, value in _assigned(module).items() if _is_clock(value)}
    return any(
        _is_clock(node) or (isinstance(node, ast.Name) and node.id in timed)
        for each in _around(module, scope)
        for node in ast.walk(each)
    )


def _is_clock(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _last(node.func) in CLOCKS


def _around(module: Module, scope: Scope) -> list[ast.AST]:
    """A function with its class, the functions of its module that it calls, and those that call it."""
    found: list[ast.AST] = [scope]
    found += [each for each in module.nodes(ast.ClassDef) if scope in ast.walk(each)]
    found += [
        each
        for each in module.functions
        if not _is_handler(each)
        and (each.name in _names_called(scope) or scope.name in _names_called(each))
    ]
    return found


def _names_called(scope: Scope) -> set[str]:
    return {_last(node.func) for node in ast.walk(scope) if isinstance(node, ast.Call)}


def _is_handler(scope: Scope) -> bool:
    return any(each.arg in ("event", "context") for each in scope.args.args)


def _age_problem(module: Module, read: Read, scope: Scope | None) -> str:
    """Why a read is not cached, or for too long."""
    if _for_ever(module, read.call, scope):
        return ""  # told already
    forced = _argument(read.call, "force_fetch")
    if isinstance(forced, ast.Constant) and forced.value is True:
        return "reads a secret anew at each call: `force_fetch`"
    age = _argument(read.call, "max_age")
    if read.caches and age is not None:
        seconds = _number(module, age)
        if seconds is not None and not 0 < seconds <= LONGEST_SECONDS:
            return f"caches a secret for {_shown(seconds)}"
    if not read.caches and not _keeps_itself(module, scope):
        return "reads a secret anew at each call"
    return ""


def _shown(seconds: float) -> str:
    return "ever" if seconds == float("inf") else f"{seconds:.0f} seconds"


def _number(module: Module, node: ast.expr) -> float | None:
    """What a number comes to: 300, MAX_AGE_SECONDS, 5 * 60."""
    if isinstance(node, ast.Name):
        known = _assigned(module).get(node.id)
        return None if known is None or isinstance(known, ast.Name) else _number(module, known)
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _number(module, node.operand)
        return None if value is None else -value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        left, right = _number(module, node.left), _number(module, node.right)
        return None if left is None or right is None else left * right
    return float("inf") if dotted(node) in ("math.inf", "sys.maxsize") else None


def _keeps_itself(module: Module, scope: Scope | None) -> bool:
    """Whether there is a cache around it that ends: a decorator with a time, or a look at a clock."""
    for each in scope.decorator_list if scope else ():
        if any(
            isinstance(node, ast.keyword) and node.arg in ("ttl", "max_age")
            for node in ast.walk(each)
        ):
            return True
    return scope is not None and _looks_at_a_clock(module, scope)


def _readers(modules: list[Module]) -> set[tuple[str, str]]:
    """The functions that read secrets, also through one another, by module and name."""
    found: set[tuple[str, str]] = set()
    while True:
        more = {
            (_stem(module), scope.name)
            for module in modules
            for call, scope in _scopes(module).items()
            if isinstance(call, ast.Call)
            # A handler reads what it needs, and is no reader of secrets.
            and not _is_handler(scope)
            and (_called(module, call) in found or any(call is r.call for r in _reads(module)))
        }
        if more <= found:
            return found
        found |= more


def _stem(module: Module) -> str:
    return PurePosixPath(module.path).stem


def _called(module: Module, call: ast.Call) -> tuple[str, str]:
    """What a call calls, by module and name, as far as its imports tell."""
    names = dotted(call.func).split(".")
    if len(names) > 1:
        return _imported(module).get(names[-2], ("", names[-2]))[1], names[-1]
    return _imported(module).get(names[0], (_stem(module), names[0]))


def _imported(module: Module) -> dict[str, tuple[str, str]]:
    """Names that are imported from neighbours, with the module and the name there."""
    return _imported_in(module.parsed)


@KEPT
def _imported_in(parsed: Parsed) -> dict[str, tuple[str, str]]:
    module = Module("", parsed)
    return {
        alias.asname or alias.name: ((each.module or "").split(".")[-1], alias.name)
        for each in module.nodes(ast.ImportFrom)
        for alias in each.names
    }


# ── SEC-05: what is logged ───────────────────────────────────────────────────

LOGS = {"critical", "debug", "error", "exception", "info", "log", "warn", "warning"}
KEEPS = {"append_keys", "thread_safe_append_keys"}
LOGGER = re.compile(r"(?:^|_)log(?:ger|ging)?$", re.IGNORECASE)
# What passes a value on as it is.
PASSES = {
    "asdict",
    "copy",
    "dict",
    "dumps",
    "format",
    "json",
    "loads",
    "model_dump",
    "repr",
    "str",
    "strip",
    "vars",
}
# What holds everything that a caller sent, or every variable.
WHOLE = {
    *("body", "current_event", "decoded_body", "environ", "event", "headers", "json_body"),
    *("lambda_event", "payload", "raw_event", "request"),
}
PARTS = {
    "authorizer",
    "body",
    "cookies",
    "detail",
    "headers",
    "multiValueHeaders",
    "Records",
    "requestContext",
}
SECRETS = re.compile(
    r"(?:^|_)(?:password|passwd|passphrase|secret|api_?key|private_key|authorization|credentials|"
    r"(?<!next_)(?<!page_)(?<!client_)(?<!continuation_)(?<!pagination_)token)$"
)
PERSONAL = re.compile(
    r"(?:^|_)(?:e_?mail(?:_address)?|phone(?:_number)?|mobile(?:_number)?|birth_?da(?:y|te)|"
    r"date_of_birth|iban|ssn|card_number|credit_card|first_name|last_name|full_name|street(?:_address)?)$"
)  # fmt: skip

# How names begin that say whether there is something, and not what.
ANSWERS = ("can_", "has_", "is_", "needs_", "should_", "was_", "with_", "without_")
# Functions whose result does not show what they get.
MASKS = re.compile(
    r"(?<!un)mask|redact|hash|digest|anonymi|pseudonymi|obfuscat|scrub|^(?:bool|len)$",
    re.IGNORECASE,
)


@check("SEC-05")
def nothing_secret_is_logged(service: Service) -> Iterator[Finding]:
    """No line of a log gets a secret, a whole event or what is personal."""
    for folder in service.function_folders:
        modules = list(service.modules(folder))
        readers = _readers(modules)
        for module in modules:
            values = _values(module, readers)
            for call in module.nodes(ast.Call):
                if not _is_log(call):
                    continue
                for each in [*call.args, *(keyword.value for keyword in call.keywords)]:
                    for name in _exposed(module, each, readers, values):
                        yield Finding("SEC-05", module.path, call.lineno, f"logs {name}")


def _is_log(call: ast.Call) -> bool:
    if isinstance(call.func, ast.Name):
        return call.func.id == "print"
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in LOGS | KEEPS:
        return False
    return bool(LOGGER.search(_last(call.func.value))) or call.func.attr in KEEPS


def _values(module: Module, readers: set[tuple[str, str]]) -> set[str]:
    """The names of variables that get the value of a secret."""
    reads = [read.call for read in _reads(module)]
    return {
        target.id
        for each in module.nodes(ast.Assign)
        for node in [_unwrapped(each.value)]
        if isinstance(node, ast.Call)
        and (any(node is read for read in reads) or _called(module, node) in readers)
        for target in each.targets
        if isinstance(target, ast.Name)
    }


def _unwrapped(node: ast.expr) -> ast.expr:
    """What str(…), json.dumps(…) and the like are about."""
    while isinstance(node, (ast.Await, ast.Call)):
        if isinstance(node, ast.Await):
            node = node.value
        elif _last(node.func) in PASSES and node.args:
            node = node.args[0]
        elif _last(node.func) in PASSES and isinstance(node.func, ast.Attribute):
            node = node.func.value
        else:
            break
    return node


def _exposed(
    module: Module, node: ast.expr, readers: set[tuple[str, str]], values: set[str]
) -> Iterator[str]:
    """What of an argument nobody should read."""
    node = _unwrapped(node)
    parts: list[ast.expr] = []
    match node:
        case ast.JoinedStr():
            parts = [each.value for each in node.values if isinstance(each, ast.FormattedValue)]
        case ast.Dict():
            parts = list(node.values)
        case ast.Tuple() | ast.List():
            parts = list(node.elts)
        case ast.BinOp():
            parts = [node.left, node.right]
        case ast.Call() if any(node is read.call for read in _reads(module)):
            yield "the value of a secret"
        case ast.Call() if _called(module, node) in readers:
            yield "the value of a secret"
        case ast.Name() if node.id in values:
            yield f"`{node.id}`, the value of a secret"
        case ast.Name():
            if name := _private_variable(module, node, _scopes(module).get(node)):
                yield name
        case ast.Attribute() | ast.Subscript() | ast.Call():
            if name := _private(node):
                yield f"`{name}`"
    for each in parts:
        yield from _exposed(module, each, readers, values)


def _private_variable(module: Module, node: ast.Name, scope: Scope | None) -> str:
    """How to call a variable, if its name or what it was assigned last is private or everything."""
    bound = _bound(module, node, scope)
    if bound is None:
        return f"`{node.id}`" if _private(node) else ""
    value = _unwrapped(bound.value)
    if isinstance(value, ast.Call) and MASKS.search(_last(value.func)):
        return ""
    if node.id in WHOLE and (bound.is_loop or isinstance(value, ast.Constant)):
        # An item of something is not all of it, unless that is all that came.
        return f"`{node.id}`" if bound.is_loop and _is_whole(value) else ""
    if _private(node):
        return f"`{node.id}`"
    if bound.is_loop:
        return ""
    if isinstance(value, ast.Name):
        return _as(node, _private_variable(module, value, scope))
    if isinstance(value, (ast.Attribute, ast.Call, ast.Subscript)) and (name := _private(value)):
        return _as(node, f"`{name}`")
    return ""


def _as(node: ast.Name, what: str) -> str:
    return f"`{node.id}`, which is {what}" if what else ""


def _is_whole(node: ast.expr) -> bool:
    """Whether it is all that came, or a part of it."""
    return any(
        isinstance(each, (ast.Name, ast.Attribute)) and _private(each) in WHOLE
        for each in ast.walk(node)
    )


@dataclass(frozen=True)
class Bound:
    """What a variable is assigned, or what a loop takes it from."""

    value: ast.expr
    is_loop: bool


def _bound(module: Module, node: ast.Name, scope: Scope | None) -> Bound | None:
    """What gave a variable its value: the last place in its function above it that does."""
    place = (node.lineno, node.col_offset)
    found: list[tuple[tuple[int, int], Bound]] = []
    for each in ast.walk(scope or module.tree):
        for target, value, is_loop in _bindings(each, node):
            start = (value.lineno, value.col_offset)
            is_above = start < place or isinstance(each, COMPREHENSIONS)
            if is_above and any(item.id == node.id for item in _items(target)):
                found.append((start, Bound(value, is_loop)))
    return max(found, key=lambda pair: pair[0])[1] if found else None


COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _bindings(statement: ast.AST, node: ast.Name) -> list[tuple[ast.expr, ast.expr, bool]]:
    """What a statement gives variables, and whether it is a loop; comprehensions only inside."""
    match statement:
        case ast.Assign():
            found = [(target, statement.value, False) for target in statement.targets]
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            found = [(target, value, False)]
        case ast.NamedExpr():
            found = [(statement.target, statement.value, False)]
        case ast.For() | ast.AsyncFor():
            found = [(statement.target, statement.iter, True)]
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            is_inside = _holds(statement, node)
            found = [(each.target, each.iter, True) for each in statement.generators if is_inside]
        case _:
            found = []
    return [each for each in found if not _holds(each[1], node)]


def _items(target: ast.expr) -> list[ast.Name]:
    """The variables of a target: of a loop over pairs, both."""
    found = target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]
    return [each for each in found if isinstance(each, ast.Name)]


def _holds(value: ast.AST, node: ast.Name) -> bool:
    return any(each is node for each in ast.walk(value))


def _private(node: ast.Name | ast.Attribute | ast.Subscript | ast.Call) -> str:
    """How it is called, if that says that it is secret, personal or everything."""
    if isinstance(node, (ast.Subscript, ast.Call)):
        key = _key(node)
        return key if key in PARTS or _tells(key) else ""
    name = node.id if isinstance(node, ast.Name) else node.attr
    # Settings hold the names of secrets.
    if isinstance(node, ast.Attribute) and "settings" in dotted(node.value):
        return "" if name.endswith("_secret") else name if _tells(name) else ""
    return name if name in WHOLE or _tells(name) else ""


def _key(node: ast.Subscript | ast.Call) -> str:
    """The key of item["email"], event.get("body") and os.getenv("API_KEY")."""
    if isinstance(node, ast.Subscript):
        key: ast.expr | None = node.slice
    else:
        key = node.args[0] if _last(node.func) in ("get", "getenv") and node.args else None
    return str(key.value) if isinstance(key, ast.Constant) else ""


def _tells(name: str) -> bool:
    words = _words(name).lower()
    return not words.startswith(ANSWERS) and bool(SECRETS.search(words) or PERSONAL.search(words))


@check("SEC-05")
def sdks_are_quiet(service: Service) -> Iterator[Finding]:
    """Where secrets are read, LogLevel DEBUG does not make botocore log them."""
    for folder in service.function_folders:
        modules = list(service.modules(folder))
        reading = [(module, read) for module in modules for read in _reads(module)]
        if reading and not any(map(_quiets_botocore, modules)):
            module, read = reading[0]
            found = "reads a secret, which botocore logs at DEBUG"
            fix = 'Set the level of logging.getLogger("botocore") to INFO, as utils/aws.py does.'
            yield Finding("SEC-05", module.path, read.call.lineno, found, fix=fix)


def _quiets_botocore(module: Module) -> bool:
    named = any(each.value == "botocore" for each in module.nodes(ast.Constant))
    return named and any(_last(call.func) == "setLevel" for call in module.nodes(ast.Call))


@check("SEC-05")
def events_are_not_logged(service: Service) -> Iterator[Finding]:
    """Powertools and SDKs are not told to log whole events, requests and responses."""
    for module in service.modules("src"):
        for call in module.nodes(ast.Call):
            for each in call.keywords:
                is_on = not (isinstance(each.value, ast.Constant) and each.value.value is False)
                if each.arg == "log_event" and is_on:
                    yield Finding("SEC-05", module.path, each.value.lineno, "logs each event whole")
            if _last(call.func) in ("set_stream_logger", "set_debug_logger"):
                found = "logs whole requests and responses of the SDK"
                yield Finding("SEC-05", module.path, call.lineno, found)
    for function in service.functions:
        name = "POWERTOOLS_LOGGER_LOG_EVENT"
        if str(function.variables.get(name, "")).lower() in ("true", "1", "yes", "on", "t", "y"):
            line = function.line_of("Environment", "Variables", name)
            found = f"{function.logical_id} logs each event whole"
            yield Finding("SEC-05", TEMPLATE, line, found, resource=function.logical_id)
