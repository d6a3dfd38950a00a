"""EVT-09: routes of the code that the API sends to nobody."""

import ast
import re
from collections.abc import Iterator

from ..findings import Finding, check
from ..parsers import Module, at, dotted
from ..python_names import constant, keyword, last
from ..service import Function, Service

METHODS = {"delete", "get", "head", "options", "patch", "post", "put"}
API_EVENTS = {"Api", "HttpApi"}
RESOLVERS = {"APIGatewayHttpResolver", "APIGatewayRestResolver"}
# A parameter of a route: `{item_id}` and `{path:path}` in FastAPI, `<item_id>` in Powertools.
PARAMETER = re.compile(r"\{[^}]*\}|<[^>]*>")


@check("EVT-09")
def routes_are_reached(service: Service) -> Iterator[Finding]:
    """A route that no event of the function matches exists in tests, and not on AWS."""
    for function in service.functions:
        declared = _declared(service, function)
        if not declared:
            continue
        for module in service.modules(function.folder):
            for line, method, paths in _routes(module):
                if not any(_is_sent(method, path, declared) for path in paths):
                    route = f"{method.upper()} {paths[0]}"
                    found = f"`{route}` matches no event of `{function.logical_id}`: the API does not know it"
                    fix = (
                        f"Write the route below a path that the function's events have, `{declared[0][1]}`,"
                        " or give the function an event with its `Path` and `Method`."
                    )
                    yield Finding("EVT-09", module.path, line, found, fix=fix)


def _declared(service: Service, function: Function) -> list[tuple[str, str]]:
    """The methods and paths of a function's events; none where something else may send it more."""
    elsewhere = function.get("FunctionUrlConfig") or service.of_type(
        "AWS::ApiGatewayV2::Route", "AWS::ApiGateway::Method"
    )
    events = [each for each in function.events.values() if each.get("Type") in API_EVENTS]
    pairs = [(at(each, "Properties", "Method"), at(each, "Properties", "Path")) for each in events]
    known = all(isinstance(part, str) for pair in pairs for part in pair)
    return [(str(method), str(path)) for method, path in pairs] if known and not elsewhere else []


def _is_sent(method: str, path: str, declared: list[tuple[str, str]]) -> bool:
    """Whether a request that the route answers matches one of the events."""
    request = PARAMETER.sub("x", path).rstrip("/") or "/"
    return any(
        verb.lower() in (method, "any", "*", "x-amazon-apigateway-any-method")
        and re.fullmatch(_expression(pattern), request)
        for verb, pattern in declared
    )


def _expression(pattern: str) -> str:
    """The regular expression of a path of API Gateway: `{id}` is one part, `{proxy+}` is any number."""
    return "".join(
        (".+" if part.endswith("+}") else "[^/]+") if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{[^}]*\})", pattern)
    )


def _routes(module: Module) -> Iterator[tuple[int, str, list[str]]]:
    """Line, method and possible paths of the routes of whatever is surely known of an app."""
    prefixes = _prefixes(module)
    for function in module.functions:
        for decorator in function.decorator_list:
            if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
                continue
            app, method = dotted(decorator.func.value), decorator.func.attr
            given = decorator.args[0] if decorator.args else keyword(decorator, "path")
            path = constant(given)
            if method in METHODS and app in prefixes and isinstance(path, str):
                yield decorator.lineno, method, [prefix + path for prefix in prefixes[app]]


def _prefixes(module: Module) -> dict[str, list[str]]:
    """What stands before the routes of each app and router of a module, by the name it has."""
    known: dict[str, list[str]] = {}
    routers: dict[str, str] = {}
    for node in module.nodes(ast.Assign):
        if not isinstance(node.value, ast.Call) or len(node.targets) != 1:
            continue
        name, maker = dotted(node.targets[0]), last(dotted(node.value.func))
        if maker == "FastAPI" and not keyword(node.value, "root_path"):
            known[name] = [""]
        elif maker in RESOLVERS:
            stripped = keyword(node.value, "strip_prefixes")
            texts = [constant(each) for each in getattr(stripped, "elts", [])]
            if stripped is None or (texts and all(isinstance(each, str) for each in texts)):
                known[name] = [str(each) for each in texts] or [""]
        elif maker == "APIRouter":
            prefix = constant(keyword(node.value, "prefix") or ast.Constant(""))
            if isinstance(prefix, str):
                routers[name] = prefix
    for call in module.nodes(ast.Call):
        if last(dotted(call.func)) == "include_router" and call.args:
            router = dotted(call.args[0])
            before = constant(keyword(call, "prefix") or ast.Constant(""))
            if router in routers and isinstance(before, str):
                known[router] = [*known.get(router, []), before + routers[router]]
    return known
