"""secret_reads"""

import ast
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, TypeGuard

from kit.gate.parsers import KEPT, Module, Parsed, dotted
from kit.gate.service import Service
from kit.template import at, strings

# What CloudFormation replaces by the value of a secret.
DYNAMIC = re.compile(r"[{]{2}resolve:(?:secretsmanager|ssm-secure):")


def words_of_name(name: str) -> str:
    """webhookToken and webhook-token as WEBHOOK_TOKEN."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-.]", "_", name).upper()


def is_dynamic(written: Any) -> bool:
    return any(DYNAMIC.search(text) for text, _line in strings(written))


def hidden_parameters(service: Service) -> set[str]:
    declared = at(service.template, "Parameters")
    pairs = declared.items() if isinstance(declared, dict) else ()
    return {str(name) for name, body in pairs if str(at(body, "NoEcho")).lower() == "true"}


def lines_of_names(service: Service, module: Module) -> set[int]:
    """Where a module has the name of a secret: as this service calls them, or in a call for one."""
    found = set()
    for text in module.nodes(ast.Constant):
        if isinstance(text.value, str) and re.fullmatch(
            rf"{re.escape(service.name)}/[\w./+=@-]+-(?:dev|prod)", text.value
        ):
            found.add(text.lineno)
    for read in secret_reads(module):
        name = read.name
        if isinstance(name, ast.Name):
            name = assigned_in(module).get(name.id, name)
        if is_literal(name):
            found.add(name.lineno)
    return found


def is_literal(node: ast.expr | None) -> TypeGuard[ast.expr]:
    """Whether a name is written there, whole or a part of it."""
    if isinstance(node, ast.JoinedStr):
        return any(is_literal(each) for each in node.values)
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    return any(letter.isalpha() for letter in node.value)


def assigned_in(module: Module) -> dict[str, ast.expr]:
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


def secret_reads(module: Module) -> tuple[Read, ...]:
    """The calls of Powertools and boto3 that read a secret."""
    return secret_reads_in(module.parsed)


@KEPT
def secret_reads_in(parsed: Parsed) -> tuple[Read, ...]:
    module = Module("", parsed)
    assigned = [
        (target, each.value) for each in module.nodes(ast.Assign) for target in each.targets
    ]
    assigned += [(each.target, each.value) for each in module.nodes(ast.AnnAssign) if each.value]
    providers = {
        dotted(target)
        for target, value in assigned
        if isinstance(value, ast.Call) and last_name(value.func) == "SecretsProvider"
    } - {""}
    found = []
    for call in module.nodes(ast.Call):
        last = last_name(call.func)
        of = call.func.value if isinstance(call.func, ast.Attribute) else None
        made = isinstance(of, ast.Call) and last_name(of.func) == "SecretsProvider"
        if last == "get_secret_value":
            found.append(Read(call, argument_of(call, "SecretId"), caches=False))
        elif last == "get_secret":
            found.append(Read(call, argument_of(call, "name", 0), caches=True))
        elif last == "get" and of is not None and (made or dotted(of) in providers):
            found.append(Read(call, argument_of(call, "name", 0), caches=not made))
    return tuple(found)


def last_name(node: ast.expr) -> str:
    """The last part of what is called: get_secret of parameters.get_secret."""
    return node.attr if isinstance(node, ast.Attribute) else dotted(node)


def argument_of(call: ast.Call, name: str, place: int | None = None) -> ast.expr | None:
    for each in call.keywords:
        if each.arg == name:
            return each.value
    return call.args[place] if place is not None and len(call.args) > place else None


Scope = ast.FunctionDef | ast.AsyncFunctionDef


def scopes_of(module: Module) -> dict[ast.AST, Scope]:
    """The innermost function around each node; what is in none runs once, when it is imported."""
    return scopes_in(module.parsed)


@KEPT
def scopes_in(parsed: Parsed) -> dict[ast.AST, Scope]:
    module = Module("", parsed)
    found: dict[ast.AST, Scope] = {}
    # Outer functions come before inner ones, which overwrite.
    for function in sorted(module.functions, key=lambda each: each.lineno):
        for statement in function.body:
            found |= dict.fromkeys(ast.walk(statement), function)
    return found


def is_handler(scope: Scope) -> bool:
    return any(each.arg in ("event", "context") for each in scope.args.args)


def readers_of_secrets(modules: list[Module]) -> set[tuple[str, str]]:
    """The functions that read secrets, also through one another, by module and name."""
    found: set[tuple[str, str]] = set()
    while True:
        more = {
            (stem_of(module), scope.name)
            for module in modules
            for call, scope in scopes_of(module).items()
            if isinstance(call, ast.Call)
            # A handler reads what it needs, and is no reader of secrets.
            and not is_handler(scope)
            and (
                called_in(module, call) in found
                or any(call is r.call for r in secret_reads(module))
            )
        }
        if more <= found:
            return found
        found |= more


def stem_of(module: Module) -> str:
    return PurePosixPath(module.path).stem


def called_in(module: Module, call: ast.Call) -> tuple[str, str]:
    """What a call calls, by module and name, as far as its imports tell."""
    names = dotted(call.func).split(".")
    if len(names) > 1:
        return imported_in_module(module).get(names[-2], ("", names[-2]))[1], names[-1]
    return imported_in_module(module).get(names[0], (stem_of(module), names[0]))


def imported_in_module(module: Module) -> dict[str, tuple[str, str]]:
    """Names that are imported from neighbours, with the module and the name there."""
    return imported_in_code(module.parsed)


@KEPT
def imported_in_code(parsed: Parsed) -> dict[str, tuple[str, str]]:
    module = Module("", parsed)
    return {
        alias.asname or alias.name: ((each.module or "").split(".")[-1], alias.name)
        for each in module.nodes(ast.ImportFrom)
        for alias in each.names
    }
