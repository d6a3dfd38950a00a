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
import contextlib
import re
from collections.abc import Iterator
from typing import Any

from kit.gate.environments import all_deployed, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, UnparsedError, dotted, json_data
from kit.gate.policies import TEMPLATES, referenced_ids
from kit.gate.python_names import assignments, constant, last
from kit.gate.secret_reads import DYNAMIC, is_hidden, is_value, words
from kit.gate.service import Service
from kit.layout import ENVIRONMENTS, TEMPLATE
from kit.template import at, leaves, line_of, mapping_of

LESSON = Lesson.read(__doc__)

# What holds a value that nobody else may know, by the end of its name. API_KEY does; a KEY alone
# may be that of a table.
HOLDS_SECRET = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|PWD|TOKEN|SECRET|CREDENTIALS|"
    r"(?:API|ACCESS|AUTH|ENCRYPTION|LICENSE|MASTER|PRIVATE|SECRET|SIGNING|WEBHOOK)_?KEY)$"
)
# Names of what is about a secret, and is none: TOKEN_URL.
ABOUT_SECRETS = re.compile(r"_(?:ENDPOINT|FIELD|HEADER|NAME|PARAM|PATH|PREFIX|TYPE|UR[IL])$")
PAGES = re.compile(r"(?:CLIENT|CONTINUATION|NEXT|PAGE|PAGINATION)_TOKEN$")
# How a key looks that somebody was given, and what those have that were made up for a test.
RANDOM = re.compile(r"(?=(?:.*\d){4})(?=(?:.*[a-zA-Z]){4})[\w+/=.-]{16,}")
MADE_UP = re.compile(
    r"^eyJ|test|fake|dummy|example|mock|sample|secret|token|key|local|1234|x{4}", re.I
)
PASSWORD_IN_URL = r"\w+://[^/\s:@]+:[^/\s@$]+@(?!localhost|127\.|sha256:)"
# How secrets look, what they are, and in which files they are looked for.
PATTERNS = [
    (
        r"(?<![\w-])(?:[rs]k_live_|gh[op]_|glpat-|xox[bp]-)[\w-]{16,}"
        r"|(?<![\w-])(?:github_pat_|sk-ant-|sk-proj-)[\w-]{30,}"
        r"|(?<![\w-])(?:live_|whsec_)(?=[a-zA-Z]*\d)[a-zA-Z0-9]{10,}",
        "a key",
        r".*",
    ),
    (r"hooks\.slack\.com/services/T\w+/B\w+/\w{16,}", "the address of a webhook", r".*(?<!\.md)"),
    (r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----", "a private key", r"(?!tests/).*"),
    (
        r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----(?:[\s\"'\\n]*[a-zA-Z0-9+/=]{60,}){3}",
        "a private key",
        r"tests/.*",
    ),
    (PASSWORD_IN_URL, "an address with its password", r"src/.*\.py"),
    (
        r"""(?i)["'](?:apikey|basic|bearer|token) (?=[^"']*\d)[^"'\s{]{8,}["']""",
        "the value of an `Authorization` header",
        r"src/.*\.py",
    ),
]
WRITTEN_OUT = "is a secret, written out"
READ_IT = (
    "Delete it here, and change it where it was made, for it counts as leaked. Store the new one with"
    " `make secrets`, and pass its name in a variable `…_SECRET`; what is no function gets it by a"
    " dynamic reference. What only looks like a secret gets another name, or `# noqa: S105`."
)
MAKE_UP = (
    "Write a text that says that it is none, like `test-key`. If it was a key, change it where it was"
    " made, for it counts as leaked."
)
EMPTY = (
    'Set it to `""`; whoever deploys passes the value. Change the secret, for it counts as leaked.'
)


def _is_secret(name: str, value: Any) -> bool:
    """Whether a literal of that name is a secret: it has some length, and is no name or address.
    JSON is one if it has one."""
    if not isinstance(value, str) or DYNAMIC.search(value) or "${" in value:
        return False
    if value.lstrip().startswith(("{", "[")):
        with contextlib.suppress(UnparsedError):
            return any(_is_secret(key, text) for key, text, _line in leaves(json_data(value)))
    if re.search(PASSWORD_IN_URL, value):
        return True
    is_address = re.match(r"arn:|https?:|[\w-]*/", value)
    return bool(HOLDS_SECRET.search(words(name)) and len(value) >= 6 and not is_address)


@LESSON.check
def no_values_in_templates(service: Service) -> Iterator[Finding]:
    """No variable, property or parameter of a template has the value of a secret."""
    for resource in service.resources.values():
        for name, value, line in leaves(resource.properties, literal=True):
            if resource.type == "AWS::SSM::Parameter" and name == "Value":
                name = re.split(r"[^\w-]+", str(resource.get("Name")).rstrip("'}"))[-1]
            is_name = name.endswith("_SECRET")
            if name == "SecretString" or (_is_secret(name, value) and not is_name):
                message = f"`{name}` of `{resource.logical_id}` {WRITTEN_OUT}"
                yield LESSON.finding(TEMPLATE, line, message, fix=READ_IT)
    for path in TEMPLATES:
        for name, body in mapping_of(service.cloudformation(path), "Parameters").items():
            default = at(body, "Default")
            hidden = str(at(body, "NoEcho")).lower() == "true" and default
            if hidden or _is_secret(str(name), default):
                message = f"the default of the parameter `{name}` {WRITTEN_OUT}"
                yield LESSON.finding(path, line_of(body, "Default"), message, fix=EMPTY)


@LESSON.check
def no_values_in_samconfig(service: Service) -> Iterator[Finding]:
    """samconfig.toml passes no secret value."""
    for environment in ENVIRONMENTS:
        for name, value in service.parameters(environment).items():
            if (is_hidden(service, name) and value) or _is_secret(name, value):
                line = service.line_with("samconfig.toml", f"{name}=")
                message = f"`{name}` for {environment} {WRITTEN_OUT}"
                yield LESSON.finding("samconfig.toml", line, message, fix=READ_IT)


@LESSON.check
def no_values_in_workflows(service: Service) -> Iterator[Finding]:
    """No workflow sets a variable to a secret value. Keys of AWS are IAM-01's."""
    for path, workflow in service.workflows.items():
        for name, value, line in leaves(workflow):
            if _is_secret(name, value) and not name.lower().startswith("aws"):
                yield LESSON.finding(path, line, f"`{name}` {WRITTEN_OUT}", fix=READ_IT)


@LESSON.check
def no_values_in_code(service: Service) -> Iterator[Finding]:
    """No code has a password; ruff knows how they look. Names of secrets are SEC-02's."""
    for result in service.tools.ruff:
        if result.rule in ("S105", "S106", "S107"):
            # Its message ends in the name: … assigned to: "PASSWORD"
            name = result.message.partition(': "')[2].rstrip('"')
            text = service.text(result.path).splitlines()[result.line - 1]
            if f"{service.name}/" not in text and not ABOUT_SECRETS.search(words(name)):
                message = f"{f'`{name}`' if name else 'a text'} {WRITTEN_OUT}"
                yield LESSON.finding(result.path, result.line, message, fix=READ_IT)


@LESSON.check
def no_values_in_tests(service: Service) -> Iterator[Finding]:
    """No test has a key that is not made up: ruff takes all of theirs for that."""
    for module in service.modules("tests"):
        for name, value, line in _named_texts(module):
            is_random = RANDOM.fullmatch(value) and not MADE_UP.search(value)
            if is_random and _is_secret(name, value) and not PAGES.search(words(name)):
                message = f"`{name}` {WRITTEN_OUT}"
                yield LESSON.finding(module.path, line, message, fix=MAKE_UP)


def _named_texts(module: Module) -> Iterator[tuple[str, str, int]]:
    """The texts in a module's code that have a name: X = "y", x="y", {"x": "y"}, setenv("X", "y")."""
    pairs: list[tuple[Any, Any]] = [(item.arg, item.value) for item in module.nodes(ast.keyword)]
    pairs += [
        pair for item in module.nodes(ast.Dict) for pair in zip(item.keys, item.values, strict=True)
    ]
    pairs += [(call.args[0], call.args[1]) for call in module.nodes(ast.Call) if len(call.args) > 1]
    for target, value in assignments([*module.nodes(ast.Assign), *module.nodes(ast.AnnAssign)]):
        pairs.append((target.slice if isinstance(target, ast.Subscript) else target, value))
    for name, value in pairs:
        text = name if isinstance(name, str) else constant(name) or last(dotted(name))
        content = constant(value)
        if isinstance(content, str) and isinstance(text, str):
            yield text, content, value.lineno


@LESSON.check
def no_known_keys(service: Service) -> Iterator[Finding]:
    """No file has what looks like a key of a service that many use, and the like."""
    for path, text in service.texts():
        for pattern, what, paths in PATTERNS:
            match = re.search(pattern, text) if re.fullmatch(paths, path) else None
            if match:
                line = text.count("\n", 0, match.start()) + 1
                yield LESSON.finding(path, line, f"has {what}", fix=READ_IT)


@LESSON.check
def secrets_have_their_names(service: Service) -> Iterator[Finding]:
    """Secrets are called <service>/<name>-<env>, where they are made and where they are passed."""
    form = f"`{service.name}/…-${{EnvironmentName}}`"
    for environment, template in all_deployed(service, TEMPLATE).items():
        pattern = re.compile(rf"{re.escape(service.name)}/.+-{environment}")
        for secret in service.of_type("AWS::SecretsManager::Secret"):
            name = resolved(template, secret.get("Name"))
            if not pattern.fullmatch(str(name or "")):
                message = f"`{secret.logical_id}` is not called {form}"
                fix = f"Set its `Name` to {form}."
                yield LESSON.finding_in(secret, secret.line_of("Name"), message, fix)
        for function in service.functions:
            for variable, written in function.variables.items():
                name = resolved(template, written)
                if not str(variable).endswith("_SECRET") or not isinstance(name, str):
                    continue
                # Values are SEC-02's; <…> is the name of a secret of this template.
                is_elsewhere = "<" in name or "{resolve:ssm:" in name or _is_from_ssm(service, written)  # fmt: skip
                if not (is_value(service, written) or is_elsewhere or pattern.fullmatch(name)):
                    message = f"`{variable}` of `{function.logical_id}` is not a name like {form}"
                    fix = (
                        f"Pass the name of a secret, `!Sub` {form}. If this was a value, it counts"
                        " as leaked: change it where it was made."
                    )
                    line = function.line_of("Environment", "Variables", variable)
                    yield LESSON.finding_in(function, line, message, fix)


def _is_from_ssm(service: Service, written: Any) -> bool:
    """Whether CloudFormation looks a value up in SSM: the default of its parameter is a path."""
    types = [at(service.template, "Parameters", name, "Type") for name in referenced_ids(written)]
    return any(str(kind).startswith("AWS::SSM::Parameter::Value") for kind in types)
