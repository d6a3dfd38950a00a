"""The life of a service: rendered, set up, checked, built, and called as Lambda calls it."""

from __future__ import annotations

import functools
import io
import json
import platform
import re
import runpy
import subprocess
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from aws import Account, counted
from conftest import ROOT, SAMPLES, check, sample
from kit.spelling import pascal

CALL = """
import importlib, json, sys, types
sys.path.append({boto3!r})
module, function = sys.argv[1].rsplit(".", 1)
context = types.SimpleNamespace(
    function_name="f", function_version="7", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="1",
    get_remaining_time_in_millis=lambda: 30000,
)
print(json.dumps(getattr(importlib.import_module(module), function)(json.load(sys.stdin), context)))
"""


@functools.cache
def interpreter(version: str) -> str | None:
    """This machine's interpreter of that version, as a service's own set-up finds it."""
    code = "from kit import setup; import sys; print(setup.find_interpreter(sys.argv[1]) or '')"
    kit = ROOT / "kit/src"
    return (
        check("python3", "-c", code, version, cwd=kit, PYTHONDONTWRITEBYTECODE="1").strip() or None
    )


def runnable(version: str) -> str:
    """That version, or one that this machine has instead, with a warning that says so."""
    if interpreter(version):
        return version
    other = next(item for item in ("3.13", "3.14", "3.12", "3.11") if interpreter(item))
    warnings.warn(f"no Python {version} on this machine: built with {other} instead", stacklevel=2)
    return other


@pytest.fixture(scope="session")
def boto3(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """What the Lambda runtime brings along, and nothing else."""

    @functools.cache
    def installed(python: str) -> Path:
        folder = tmp_path_factory.mktemp("boto3")
        check(
            "uv",
            "pip",
            "install",
            "--quiet",
            "--python",
            python,
            "--target",
            folder,
            "boto3",
            cwd=folder,
        )
        return folder

    return installed


def machine_of(library: Path) -> str:
    """The architecture of a compiled module, from its ELF header."""
    return {62: "x86_64", 183: "arm64"}[int.from_bytes(library.read_bytes()[18:20], "little")]


# Each trigger twice, the answers of somebody who presses Enter, and every question answered. The
# others live with --every-sample; CI's job `samples` checks and builds all of them on each push.
ON_EACH_RUN = ("all-triggers", "default", "everything")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "path" in metafunc.fixturenames:
        every = metafunc.config.getoption("every_sample")
        paths = [path for path in SAMPLES if every or path.stem in ON_EACH_RUN]
        metafunc.parametrize("path", paths, ids=lambda path: path.stem)


def test_life_of_a_service(
    path: Path, set_up: Callable[..., Path], boto3: Callable[[str], Path]
) -> None:
    answers = sample(path)
    answers["python_version"] = runnable(answers.get("python_version", "3.13"))
    architecture = answers.get("architecture", "arm64")

    service = set_up(**answers)
    assert check("git", "log", "--format=%s", cwd=service).startswith("Start ")

    check("make", "check", cwd=service)
    assert check("git", "status", "--porcelain", cwd=service) == "", "make check changed files"
    check("make", "format", cwd=service)
    assert check("git", "status", "--porcelain", cwd=service) == "", "make format changed files"

    check("make", "build", "CONTAINER=no", cwd=service)
    assert check("git", "status", "--porcelain", cwd=service) == "", "make build left files"
    account = Account(service)
    functions: dict[str, Function] = {}
    try:
        for item in answers.get("functions", "app:api").split(","):
            name, trigger = item.strip().split(":")
            logical_id = pascal(name) + "Function"
            artifact = service / ".aws-sam" / "build" / logical_id
            libraries = list(artifact.rglob("*.so"))
            assert {machine_of(library) for library in libraries} <= {architecture}
            if libraries and (platform.system() != "Linux" or platform.machine() != architecture):
                continue  # compiled for another machine than this one
            function = Function(artifact, account, logical_id, boto3, answers["python_version"])
            functions[name.replace("_", "-")] = function
            if trigger == "api":
                check_api(function, service / "events" / name)
            else:
                readme = (service / "src").glob(f"*/{name}/README.md")
                check_worker(function, service / "events" / name, next(readme).read_text("utf-8"))
        check_probes(service, account, functions)
        if "alarm_chat_webhook" in answers:
            artifact = service / ".aws-sam" / "build" / "ChatNotifierFunction"
            notifier = Function(artifact, account, artifact.name, boto3, answers["python_version"])
            check_notifier(notifier, service / "events" / "chat_notifier")
    finally:
        account.close()


def check_api(function: Function, events: Path) -> None:
    """An api function answers its example events as test_events.py in the service says."""
    expected = {"create-item": 201, "get-health": 200, "get-item": 404}
    for path in events.glob("*.json"):
        answer = function.call(json.loads(path.read_text("utf-8")))
        assert answer["statusCode"] == expected[path.stem]
        if path.stem == "get-health":
            body = json.loads(answer["body"])
            assert body == {"status": "ok", "stage": "dev", "version": "7"}
        if path.stem == "create-item":
            check_rollback_metric(function, json.loads(path.read_text("utf-8")))


def check_rollback_metric(function: Function, event: dict[str, Any]) -> None:
    """Of a request that fails, the template's filter counts one line, with the version."""
    done = function.run(event, TABLE_NAME="missing")
    *logged, answer = done.stdout.splitlines()
    assert json.loads(answer)["statusCode"] == 500
    name = function.logical_id.removesuffix("Function")
    counting = function.account.template["Resources"][f"{name}FailuresFilter"]["Properties"]
    (line,) = counted(counting["FilterPattern"], logged)
    (transformation,) = counting["MetricTransformations"]
    paths = {dimension["Key"]: dimension["Value"] for dimension in transformation["Dimensions"]}
    dimensions = {key: line[path.removeprefix("$.")] for key, path in paths.items()}
    assert dimensions == {"FunctionName": "f", "FunctionVersion": "7"}


def check_worker(function: Function, events: Path, readme: str) -> None:
    """Any other function does what its README says with its events: also with poison, also twice."""
    published = set(
        re.findall(r"(?:[Pp]ublished on the event bus, as|publishes)\s`(\w+\.\w+)`", readme)
    )
    names = [path.stem for path in events.glob("*.json")]
    assert "poison" in names
    assert len(names) >= 2
    for name in sorted(names, key="poison".__eq__):
        event = json.loads((events / f"{name}.json").read_text("utf-8"))
        if name == "poison":
            check_poison(function, event)
            continue
        if "bucket" in event.get("detail", {}):
            function.account.put_object(event)
        assert function.call(event) in (None, {"batchItemFailures": []})
        assert set(function.account.published()) == published
        assert function.call(event) in (None, {"batchItemFailures": []})
        assert function.account.published() == [], "what came twice was done twice"


def check_probes(service: Path, account: Account, functions: dict[str, Function]) -> None:
    """The traffic check lets each built function pass that it tries, by its own event and verdict."""
    if "TrafficCheckFunction" not in account.template["Resources"]:
        return
    (path,) = service.glob("src/*/traffic_check/lambda_pkg/services/versions.py")
    versions = runpy.run_path(str(path))

    class Lambda:
        def get_alias(self, **_arguments: str) -> dict[str, str]:
            return {"FunctionVersion": "6"}

        def invoke(self, FunctionName: str, Qualifier: str, Payload: bytes) -> Any:  # noqa: N803
            assert Qualifier == "7"
            kebab = FunctionName.removeprefix(f"{service_name}-").removesuffix("-dev")
            done = functions[kebab].run(json.loads(Payload))
            if done.returncode:
                return {"FunctionError": "Unhandled", "Payload": io.BytesIO(b"null")}
            return {"Payload": io.BytesIO(done.stdout.splitlines()[-1].encode())}

    answers = yaml.safe_load((service / ".copier-answers.yml").read_text("utf-8"))
    service_name = answers["service_name"]
    variables = account.template["Resources"]["TrafficCheckFunction"]["Properties"]["Environment"]
    _separator, named = variables["Variables"]["NEW_FUNCTION_VERSIONS"]["Fn::Join"]
    for text in named:
        kind, kebab, _version = text["Fn::Join"][1]
        if kebab in functions:  # others are compiled for another machine
            arguments = (f"{kind} {kebab} 7", service_name, "dev", Lambda(), lambda: 60.0)
            assert versions["problem_of"](*arguments) is None


def check_notifier(function: Function, events: Path) -> None:
    """The chat notifier posts an alarm to the webhook whose address is in the secret."""
    posted: list[dict[str, str]] = []

    class Chat(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

    chat = HTTPServer(("127.0.0.1", 0), Chat)
    threading.Thread(target=chat.serve_forever, daemon=True).start()
    secret = function.account.environment(function.logical_id)["CHAT_WEBHOOK_SECRET"]
    function.account.client("secretsmanager").create_secret(
        Name=secret, SecretString=f"http://127.0.0.1:{chat.server_port}/hook"
    )
    assert function.call(json.loads((events / "alarm.json").read_text("utf-8"))) is None
    chat.shutdown()
    (message,) = posted
    assert "is ALARM" in message["text"]


def check_poison(function: Function, event: dict[str, Any]) -> None:
    """In a batch only the poison fails; an event of its own is an error, which Lambda tries again."""
    if "Records" in event and len(event["Records"]) > 1:
        *_good, bad = event["Records"]
        number = bad.get("messageId") or bad["dynamodb"]["SequenceNumber"]
        assert function.call(event) == {"batchItemFailures": [{"itemIdentifier": number}]}
        return
    error = function.fail(event)
    assert re.search(r"Invalid\w+Error|NoSuch|AccessDenied", error)
    assert function.account.published() == []


@dataclass
class Function:
    """A built artifact, imported by its handler in the runtime's interpreter and called."""

    artifact: Path
    account: Account
    logical_id: str
    boto3: Callable[[str], Path]
    python_version: str

    def run(self, event: dict[str, Any], **variables: str) -> subprocess.CompletedProcess[str]:
        python = interpreter(self.python_version)
        assert python
        return subprocess.run(
            [
                *(python, "-c", CALL.format(boto3=str(self.boto3(python)))),
                "lambda_pkg.index.lambda_handler",
            ],
            input=json.dumps(event),
            cwd=self.artifact,
            env={
                "STAGE": "dev",
                "POWERTOOLS_SERVICE_NAME": "tests",
                "AWS_LAMBDA_FUNCTION_NAME": self.logical_id,
                "AWS_ENDPOINT_URL": self.account.endpoint,
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "PYTHONDONTWRITEBYTECODE": "1",
                **self.account.environment(self.logical_id),
                **variables,
            },
            capture_output=True,
            text=True,
        )

    def call(self, event: dict[str, Any]) -> Any:
        """Call it, and return what it returns."""
        done = self.run(event)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def fail(self, event: dict[str, Any]) -> str:
        """Call it, which must fail, and return its error with its log."""
        done = self.run(event)
        assert done.returncode != 0, done.stdout
        assert '"level":"ERROR"' in done.stdout
        return done.stderr
