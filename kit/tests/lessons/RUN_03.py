"""Cases of RUN-03."""

import re
from textwrap import indent

from cases import fix, good, violation
from edits import Edit
from edits.runtime import api, in_handler, index
from kit.gate.findings import Finding

REST = """
RestApi:
  Type: AWS::Serverless::Api
  Properties:
    Name: !Sub {service}-rest-${{EnvironmentName}}
    StageName: live
    Cors:
      AllowOrigin: "'*'"
    TracingEnabled: true
    GatewayResponses:
      DEFAULT_4XX:
        ResponseParameters:
          Headers:
            Access-Control-Allow-Origin: "'*'"
"""


REST_OUTPUT = """
RestEndpoint:
  Description: The address of the REST API
  Value: !Sub https://${RestApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/live
"""


REST_5XX = """      DEFAULT_5XX:
        ResponseParameters:
          Headers:
            Access-Control-Allow-Origin: "'*'"
"""


@violation("the API has no CorsConfiguration any more")
def _(edit: Edit) -> None:
    text = edit.resource("Api")
    start = text.index("      CorsConfiguration:\n")
    end = text.index("        MaxAge: 600\n") + len("        MaxAge: 600\n")
    edit.in_resource("Api", text[start:end], "")


@violation("the resolver loses its CORSConfig")
def _(edit: Edit) -> None:
    path = index(api(edit, "powertools.event_handler"))
    edit.sub(path, r"^    cors=CORSConfig\(\n(        .*\n)+    \),\n", "")


@violation("the middleware goes")
def _(edit: Edit) -> None:
    path = index(api(edit, "fastapi"))
    edit.sub(path, r"^app\.add_middleware\(\n(    .*\n)+\)\n", "")


@violation("the code allows a header that the API does not")
def _(edit: Edit) -> None:
    path = index(api(edit))
    old = 'allow_headers=["Authorization", '
    edit.replace(path, old, f'{old}"X-Tenant", ')


@violation("the API does not allow the method of a route")
def _(edit: Edit) -> None:
    function = api(edit, "powertools.event_handler")
    edit.in_resource("Api", "DELETE, GET", "GET")
    text = '\n\n@app.delete("/rates")\ndef forget() -> dict[str, str]:\n    return {}\n'
    edit.append(index(function), text)


@violation("a function's origins are written out")
def _(edit: Edit) -> None:
    new = "CORS_ALLOW_ORIGINS: https://www.example.com"
    old = 'CORS_ALLOW_ORIGINS: !Join [",", !Ref CorsAllowOrigins]'
    edit.in_resource(api(edit).logical_id, old, new)


@violation("the contract test is deleted")
def _(edit: Edit) -> None:
    edit.delete(f"tests/unit/{api(edit).name}/test_cors.py")


@violation("the test of unforeseen errors is skipped")
def _(edit: Edit) -> None:
    path = f"tests/unit/{api(edit).name}/test_cors.py"
    edit.replace(
        path, "def test_unhandled", '@pytest.mark.skip(reason="flaky")\ndef test_unhandled'
    )


@violation("the test of preflights goes")
def _(edit: Edit) -> None:
    path = f"tests/unit/{api(edit).name}/test_cors.py"
    edit.sub(path, r"^def test_preflight(.*\n)+?(?=^@pytest)", "")
    edit.sub(path, r"^@pytest.*\n.*\n\)\ndef test_a_preflight(.*\n)+?(?=^@pytest)", "")


@violation("a REST API answers its own 5XX without headers")
def _(edit: Edit) -> None:
    edit.declare(REST.format(service=edit.service))
    edit.output(REST_OUTPUT)


@good("a REST API gives its headers to all that it says itself")
def _(edit: Edit) -> None:
    edit.declare(REST.format(service=edit.service) + REST_5XX)
    edit.output(REST_OUTPUT)


@good("the contract is tested in another file, by one test with parameters")
def _(edit: Edit) -> None:
    function = api(edit)
    edit.delete(f"tests/unit/{function.name}/test_cors.py")
    edit.write(
        f"tests/unit/{function.name}/test_browsers.py",
        "from http import HTTPStatus\n\nimport pytest\n\n"
        'HEADER = "Access-Control-Allow-Origin"\n\n\n'
        "def allowed(answer):\n    return HEADER in answer['headers']\n\n\n"
        "@pytest.mark.parametrize(\n"
        '    ("path", "status"),\n'
        '    [("/health", HTTPStatus.OK), ("/nowhere", HTTPStatus.NOT_FOUND), ("/broken", 500)],\n)\n'
        "def test_browsers_see_it(request_to, path, status):\n"
        '    answer = request_to("GET", path)\n'
        '    assert answer["statusCode"] == status\n'
        "    assert allowed(answer)\n\n\n"
        "def test_browsers_may_ask(request_to):\n"
        '    assert allowed(request_to("OPTIONS", "/health"))\n',
    )


@good("the code and the API allow one more header")
def _(edit: Edit) -> None:
    old = 'allow_headers=["Authorization", '
    edit.replace(index(api(edit)), old, f'{old}"X-Tenant", ')
    edit.in_resource(
        "Api", "[Authorization, Content-Type]", "[Authorization, Content-Type, x-tenant]"
    )


@violation("the handler answers what is too long itself, in the one shape and without the header")
def _(edit: Edit) -> None:
    function = api(edit, "powertools.event_handler")
    lines = (
        'if len(event.get("body") or "") > 9000:\n        body = error_body(413, "too long", "1")\n'
    )
    lines += '        return {"statusCode": 413, "body": json.dumps(body)}'
    in_handler(edit, function, lines)


@good("the handler answers a warm-up, with the headers of every answer")
def _(edit: Edit) -> None:
    function = api(edit, "powertools.event_handler")
    edit.replace(
        index(function), "\napp = ", '\nHEADERS = {"access-control-allow-origin": "*"}\napp = '
    )
    lines = 'if event.get("warm"):\n        return {"statusCode": 204, "headers": HEADERS}'
    in_handler(edit, function, lines)


# ── Fixes ──

CORS = """      CorsConfiguration:
        AllowOrigins: !Ref CorsAllowOrigins
        AllowMethods: [DELETE, GET, HEAD, PATCH, POST, PUT]
        AllowHeaders: [Authorization, Content-Type]
"""


@fix("Write `CorsConfiguration` with the origins")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_resource("Api", "    Properties:\n", f"    Properties:\n{CORS}")


@fix("Write `DEFAULT_5XX` under its `GatewayResponses`")
def _(edit: Edit, finding: Finding) -> None:
    assert finding.resource
    text = indent(REST_5XX, "  ")
    edit.in_resource(finding.resource, "GatewayResponses:\n", f"GatewayResponses:\n{text}")


@fix("Give the resolver `cors=CORSConfig(…)`")
def _(edit: Edit, finding: Finding) -> None:
    new = "Resolver(cors=CORSConfig(allow_origin=settings.cors_allow_origins[0]), "
    edit.in_line(finding, r"Resolver\(", new)


@fix("Add FastAPI's `CORSMiddleware`")
def _(edit: Edit, finding: Finding) -> None:
    text = "app.add_middleware(CORSMiddleware, allow_origins=settings.cors_allow_origins)\n"
    edit.replace(finding.path, "app.include_router", f"{text}app.include_router")


@fix("Add `X-Tenant` to `AllowHeaders` of `Api`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_resource("Api", "AllowHeaders: [", "AllowHeaders: [X-Tenant, ")


@fix("Add `DELETE` to `AllowMethods` of `Api`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_resource("Api", "AllowMethods: [", "AllowMethods: [DELETE, ")


@fix("Write `!Join")
def _(edit: Edit, finding: Finding) -> None:
    advised = re.search(r"`(.*)`,", str(finding.fix))
    assert advised
    edit.in_line(finding, r"(ORIGINS: ).*", rf"\1{advised[1]}")


CORS_TESTS = """

def test_each_kind(request_to: Request, index: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [("GET", "/health", 200), ("GET", "/nowhere", 404), ("OPTIONS", "/health", 204)]
    for method, path, status in asked:
        answer = request_to(method, path)
        assert answer["statusCode"] == status
        assert "access-control-allow-origin" in answer["headers"]
    monkeypatch.delattr(index, "settings")
    answer = request_to("GET", "/health")
    assert answer["statusCode"] == 500
    assert "access-control-allow-origin" in answer["headers"]
"""


@fix("Test each in tests/unit/")
def _(edit: Edit, finding: Finding) -> None:
    path = f"tests/unit/{finding.path.split('/')[2]}/test_cors.py"
    edit.write(path, (edit.read(path) if edit.has(path) else "") + CORS_TESTS)


@fix("Let a route or a middleware answer")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.read(finding.path)
    check = re.search(r"    if len\(event.*\n.*\n.*\n", text)
    assert check
    raised = '    if len(app.current_event.body or "") > 9000:\n        raise ServiceError(413, "too long")\n'
    route = "def create_item() -> tuple[dict[str, Any], int]:\n"
    edit.write(finding.path, text.replace(check[0], "").replace(route, route + raised))


def credentials(edit: Edit) -> None:
    """Let code and API allow browsers to send cookies."""
    edit.sub(index(api(edit)), r"( *)(allow_headers=)", r"\1allow_credentials=True,\n\1\2")
    edit.in_resource(
        "Api", "        MaxAge: 600\n", "        MaxAge: 600\n        AllowCredentials: true\n"
    )


@violation("pages of any origin may send cookies")
def _(edit: Edit) -> None:
    credentials(edit)


@violation("a function's URL takes cookies from any page")
def _(edit: Edit) -> None:
    cors = "Cors: {AllowOrigins: ['*'], AllowCredentials: true}"
    text = f"      FunctionUrlConfig: {{AuthType: AWS_IAM, {cors}}}\n      Events:\n"
    edit.in_resource(edit.function("api").logical_id, "      Events:\n", text)


@violation("the code lets cookies come, and the API does not")
def _(edit: Edit) -> None:
    named(edit)
    edit.sub(index(api(edit)), r"( *)(allow_headers=)", r"\1allow_credentials=True,\n\1\2")


@violation("the API has origins of its own")
def _(edit: Edit) -> None:
    old = "AllowOrigins: !Ref CorsAllowOrigins"
    edit.in_resource("Api", old, "AllowOrigins: [https://www.example.com]")


def named(edit: Edit) -> None:
    """Allow one origin by default."""
    old = 'Default: "*"'
    text = edit.read("template.yaml")
    assert text.count(old) == 1
    edit.replace("template.yaml", old, "Default: https://www.example.com")
    edit.write(
        "samconfig.toml",
        edit.read("samconfig.toml").replace(
            "CorsAllowOrigins=*", "CorsAllowOrigins=https://www.example.com"
        ),
    )


@good("pages of one origin may send cookies")
def _(edit: Edit) -> None:
    named(edit)
    credentials(edit)


@fix("Name the origins that may send credentials in place of `*`")
def _(edit: Edit, finding: Finding) -> None:
    if "FunctionUrlConfig" in edit.line(finding):
        edit.in_line(finding, r"\['\*'\]", "[https://www.example.com]")
    elif 'Default: "*"' in edit.read("template.yaml"):
        named(edit)


@fix("Add `true` to `AllowCredentials` of `Api`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_resource(
        "Api", "        MaxAge: 600\n", "        MaxAge: 600\n        AllowCredentials: true\n"
    )


@fix("Make both from one parameter")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_resource("Api", "[https://www.example.com]", "!Ref CorsAllowOrigins")
