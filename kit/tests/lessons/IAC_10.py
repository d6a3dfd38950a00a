"""Cases of IAC-10."""

import re

from cases import fix, good, violation
from edits import CONFIG, Edit
from edits.runtime import index, used
from kit.gate.findings import Finding


def without(edit: Edit, key: str) -> str:
    """Take a size from the function; what it was."""
    logical_id = edit.function().logical_id
    line = re.findall(rf"      {key}: .*\n", edit.resource(logical_id))[0]
    edit.in_resource(logical_id, line, "")
    return str(re.findall(r"\d+", line)[0])


@violation("a function has no timeout")
def _(edit: Edit) -> None:
    without(edit, "Timeout")


@violation("a function's memory is text with a unit")
def _(edit: Edit) -> None:
    logical_id = edit.function().logical_id
    size = re.findall(r"MemorySize: \d+", edit.resource(logical_id))[0]
    edit.in_resource(logical_id, size, 'MemorySize: "512 MB"')


@violation("an HTTP call has no timeout")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/rates.py",
        "from urllib.request import urlopen\n\n\ndef rates(url: str) -> bytes:\n"
        "    with urlopen(url) as answer:\n        return bytes(answer.read())\n",
    )


@violation("calls of AWS may take longer than the function")
def _(edit: Edit) -> None:
    path = f"{edit.function().code}/utils/aws.py"
    if not edit.has(path):
        edit.skip()
    edit.replace(path, "read_timeout=2", "read_timeout=300")


@violation("the call of the chat has no timeout")
def _(edit: Edit) -> None:
    for path in edit.glob("src/*/chat_notifier/lambda_pkg/services/chat.py"):
        edit.replace(path, "timeout=TIMEOUT_SECONDS", "timeout=None")
        return
    edit.skip()


@violation("an AWS client has botocore's own timeouts")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/objects_of_reports.py",
        'import boto3\n\nsts = boto3.client("sts")\n',
    )


@good("the timeout stands in Globals, and calls end before it")
def _(edit: Edit) -> None:
    seconds = without(edit, "Timeout")
    head = "Globals:\n  Function:\n"
    edit.replace("template.yaml", head, f"{head}    Timeout: {seconds}\n")
    edit.write(
        f"{edit.function().code}/services/rates.py",
        "from urllib.request import urlopen\n\nSECONDS = 2.5\n\n\ndef rates(url: str) -> bytes:\n"
        "    with urlopen(url, timeout=SECONDS) as answer:\n        return bytes(answer.read())\n",
    )


@violation("a pool of connections has no timeout, and neither have its calls")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/rates.py",
        "import urllib3\n\nhttp = urllib3.PoolManager(maxsize=2)\n\n\ndef rates(url: str) -> bytes:\n"
        '    return bytes(http.request("GET", url).data)\n',
    )


@violation("one client of AWS may read for longer than the function lives")
def _(edit: Edit) -> None:
    aws = f"{edit.function().code}/utils/aws.py"
    if not edit.has(aws) or "CONFIG = Config(" not in edit.read(aws):
        edit.skip()
    edit.write(
        f"{edit.function().code}/services/reports.py",
        "import boto3\nfrom botocore.config import Config\n\nfrom ..utils.aws import CONFIG\n\n"
        'sts = boto3.client("sts", config=CONFIG.merge(Config(read_timeout=900)))\n',
    )


@good("a client reads a little longer, and an adapter of requests has the timeout")
def _(edit: Edit) -> None:
    folder, code = edit.function().folder, edit.function().code
    edit.append(f"{folder}/requirements.in", "requests\n")
    edit.pin(f"{folder}/requirements.txt", "requests", "2.34.0")
    edit.write(
        f"{code}/services/rates.py",
        "from typing import Any\n\nimport requests\nimport urllib3\n"
        "from requests.adapters import HTTPAdapter\n\n\n"
        "class TimeoutAdapter(HTTPAdapter):\n"
        "    def send(self, *arguments: Any, **options: Any) -> requests.Response:\n"
        '        return super().send(*arguments, **{**options, "timeout": 2})\n\n\n'
        "session = requests.Session()\n"
        'session.mount("https://", TimeoutAdapter())\n'
        "pool = urllib3.PoolManager(timeout=2)\n\n\n"
        "def rates(url: str) -> bytes:\n"
        '    return session.get(url).content + bytes(pool.request("GET", url).data)\n',
    )
    aws = f"{code}/utils/aws.py"
    if edit.has(aws) and "CONFIG = Config(" in edit.read(aws):
        edit.write(
            f"{code}/services/reports.py",
            "import boto3\nfrom botocore.config import Config\n\nfrom ..utils.aws import CONFIG\n\n"
            "SLOW = Config(read_timeout=3)\n"
            'sts = boto3.client("sts", config=CONFIG.merge(SLOW))\n',
        )


@good("a timeout is a number in quotes")
def _(edit: Edit) -> None:
    edit.in_resource(edit.function().logical_id, "MemorySize: 512", 'MemorySize: "512"')


@fix("Set `Timeout` of")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_resource(
        str(finding.resource), "      MemorySize", "      Timeout: 10\n      MemorySize"
    )


@fix("Set `MemorySize` of")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r": .*", ": 512")


@fix("Give it a `timeout` in seconds")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\burl\)", "url, timeout=2)")


@fix("Give it a `timeout` in seconds", "the call of the chat has no timeout")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(finding.path, "timeout=None", "timeout=2")


@fix("Let all its attempts end before 10 s")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(finding.path, r"read_timeout=\d+", "read_timeout=2")


@fix("Let all its attempts end before 10 s", "an AWS client has botocore's own timeouts")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\)", ", config=CONFIG)")
    edit.replace(finding.path, "import boto3\n", f"import boto3\n{CONFIG}")


FETCH = """import httpx


def fetch(key: str) -> str:
    return httpx{client}.get(f"https://rates.example.com/{{key}}", timeout={timeout}).text
"""


def fetches(edit: Edit, timeout: str) -> None:
    """Each message of a queue makes an HTTP call."""
    function = edit.function("queue")
    edit.append(f"{function.folder}/requirements.in", "httpx\n")
    edit.pin(f"{function.folder}/requirements.txt", "httpx", "0.28.1")
    text = FETCH.format(client="", timeout=timeout).replace(
        "    return httpx.get", "    return client.get"
    )
    text = text.replace("\n\ndef", "\nclient = httpx.Client()\n\n\ndef", 1)
    used(edit, function, text)
    edit.sub(index(function), r"^(def handle\(.*\n)", r'\1    fresh.fetch("1")\n')


@violation("ten messages of a batch may wait for HTTP longer than the function lives")
def _(edit: Edit) -> None:
    fetches(edit, "25")


@good("ten messages of a batch wait for HTTP only as long as the function lives")
def _(edit: Edit) -> None:
    fetches(edit, "2")


@violation("a database's client has no timeout")
def _(edit: Edit) -> None:
    database(edit, "psycopg", "psycopg.connect(DSN, autocommit=True)")


@violation("the engine of a database has a pool's timeout only")
def _(edit: Edit) -> None:
    database(edit, "sqlalchemy", "sqlalchemy.create_engine(DSN, pool_timeout=3)")


@violation("a cache is connected to by its URL, without a timeout")
def _(edit: Edit) -> None:
    database(edit, "redis", "redis.Redis.from_url(DSN, decode_responses=True)")


@good("clients of databases have timeouts, each in its own way")
def _(edit: Edit) -> None:
    database(
        edit, "sqlalchemy", "sqlalchemy.create_engine(DSN, connect_args={'connect_timeout': 2})"
    )
    database(edit, "psycopg", "psycopg.connect(DSN, connect_timeout=2)")
    database(edit, "pymongo", "pymongo.MongoClient('mongodb://db.example.com/?timeoutMS=2000')")
    database(edit, "redis", "redis.Redis(connection_pool=redis.ConnectionPool(socket_timeout=2))")


def database(edit: Edit, library: str, client: str) -> None:
    function = edit.function()
    edit.append(f"{function.folder}/requirements.in", f"{library}\n")
    edit.pin(f"{function.folder}/requirements.txt", library, "3.2.1")
    text = f'import {library}\n\nDSN = "postgresql://db.example.com/orders"\nclient = {client}\n'
    edit.write(f"{function.code}/services/{library}_client.py", text)


@fix("Let 10 calls fit")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"timeout=25", "timeout=2")


@fix("Give the client a timeout")
def _(edit: Edit, finding: Finding) -> None:
    """As its library calls it."""
    words = {"psycopg": "connect_timeout=2", "redis": "socket_timeout=2"}
    words["sqlalchemy"] = 'connect_args={"connect_timeout": 2}'
    library = finding.path.rpartition("/")[2].removesuffix("_client.py")
    edit.in_line(finding, r"\)$", f", {words[library]})")
