"""Cases of RUN-05."""

import re

from cases import fix, good, violation
from edits import CONFIG, Edit, Function
from edits.access import allow
from edits.runtime import api, in_handler, index, used
from kit.gate.findings import Finding

FETCH = "\n\ndef fetch(key: str) -> bytes:\n"


def reads_files(edit: Edit, function: Function) -> None:
    """Let a function read the files of the service."""
    arn = f"arn:${{AWS::Partition}}:s3:::{edit.service}-files-${{EnvironmentName}}/*"
    allow(edit, function, "Action: s3:GetObject", f"Resource: !Sub {arn}")


def with_httpx(edit: Edit) -> None:
    with_library(edit, "httpx", "0.28.1")


def with_library(edit: Edit, name: str, version: str) -> None:
    """Require a library of the first function, locked as `make lock` would."""
    folder = edit.function().folder
    edit.append(f"{folder}/requirements.in", f"{name}\n")
    edit.pin(f"{folder}/requirements.txt", name, version)


@violation("a function makes a client each time that it is called")
def _(edit: Edit) -> None:
    body = '    s3 = boto3.client("s3", config=CONFIG)\n'
    body += '    return s3.get_object(Bucket="b", Key=key)["Body"].read()\n'
    text = f"import boto3\n\nfrom ..utils.aws import CONFIG\n{FETCH}{body}"
    function = edit.function()
    if not edit.has(f"{function.code}/utils/aws.py"):
        edit.skip()
    used(edit, function, text)
    reads_files(edit, function)


@violation("another service is called without a client")
def _(edit: Edit) -> None:
    body = '    return httpx.get(f"https://files.example.com/{key}", timeout=3).content\n'
    used(edit, edit.function(), f"import httpx\n{FETCH}{body}")
    with_httpx(edit)


@violation("the handler makes the publisher, and with it a client")
def _(edit: Edit) -> None:
    function = edit.function("schedule", "queue", "stream", "bucket", "topic")
    text = edit.read(index(function))
    line = next(item for item in text.splitlines() if item.startswith("publisher = Publisher("))
    edit.replace(index(function), f"{line}\n", "")
    in_handler(edit, function, line)


@violation("a factory is called for each record")
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


@violation("a dependency of FastAPI makes a client for each request")
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


@violation("a function opens a connection to the cache each time that it is called")
def _(edit: Edit) -> None:
    body = '    return Redis.from_url("rediss://cache.example.com", socket_timeout=2).get(key)\n'
    used(edit, edit.function(), f"from redis import Redis\n{FETCH}{body}")
    with_library(edit, "redis", "7.1.0")


@good("clients are made when they are first needed, and kept")
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


@good("a client belongs to who calls, with credentials of their own")
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


@good("a function that makes a client is called once, at the top of a module")
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


@good("a class method that makes a client is called once, at the top of a module")
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


@violation("a class method that makes a client is called for each event")
def _(edit: Edit) -> None:
    function = edit.function()
    used(edit, function, STOCK, "stock")
    in_handler(edit, function, "stock.Stock.from_settings(settings.stage).count('1')")
    with_httpx(edit)


@fix("Make the client at the top of the module, or in a function with `functools.cache`.")
def _(edit: Edit, finding: Finding) -> None:
    """Above the function: `s3 = …` leaves it, or what is called on the client."""
    line = edit.line(finding)
    made = re.search(r"(\w+ = )?((?:boto3|Redis)\.\w+\(.*?\))(?=[.\n])", line)
    assert made
    name = (made[1] or "client = ").removesuffix(" = ")
    new = "" if line.strip() == made[0] else line.replace(made[0], name)
    edit.in_line(finding, r".*\n", new)
    edit.sub(finding.path, r"^def (bucket|fetch)\(", rf"{name} = {made[2]}\n\n\ndef \1(")


@fix(
    "Make the client",
    "a factory is called for each record",
    "a dependency of FastAPI makes a client for each request",
)
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(finding.path, r"^def bucket\(", "@functools.cache\ndef bucket(")
    edit.write(finding.path, f"import functools\n{edit.read(finding.path)}")


@fix("Make a client (`httpx.Client`)")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"httpx\.get\(", "http.get(")
    edit.sub(finding.path, r"^def fetch\(", "http = httpx.Client(timeout=3)\n\n\ndef fetch(")


@fix("Call `")
def _(edit: Edit, finding: Finding) -> None:
    """From the handler to the top of the module."""
    path = index(edit.function("schedule", "queue", "stream", "bucket", "topic"))
    line = re.search(r"^    (publisher = Publisher\(.*)\n", edit.read(path), re.MULTILINE)
    assert line
    edit.replace(path, line[0], "")
    edit.sub(path, r"^(logger = )", rf"{line[1]}\n\1")


@fix("Call `", "a class method that makes a client is called for each event")
def _(edit: Edit, finding: Finding) -> None:
    path = index(edit.function())
    edit.replace(path, "    stock.Stock.from_settings(settings.stage)", "    counts")
    edit.sub(path, r"^(logger = )", r"counts = stock.Stock.from_settings(settings.stage)\n\1")


@violation("a table with a class of its own is made for each event")
def _(edit: Edit) -> None:
    function = edit.function("queue", "schedule", "event", "topic")
    in_handler(
        edit, function, "done = DoneTable(name=settings.idempotency_table_name, logger=logger)"
    )


@fix("Make the client", "a table with a class of its own is made for each event")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)
