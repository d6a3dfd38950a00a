"""Cases of EVT-08."""

from cases import good, violation
from edits import Edit
from edits.events import delete


def route(edit: Edit, *before: str, auth: str = "") -> None:
    """Add an event to a function of the API."""
    function = edit.function("api")
    lines = [*before, "Orders:", "  Type: HttpApi", "  Properties:", "    ApiId: !Ref Api"]
    lines += ["    Path: /more/{proxy+}", "    Method: GET", *([f"    {auth}"] if auth else [])]
    text = "".join(f"        {line}\n" for line in lines)
    edit.in_resource(function.logical_id, "      Events:\n", f"      Events:\n{text}")


def tokens(edit: Edit, *, wanted: bool) -> None:
    """Only services whose API asks for tokens, or does not."""
    if ("DefaultAuthorizer:" in edit.resource("Api")) != wanted:
        edit.skip()


STATUS_ROUTE = """StatusRoute:
  Type: AWS::ApiGatewayV2::Route
  Properties:
    ApiId: !Ref Api
    RouteKey: GET /status"""


@violation("a new route has no authorizer and no comment")
def _(edit: Edit) -> None:
    tokens(edit, wanted=False)
    route(edit)


@violation("the comment of the route is gone")
def _(edit: Edit) -> None:
    tokens(edit, wanted=False)
    function = edit.function("api")
    delete(edit, function.logical_id, "# Public: anybody")


@violation("an AWS::ApiGatewayV2::Route has no AuthorizationType")
def _(edit: Edit) -> None:
    edit.resource("Api")
    edit.declare(STATUS_ROUTE)


@violation("a comment has a TODO about an authorizer")
def _(edit: Edit) -> None:
    tokens(edit, wanted=False)
    route(edit, "# TODO: must not be public, add an authorizer")


@violation("the API has no default any more, and a route relied on it")
def _(edit: Edit) -> None:
    tokens(edit, wanted=True)
    delete(edit, "Api", "DefaultAuthorizer: Jwt")
    function = edit.function("api")
    text = edit.resource(function.logical_id)
    auth = "            Auth:\n              Authorizer: Jwt\n"
    assert auth in text
    edit.in_resource(function.logical_id, auth, "")


@violation("a route has the comment of a public one, and the API asks for a token")
def _(edit: Edit) -> None:
    tokens(edit, wanted=True)
    route(edit, "# Public: partners call it.")


@violation("a route is public for a reason to come")
def _(edit: Edit) -> None:
    tokens(edit, wanted=False)
    route(edit, "# Public: TBD")


@good("a new route has the default authorizer of the API, another one its own")
def _(edit: Edit) -> None:
    tokens(edit, wanted=True)
    route(edit)
    function = edit.function("api")
    edit.in_resource(function.logical_id, "        Orders:\n", "        Others:\n")
    route(edit, auth="Auth: {Authorizer: NONE}")


@good("a new route is public, and says so")
def _(edit: Edit) -> None:
    tokens(edit, wanted=False)
    route(edit, "# Public: it tells what everybody may know.", "# So said the owners of it.")


@good("a route and a URL have AuthorizationType and AuthType NONE")
def _(edit: Edit) -> None:
    edit.resource("Api")
    edit.declare(STATUS_ROUTE + "\n    AuthorizationType: NONE")
    text = "FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigins: ['*']}} # Public: partners call it."
    function = edit.function("api")
    edit.in_resource(function.logical_id, "      Events:\n", f"      {text}\n      Events:\n")
