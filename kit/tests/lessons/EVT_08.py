"""Cases of EVT-08."""

from cases import fix, good, violation
from edits import Edit
from edits.events import delete
from kit.gate.findings import Finding


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


def web_socket(edit: Edit, key: str, auth: str = "") -> None:
    """Declare a WebSocket API with one route."""
    edit.declare(
        f"""Chat:
  Type: AWS::ApiGatewayV2::Api
  Properties:
    Name: !Sub {edit.service}-chat-${{EnvironmentName}}
    ProtocolType: WEBSOCKET
    RouteSelectionExpression: $request.body.action

ChatRoute:
  Type: AWS::ApiGatewayV2::Route
  Properties:
    ApiId: !Ref Chat
    RouteKey: {key}{auth}"""
    )
    edit.output("Chat:\n  Description: Where to chat\n  Value: !GetAtt Chat.ApiEndpoint")


@violation("anybody can connect to a WebSocket API, and nothing says so")
def _(edit: Edit) -> None:
    web_socket(edit, "$connect")


@good("whoever is connected sends messages to a WebSocket API")
def _(edit: Edit) -> None:
    web_socket(edit, "$default")


@fix("Set `AuthorizationType: JWT`")
def _(edit: Edit, finding: Finding) -> None:
    text = "    Properties:\n      AuthorizationType: JWT\n      AuthorizerId: abc123\n"
    edit.in_resource(str(finding.resource), "    Properties:\n", text)


@fix("Write a comment `# Public: <why>` above it")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"^( *)", r"\1# Public: shops call it before anybody signs in.\n\1")


@fix("Write `Auth: {Authorizer: NONE}` under its `Properties`")
def _(edit: Edit, finding: Finding) -> None:
    old = "        # Public: partners call it.\n        Orders:\n          Type: HttpApi\n          Properties:\n"
    new = "        Orders:\n          Type: HttpApi\n          Properties:\n            Auth: {Authorizer: NONE}\n"
    edit.in_resource(str(finding.resource), old, new)
