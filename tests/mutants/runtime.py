"""Edits that break RUN lessons, and innocent ones."""

from __future__ import annotations

from .delivery import with_is_prod
from .edits import CONFIG, Edit, Function, innocent, mutant


def index(function: Function) -> str:
    return f"{function.code}/index.py"


def api(edit: Edit, framework: str = "") -> Function:
    """An api function, of that framework if one is given."""
    found = edit.function("api")
    if framework and framework not in edit.read(index(found)).lower():
        edit.skip()
    return found


def worker(edit: Edit) -> Function:
    return edit.function("event", "schedule", "queue", "stream", "bucket", "topic")


def used(edit: Edit, function: Function, text: str, name: str = "fresh") -> None:
    """A module in services/, which the entry point imports."""
    edit.write(f"{function.code}/services/{name}.py", text)
    old = "from .settings import load_settings\n"
    edit.replace(index(function), old, f"from .services import {name}\n{old}")


def in_handler(edit: Edit, function: Function, line: str) -> None:
    """A line at the beginning of the handler."""
    edit.sub(index(function), r"^(def lambda_handler\(.*\n)", rf"\1    {line}\n")


# ── RUN-01: logs ─────────────────────────────────────────────────────────────


@mutant("RUN-01", "a line that was printed while debugging stays")
def _(edit: Edit) -> None:
    in_handler(edit, edit.function(), 'print("here")')


@mutant("RUN-01", "a line goes to the log without print")
def _(edit: Edit) -> None:
    function = edit.function()
    in_handler(edit, function, 'sys.stdout.write("here")')
    edit.sub(index(function), r"^(from typing import )", r"import sys\n\1")


@mutant("RUN-01", "a new module logs by a logger of the standard library")
def _(edit: Edit) -> None:
    used(
        edit,
        edit.function(),
        "import logging\n\nlogger = logging.getLogger(__name__)\n\n\n"
        'def greet(name_id: str) -> None:\n    logger.info("greeted %s", name_id)\n',
    )


@mutant("RUN-01", "the root logger is configured, and used")
def _(edit: Edit) -> None:
    text = "import logging\n\nlogging.basicConfig(level=logging.INFO)\n"
    edit.write(f"{edit.function().code}/utils/log.py", text)


@mutant("RUN-01", "the handler's decorator goes, and with it the request's id")
def _(edit: Edit) -> None:
    path = index(edit.function())
    edit.sub(path, r"^@logger\.inject_lambda_context\((.*\n)*?def lambda", "def lambda")


@mutant("RUN-01", "the level is set to DEBUG in the code")
def _(edit: Edit) -> None:
    edit.sub(index(edit.function()), r"^(logger = Logger\(.*\n)", r'\1logger.setLevel("DEBUG")\n')


@mutant("RUN-01", "the logger of an entry point forgets the stage")
def _(edit: Edit) -> None:
    edit.replace(index(edit.function()), "Logger(stage=settings.stage, ", "Logger(")


@mutant("RUN-01", "the level of all functions is written into the template")
def _(edit: Edit) -> None:
    old = "ApplicationLogLevel: !Ref LogLevel"
    edit.replace("template.yaml", old, "ApplicationLogLevel: DEBUG")


@mutant("RUN-01", "one function logs text")
def _(edit: Edit) -> None:
    old = "      LoggingConfig:\n"
    edit.in_resource(edit.function().logical_id, old, f"{old}        LogFormat: Text\n")


@mutant("RUN-01", "the service's name is passed no more")
def _(edit: Edit) -> None:
    edit.sub("template.yaml", r"^        POWERTOOLS_SERVICE_NAME: .*\n", "")
    for path in edit.glob(f"src/{edit.package}/*/README.md"):
        edit.sub(path, r"^\| `POWERTOOLS_SERVICE_NAME` .*\n", "")


@innocent("RUN-01", "a new module logs by a child of the logger")
def _(edit: Edit) -> None:
    used(
        edit,
        edit.function(),
        "from aws_lambda_powertools import Logger\n\nlogger = Logger(child=True)\n\n\n"
        'def greet(name_id: str) -> None:\n    logger.info("greeted", name_id=name_id)\n',
    )


@innocent("RUN-01", "a library's logger is told to be quiet, and prod has a level of its own")
def _(edit: Edit) -> None:
    text = 'import logging\n\nlogging.getLogger("asyncio").setLevel(logging.WARNING)\n'
    edit.append(f"{edit.function().code}/utils/__init__.py", text)
    with_is_prod(edit)
    new = "ApplicationLogLevel: !If [IsProd, WARN, !Ref LogLevel]"
    edit.replace("template.yaml", "ApplicationLogLevel: !Ref LogLevel", new)


@innocent("RUN-01", "loggers of the standard library get the configuration of Powertools")
def _(edit: Edit) -> None:
    used(
        edit,
        edit.function(),
        "import logging\n\nfrom aws_lambda_powertools import Logger\n"
        "from aws_lambda_powertools.logging import utils\n\n"
        "utils.copy_config_to_registered_loggers(source_logger=Logger(child=True))\n"
        "logger = logging.getLogger(__name__)\n\n\n"
        'def greet(name_id: str) -> None:\n    logger.info("greeted %s", name_id)\n',
    )


# ── RUN-02: errors ───────────────────────────────────────────────────────────


@mutant("RUN-02", "a route tells what the library said")
def _(edit: Edit) -> None:
    path = index(api(edit, "powertools.event_handler"))
    edit.append(
        path,
        '\n\n@app.get("/rates")\ndef rates() -> Response[str]:\n'
        '    try:\n        return Response(200, body=settings.rates["EUR"])\n'
        "    except KeyError as error:\n"
        '        body = error_body(502, f"upstream: {error}", "1")\n'
        "        return Response(502, content_types.APPLICATION_JSON, json.dumps(body))\n",
    )


@mutant("RUN-02", "any exception becomes a refusal with its text")
def _(edit: Edit) -> None:
    path = index(api(edit, "fastapi"))
    raised = "    except Exception as error:\n        logger.exception(error)\n"
    raised += "        raise StarletteHTTPException(500, str(error)) from error\n"
    edit.replace(
        path,
        "app.include_router(router)",
        '@router.get("/rates")\ndef rates() -> str:\n    try:\n        return settings.rates\n'
        f"{raised}\n\napp.include_router(router)",
    )


@mutant("RUN-02", "the last resort answers with the trace")
def _(edit: Edit) -> None:
    path = index(api(edit))
    edit.replace(path, '"Internal server error"', "traceback.format_exc()")
    edit.sub(path, r"^(from http import HTTPStatus)", r"import traceback\n\1")


@mutant("RUN-02", "the last resort is gone")
def _(edit: Edit) -> None:
    path = index(api(edit, "powertools.event_handler"))
    edit.sub(path, r"^@app\.exception_handler\(Exception\)\n(.+\n)+", "")


@mutant("RUN-02", "the last resort logs no trace")
def _(edit: Edit) -> None:
    edit.sub(index(api(edit)), r"^ +logger\.exception\(\"unhandled.*\n", "")


@mutant("RUN-02", "FastAPI's own answer to an invalid request comes back")
def _(edit: Edit) -> None:
    path = index(api(edit, "fastapi"))
    edit.sub(path, r"^@app\.exception_handler\(RequestValidationError\)\n(.+\n)+", "")


@mutant("RUN-02", "a route makes an error of its own shape")
def _(edit: Edit) -> None:
    path = index(api(edit, "powertools.event_handler"))
    text = '\n\n@app.get("/rates")\ndef rates() -> tuple[dict[str, str], int]:\n'
    edit.append(path, f'{text}    return {{"error": "no rates today"}}, HTTPStatus.NOT_FOUND\n')


@mutant("RUN-02", "the application shows its traces")
def _(edit: Edit) -> None:
    path = index(api(edit))
    edit.sub(path, r"^app = (FastAPI|APIGatewayHttpResolver)\(", r"app = \1(\n    debug=True,")


@innocent("RUN-02", "an exception of one's own tells its text, and another is logged")
def _(edit: Edit) -> None:
    path = index(api(edit, "powertools.event_handler"))
    edit.append(
        path,
        "\n\nclass NoRateError(LookupError):\n"
        '    """There is no such rate; the message may be shown to a caller."""\n\n\n'
        '@app.get("/rates")\ndef rates() -> dict[str, str]:\n'
        '    try:\n        raise NoRateError("no rate for XXX")\n'
        "    except NoRateError as error:\n"
        "        raise ServiceError(HTTPStatus.NOT_FOUND, str(error)) from error\n"
        "    except ValueError as error:\n"
        '        logger.warning("bad rate", problem=str(error))\n'
        '        raise ServiceError(HTTPStatus.BAD_GATEWAY, "No rates today") from error\n',
    )


@mutant("RUN-02", "invalid requests are answered by Powertools itself")
def _(edit: Edit) -> None:
    path = index(api(edit, "powertools.event_handler"))
    old = "app = APIGatewayHttpResolver("
    edit.replace(path, old, f"{old}\n    enable_validation=True,")


@innocent("RUN-02", "a service does without what is only a hint, whatever happens to it")
def _(edit: Edit) -> None:
    used(
        edit,
        api(edit),
        "def hint(hints: dict[str, str], name: str) -> str | None:\n"
        "    try:\n        return hints[name].lower()\n    except Exception:\n        return None\n",
        "hints",
    )


@innocent("RUN-02", "a route answers with a status of its own through the helper")
def _(edit: Edit) -> None:
    path = index(api(edit, "powertools.event_handler"))
    text = '\n\n@app.get("/rates")\ndef rates() -> Response[str]:\n'
    edit.append(path, f'{text}    return error_response(HTTPStatus.GONE, "Rates are no more")\n')


# ── RUN-03: CORS ─────────────────────────────────────────────────────────────

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


@mutant("RUN-03", "the API has no CorsConfiguration any more")
def _(edit: Edit) -> None:
    text = edit.resource("Api")
    start = text.index("      CorsConfiguration:\n")
    end = text.index("        MaxAge: 600\n") + len("        MaxAge: 600\n")
    edit.in_resource("Api", text[start:end], "")


@mutant("RUN-03", "the resolver loses its CORSConfig")
def _(edit: Edit) -> None:
    path = index(api(edit, "powertools.event_handler"))
    edit.sub(path, r"^    cors=CORSConfig\(\n(        .*\n)+    \),\n", "")


@mutant("RUN-03", "the middleware goes")
def _(edit: Edit) -> None:
    path = index(api(edit, "fastapi"))
    edit.sub(path, r"^app\.add_middleware\(\n(    .*\n)+\)\n", "")


@mutant("RUN-03", "the code allows a header that the API does not")
def _(edit: Edit) -> None:
    path = index(api(edit))
    old = 'allow_headers=["Authorization", '
    edit.replace(path, old, f'{old}"X-Tenant", ')


@mutant("RUN-03", "the API does not allow the method of a route")
def _(edit: Edit) -> None:
    function = api(edit, "powertools.event_handler")
    edit.in_resource("Api", "DELETE, GET", "GET")
    text = '\n\n@app.delete("/rates")\ndef forget() -> dict[str, str]:\n    return {}\n'
    edit.append(index(function), text)


@mutant("RUN-03", "a function's origins are written out")
def _(edit: Edit) -> None:
    new = "CORS_ALLOW_ORIGINS: https://www.example.com"
    old = 'CORS_ALLOW_ORIGINS: !Join [",", !Ref CorsAllowOrigins]'
    edit.in_resource(api(edit).logical_id, old, new)


@mutant("RUN-03", "the contract test is deleted")
def _(edit: Edit) -> None:
    edit.delete(f"tests/unit/{api(edit).name}/test_cors.py")


@mutant("RUN-03", "the test of unforeseen errors is skipped")
def _(edit: Edit) -> None:
    path = f"tests/unit/{api(edit).name}/test_cors.py"
    edit.replace(
        path, "def test_unhandled", '@pytest.mark.skip(reason="flaky")\ndef test_unhandled'
    )


@mutant("RUN-03", "the test of preflights goes")
def _(edit: Edit) -> None:
    path = f"tests/unit/{api(edit).name}/test_cors.py"
    edit.sub(path, r"^def test_preflight(.*\n)+?(?=^@pytest)", "")
    edit.sub(path, r"^@pytest.*\n.*\n\)\ndef test_a_preflight(.*\n)+?(?=^@pytest)", "")


@mutant("RUN-03", "a REST API answers its own 5XX without headers")
def _(edit: Edit) -> None:
    edit.declare(REST.format(service=edit.service))
    edit.output(REST_OUTPUT)


@innocent("RUN-03", "a REST API gives its headers to all that it says itself")
def _(edit: Edit) -> None:
    edit.declare(REST.format(service=edit.service) + REST_5XX)
    edit.output(REST_OUTPUT)


@innocent("RUN-03", "the contract is tested in another file, by one test with parameters")
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


@innocent("RUN-03", "the code and the API allow one more header")
def _(edit: Edit) -> None:
    old = 'allow_headers=["Authorization", '
    edit.replace(index(api(edit)), old, f'{old}"X-Tenant", ')
    edit.in_resource(
        "Api", "[Authorization, Content-Type]", "[Authorization, Content-Type, x-tenant]"
    )


# ── RUN-04: handlers ─────────────────────────────────────────────────────────


@mutant("RUN-04", "the handler becomes async")
def _(edit: Edit) -> None:
    edit.replace(index(edit.function()), "\ndef lambda_handler(", "\nasync def lambda_handler(")


@mutant("RUN-04", "the handler returns a coroutine")
def _(edit: Edit) -> None:
    path = index(edit.function())
    edit.append(path, "\n\nasync def gather(event: dict[str, Any]) -> None:\n    return None\n")
    in_handler(edit, edit.function(), 'if "all" in event:\n        return gather(event)')


@mutant("RUN-04", "Mangum decides itself about the lifespan")
def _(edit: Edit) -> None:
    edit.replace(index(api(edit, "mangum")), 'Mangum(app, lifespan="off")', "Mangum(app)")


@mutant("RUN-04", "a startup event prepares the application")
def _(edit: Edit) -> None:
    path = index(api(edit, "mangum"))
    text = '@app.on_event("startup")\ndef warm() -> None:\n    logger.info("warm")\n\n\n'
    edit.replace(path, "app.include_router(router)", f"{text}app.include_router(router)")


@innocent("RUN-04", "a handler runs what is asynchronous to its end")
def _(edit: Edit) -> None:
    path = index(edit.function())
    edit.append(path, "\n\nasync def gather(event: dict[str, Any]) -> None:\n    return None\n")
    in_handler(
        edit, edit.function(), 'if "all" in event:\n        return asyncio.run(gather(event))'
    )
    edit.replace(path, "from typing import Any\n", "import asyncio\nfrom typing import Any\n")


@innocent("RUN-04", "routes are asynchronous")
def _(edit: Edit) -> None:
    edit.replace(index(api(edit, "mangum")), "def health(", "async def health(")


# ── RUN-05: clients ──────────────────────────────────────────────────────────

FETCH = "\n\ndef fetch(key: str) -> bytes:\n"


def reads_files(edit: Edit, function: Function) -> None:
    """Let a function read the files of the service."""
    statement = (
        "        - Version: '2012-10-17'\n          Statement:\n            - Effect: Allow\n"
        "              Action: s3:GetObject\n"
        "              Resource:"
        f" !Sub arn:${{AWS::Partition}}:s3:::{edit.service}-files-${{EnvironmentName}}/*\n"
    )
    key = "      Policies:\n"
    has_some = key in edit.resource(function.logical_id)
    start = key if has_some else "      CodeUri:"
    new = key + statement + ("" if has_some else start)
    edit.in_resource(function.logical_id, start, new)


def with_httpx(edit: Edit) -> None:
    with_library(edit, "httpx", "0.28.1")


def with_library(edit: Edit, name: str, version: str) -> None:
    """Require a library of the first function, locked as `make lock` would."""
    folder = edit.function().folder
    edit.append(f"{folder}/requirements.in", f"{name}\n")
    edit.pin(f"{folder}/requirements.txt", name, version)


@mutant("RUN-05", "a function makes a client each time that it is called")
def _(edit: Edit) -> None:
    body = '    s3 = boto3.client("s3", config=CONFIG)\n'
    body += '    return s3.get_object(Bucket="b", Key=key)["Body"].read()\n'
    text = f"import boto3\n\nfrom ..utils.aws import CONFIG\n{FETCH}{body}"
    function = edit.function()
    if not edit.has(f"{function.code}/utils/aws.py"):
        edit.skip()
    used(edit, function, text)
    reads_files(edit, function)


@mutant("RUN-05", "another service is called without a client")
def _(edit: Edit) -> None:
    body = '    return httpx.get(f"https://files.example.com/{key}", timeout=3).content\n'
    used(edit, edit.function(), f"import httpx\n{FETCH}{body}")
    with_httpx(edit)


@mutant("RUN-05", "the handler makes the publisher, and with it a client")
def _(edit: Edit) -> None:
    function = edit.function("schedule", "queue", "stream", "bucket", "topic")
    text = edit.read(index(function))
    line = next(each for each in text.splitlines() if each.startswith("publisher = Publisher("))
    edit.replace(index(function), f"{line}\n", "")
    in_handler(edit, function, line)


@mutant("RUN-05", "a factory is called for each record")
def _(edit: Edit) -> None:
    function = edit.function()
    if not edit.has(f"{function.code}/utils/aws.py"):
        edit.skip()
    text = f"import boto3\n{CONFIG}\n\ndef bucket(name: str) -> object:\n"
    text += '    made = boto3.resource("s3", config=CONFIG)\n    return made.Bucket(name)\n'
    edit.write(f"{function.code}/utils/buckets.py", text)
    text = "from ..utils.buckets import bucket\n\n\ndef keep(name: str, key: str) -> None:\n"
    used(edit, function, text + "    bucket(name).Object(key).load()\n")
    reads_files(edit, function)


@mutant("RUN-05", "a dependency of FastAPI makes a client for each request")
def _(edit: Edit) -> None:
    function = api(edit, "fastapi")
    reads_files(edit, function)
    path = index(function)
    config = "Config(connect_timeout=1, read_timeout=2, retries={'total_max_attempts': 2})"
    text = f'def bucket() -> object:\n    return boto3.client("s3", config={config})\n\n\n'
    text += '@router.get("/files")\ndef files(s3: object = Depends(bucket)) -> str:\n    return str(s3)\n\n\n'
    edit.replace(path, "app.include_router(router)", f"{text}app.include_router(router)")
    edit.replace(
        path, "from fastapi import APIRouter, ", "from fastapi import APIRouter, Depends, "
    )
    edit.replace(
        path,
        "from aws_lambda_powertools import",
        "import boto3\nfrom botocore.config import Config\nfrom aws_lambda_powertools import",
    )


@mutant("RUN-05", "a function opens a connection to the cache each time that it is called")
def _(edit: Edit) -> None:
    body = '    return Redis.from_url("rediss://cache.example.com", socket_timeout=2).get(key)\n'
    used(edit, edit.function(), f"from redis import Redis\n{FETCH}{body}")
    with_library(edit, "redis", "7.1.0")


@innocent("RUN-05", "clients are made when they are first needed, and kept")
def _(edit: Edit) -> None:
    used(
        edit,
        edit.function(),
        f"from functools import cache\n\nimport boto3\nimport httpx\n{CONFIG}\n"
        "_session: httpx.Client | None = None\n\n\n"
        '@cache\ndef s3() -> object:\n    return boto3.client("s3", config=CONFIG)\n\n\n'
        "def session() -> httpx.Client:\n    global _session\n"
        "    if _session is None:\n        _session = httpx.Client(timeout=3)\n    return _session\n\n\n"
        "class Files:\n    def __init__(self) -> None:\n        self._s3 = s3()\n        self._http = session()\n\n\n"
        "FILES = Files()\n",
    )
    with_httpx(edit)
    reads_files(edit, edit.function())


@innocent("RUN-05", "a client belongs to who calls, with credentials of their own")
def _(edit: Edit) -> None:
    used(
        edit,
        edit.function(),
        f"import boto3\n{CONFIG}\n\ndef of_tenant(keys: dict[str, str]) -> object:\n"
        '    given = keys["AccessKeyId"], keys["SecretAccessKey"]\n'
        '    token = keys["SessionToken"]\n'
        '    client = boto3.client("s3", aws_access_key_id=given[0], aws_secret_access_key=given[1],'
        " aws_session_token=token, config=CONFIG)\n"
        "    session = boto3.Session(*given, aws_session_token=token)\n"
        '    session.client("sqs", config=CONFIG).list_queues()\n'
        "    return client.list_buckets()\n",
    )


@innocent("RUN-05", "a function that makes a client is called once, at the top of a module")
def _(edit: Edit) -> None:
    used(
        edit,
        edit.function(),
        f"import boto3\n{CONFIG}\n\ndef rates() -> bytes:\n"
        '    client = boto3.client("s3", config=CONFIG)\n'
        '    return client.get_object(Bucket="partner-files", Key="rates")["Body"].read()\n\n\n'
        "RATES = rates()\n",
    )
    reads_files(edit, edit.function())


STOCK = """import httpx


class Stock:
    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    @classmethod
    def from_settings(cls, stage: str) -> "Stock":
        client = httpx.Client(base_url=f"https://{stage}.example.com", timeout=2)
        return cls(client)

    def count(self, key: str) -> str:
        return self._client.get(f"/stock/{key}").text
"""


@innocent("RUN-05", "a class method that makes a client is called once, at the top of a module")
def _(edit: Edit) -> None:
    function = edit.function()
    used(edit, function, STOCK, "stock")
    path = index(function)
    edit.sub(path, r"^(logger = )", r"counts = stock.Stock.from_settings(settings.stage)\n\1")
    used(
        edit,
        function,
        "import httpx\n\n\nclass Rates:\n    def __init__(self, names: str) -> None:\n"
        "        self.names = names\n\n"
        '    @classmethod\n    def default(cls) -> "Rates":\n'
        "        with httpx.Client(timeout=2) as client:\n"
        '            return cls(client.get("https://rates.example.com").text)\n\n\n'
        "rates = Rates.default()\n",
        "rates",
    )
    with_httpx(edit)


@mutant("RUN-05", "a class method that makes a client is called for each event")
def _(edit: Edit) -> None:
    function = edit.function()
    used(edit, function, STOCK, "stock")
    in_handler(edit, function, "stock.Stock.from_settings(settings.stage).count('1')")
    with_httpx(edit)


# ── IAC-09: variables are checked as the code starts ─────────────────────────


@mutant("IAC-09", "a service asks for its stage itself, and gets what there is")
def _(edit: Edit) -> None:
    used(
        edit,
        edit.function(),
        "import os\n\n\ndef greeting() -> str:\n    return f\"here is {os.environ.get('STAGE')}\"\n",
    )


@mutant("IAC-09", "a new variable is read where it is needed")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "PARTNER_TABLE", edit.service)
    used(
        edit,
        edit.function(),
        "from os import getenv\n\nTABLE = getenv('PARTNER_TABLE', None)\n",
    )


@innocent(
    "IAC-09", "a new variable is checked in the settings; others are Lambda's, or have a value"
)
def _(edit: Edit) -> None:
    function = edit.function()
    edit.pass_variable(function, "ITEM_LIMIT", '"20"')
    settings = f"{function.code}/settings.py"
    edit.replace(settings, "    stage: str\n", "    stage: str\n    item_limit: str | None\n")
    stage = '        stage=required("STAGE"),\n'
    edit.replace(settings, stage, f'{stage}        item_limit=os.environ.get("ITEM_LIMIT"),\n')
    used(
        edit,
        function,
        'import os\n\nLOCAL = os.environ.get("AWS_SAM_LOCAL")\n'
        'MOST = int(os.environ.get("ITEM_LIMIT", "5"))\n',
    )


# ── RUN-07: events that come twice ───────────────────────────────────────────


@mutant("RUN-07", "the decorator goes that makes a second time do nothing")
def _(edit: Edit) -> None:
    edit.sub(index(worker(edit)), r"^@idempotent_function\(.*\n", "")


@mutant("RUN-07", "the handler goes past the function that does it once")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    edit.replace(
        index(function), "do(job=jobs.read(record.body))", "jobs.do(jobs.read(record.body))"
    )


@mutant("RUN-07", "a queue comes to a function that was made for requests")
def _(edit: Edit) -> None:
    function = api(edit, "powertools.event_handler")
    worker = edit.function("queue")
    text = f"""
{function.pascal}Jobs:
  Type: AWS::Lambda::EventSourceMapping
  Properties:
    EventSourceArn: !GetAtt {worker.pascal}Queue.Arn
    FunctionName: !Ref {function.logical_id}
    BatchSize: 1
    MaximumBatchingWindowInSeconds: 0
    ScalingConfig:
      MaximumConcurrency: 2
"""
    edit.declare(text)


@innocent("RUN-07", "a condition on the table does what the decorator did")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    edit.sub(index(function), r"^@idempotent_function\(.*\n", "")
    edit.write(
        f"{function.code}/services/ledger.py",
        "from typing import Any\n\n\nclass Ledger:\n"
        "    def __init__(self, table: Any) -> None:\n        self._table = table\n\n"
        "    def enter(self, entry: str) -> None:\n"
        '        self._table.put_item(Item={"id": entry}, ConditionExpression="attribute_not_exists(id)")\n',
    )
    edit.replace(
        index(function),
        "    publisher.publish(",
        "    ledger.enter(job.id)\n    publisher.publish(",
    )
    edit.replace(index(function), "\nprocessor = ", "\nledger = Ledger(done.table)\nprocessor = ")
    edit.replace(
        index(function),
        "from .services import jobs\n",
        "from .services import jobs\nfrom .services.ledger import Ledger\n",
    )


@innocent("RUN-07", "what is done once moves into a module of its own")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    text = edit.read(index(function))
    start, end = text.index("@idempotent_function"), text.index("def handle(")
    edit.write(index(function), text[:start] + text[end:])
    edit.replace(
        index(function),
        "from .services import jobs\n",
        "from .services import jobs\nfrom .services.once import do\n",
    )
    edit.write(
        f"{function.code}/services/once.py",
        text[: text.index("settings = ")]
        .replace("from .", "from ..")
        .replace("from ..services import jobs", "from . import jobs")
        + "\n"
        + text[start:end].rstrip()
        + "\n",
    )
