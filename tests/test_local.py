"""A service with every trigger, running here by `make up`: the real emulator, the real functions."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from conftest import check, render, run
from kit.delivery.service import Service
from kit.errors import KitError
from kit.local.bridge import WORKER, bridged
from kit.local.emulator import Running
from kit.local.redrive import Redriven, redrive
from kit.local.send import Sender
from kit.local.session import Feed, Session
from test_emulated import FUNCTIONS
from test_samples import runnable

ITEM = "src/orders/app/lambda_pkg/services/items.py"
INDEX = "src/orders/app/lambda_pkg/index.py"
UNREACHABLE = "http://127.0.0.1:9"
NO_AWS = dict.fromkeys(("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "")


class Up:
    """`make up` in a process, with what it prints."""

    def __init__(self, service: Path, *arguments: str) -> None:
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            ["make", "up", *arguments],
            cwd=service,
            env={**os.environ, **NO_AWS, "MAKEFLAGS": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.new: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            self.new.put(line.rstrip())

    def line(self, pattern: str, seconds: float = 60) -> str:
        """The next line that matches; those before it are passed over."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self.new.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {pattern!r} in\n" + "\n".join(self.lines)) from None
            if re.search(pattern, line):
                return line

    def lines_in_any_order(self, *patterns: str) -> None:
        """Wait for a line for each pattern, as often as it is listed."""
        left = list(patterns)
        while left:
            line = self.line("|".join(left))
            left.remove(next(pattern for pattern in left if re.search(pattern, line)))

    def stop(self) -> int:
        """What Ctrl-C at a terminal does: a signal to the whole group."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(30)


@pytest.fixture(scope="module")
def service(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = render(
        template,
        tmp_path_factory.mktemp("local") / "orders",
        service_name="orders",
        functions=FUNCTIONS,
        aws_region="eu-central-1",  # where S3 and others ask for what us-east-1 does not
        python_version=runnable("3.13"),
        secrets="stripe-key:app, mail-key:jobs",
    )
    check("git", "init", "--quiet", cwd=folder)
    check("make", "setup", cwd=folder)
    (folder / ".env.local").write_text("# real ones\nmail-key=sk_test_1\n", "utf-8")
    return folder


@pytest.fixture(scope="module")
def up(service: Path) -> Iterator[Up]:
    running = Up(service)
    running.line("Ready in")
    yield running
    running.stop()


def make(service: Path, target: str, *arguments: str) -> str:
    """What a command prints that uses what runs, also behind a company's proxy."""
    return check("make", target, *arguments, cwd=service, HTTP_PROXY=UNREACHABLE, **NO_AWS)


@pytest.fixture(scope="module")
def api(up: Up) -> str:
    line = next(line for line in up.lines if re.search("^ +app +api ", line))
    return line.split()[-1]


def test_it_starts_by_itself_and_says_where(up: Up, api: str) -> None:
    said = "\n".join(up.lines)
    assert "CodeDeployHook" not in said
    assert "Installing the emulator MiniStack into .venv-local, once" in said
    assert re.fullmatch(r"http://127\.0\.0\.1:3\d{3}/app", api)
    assert "Budget (AWS::Budgets::Budget) is left out: nothing costs money here" in said
    assert "The secret stripe-key is made up; for a real one: stripe-key=... in .env.local" in said
    assert "mail-key" not in said
    for name, trigger in (pair.split(":") for pair in FUNCTIONS.split(", ")):
        assert re.search(rf"^ +{name} +{trigger} +\S", said, re.MULTILINE)


def test_a_request_is_an_item_a_change_and_an_event(up: Up, api: str) -> None:
    answer = httpx.post(f"{api}/items", json={"name": "a first item"}, timeout=30)
    assert answer.status_code == 201
    assert httpx.get(f"{api}/items/{answer.json()['id']}").json() == answer.json()
    up.line(r"app +POST /app/items +201 +\d+ ms")
    assert up.line("item created").startswith("    INFO    item created  item_id=")
    up.line("changes +stream orders-dev: INSERT +ok")
    up.line("hub +event item.changed from orders +ok")


def test_the_api_answers_as_api_gateway_does(up: Up, api: str) -> None:
    origin = {"Origin": "https://www.example.com"}
    preflight = httpx.options(
        f"{api}/health", headers=origin | {"Access-Control-Request-Method": "GET"}
    )
    assert preflight.is_success
    assert "access-control-allow-origin" in preflight.headers
    chunks = iter([b'{"name": ', b'"in chunks"}'])
    headers = {"Content-Type": "application/json"}
    assert httpx.post(f"{api}/items", content=chunks, headers=headers).status_code == 201
    assert httpx.get(api.replace("/app", "/nowhere")).status_code == 404
    up.line("API +GET /nowhere +404 .* no function was called")


def test_a_saved_file_counts_at_once(service: Path, up: Up, api: str) -> None:
    text = (service / INDEX).read_text("utf-8")
    assert httpx.get(f"{api}/health").json()["status"] == "ok"
    (service / INDEX).write_text(text.replace('"status": "ok"', '"status": "fine"'), "utf-8")
    assert httpx.get(f"{api}/health").json()["status"] == "fine"
    up.line("app runs the saved code")
    (service / INDEX).write_text(text, "utf-8")
    up.line("app runs the saved code")


@pytest.mark.parametrize(
    ("path", "old", "new", "said"),
    [
        (INDEX, "import json\n", "import json(\n", rf"{INDEX}:6: SyntaxError"),
        (INDEX, "import json\n", "import jsonn\n", rf"{INDEX}:6: ModuleNotFoundError"),
        (INDEX, "load_settings()", "load_settings({})", "SettingsError: Missing or empty"),
    ],
)
def test_what_does_not_start_is_one_line(
    service: Path, up: Up, api: str, path: str, old: str, new: str, said: str
) -> None:
    text = (service / path).read_text("utf-8")
    assert old in text
    (service / path).write_text(text.replace(old, new, 1), "utf-8")
    try:
        assert re.search(said, up.line("app does not start: "))
        answer = httpx.get(f"{api}/health")
        assert (answer.status_code, answer.text) == (500, '{"message":"Internal Server Error"}')
        up.line("app +GET /app/health +error")
        up.line(said)
    finally:
        (service / path).write_text(text, "utf-8")
    up.line("app runs the saved code")
    assert httpx.get(f"{api}/health").status_code == 200


def test_an_error_is_shown_with_its_trace(service: Path, up: Up, api: str) -> None:
    text = (service / ITEM).read_text("utf-8")
    broken = text.replace("        return item\n", "        return item / 0\n")
    assert broken != text
    (service / ITEM).write_text(broken, "utf-8")
    try:
        assert httpx.post(f"{api}/items", json={"name": "x"}).status_code == 500
        up.line("app +POST /app/items +500")
        up.line("ERROR +unhandled exception")
        up.line(f'^      .*File "{ITEM}", line')
    finally:
        (service / ITEM).write_text(text, "utf-8")
    up.line("app runs the saved code")


@pytest.fixture
def template_file(service: Path, up: Up) -> Iterator[Path]:
    """template.yaml, as it was again after the test."""
    file = service / "template.yaml"
    text = file.read_text("utf-8")
    yield file
    file.write_text(text, "utf-8")
    up.line("Deployed again")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Resources:\n", "Resources: [\n", r"template.yaml can't be read: line \d+"),
        ("  AppFunction:\n", "  AppFunction: 1\n  X:\n", "template.yaml: Structure of the SAM"),
        ("Parameters:\n", "Parameters:\n  Half:\n", "Not deployed: .*incomplete"),
        ("Handler: lambda_pkg.", "Handlers: lambda_pkg.", r"template.yaml: .*\[AppFunction\]"),
    ],
)
def test_a_wrong_template_is_one_line(
    template_file: Path, up: Up, api: str, old: str, new: str, message: str
) -> None:
    text = template_file.read_text("utf-8")
    assert old in text
    template_file.write_text(text.replace(old, new, 1), "utf-8")
    up.line(message)
    assert httpx.get(f"{api}/health").status_code == 200


FROM_FILES = """
  Layer:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: layer/}
  Steps:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: steps.json, Policies: []}
  OpenApi:
    Type: AWS::Serverless::HttpApi
    Properties: {DefinitionUri: openapi.yaml}
"""


def test_a_changed_template_is_deployed(template_file: Path, up: Up, api: str) -> None:
    text = template_file.read_text("utf-8")
    changed = text.replace("/app/{proxy+}", "/shop/{proxy+}").replace(
        "Path: /app\n", "Path: /shop\n"
    )
    changed = changed.replace("          TABLE_NAME:", "          TABLES_NAME:", 1)
    changed = changed.replace("\nResources:\n", f"\nResources:\n{FROM_FILES}", 1)
    begin = time.monotonic()
    template_file.write_text(changed, "utf-8")
    up.lines_in_any_order(
        "Layer.* is left out: functions import from .venv here",
        "Steps .* is left out: its definition is in a file",
        "OpenApi has no routes: its definition is not in template.yaml",
    )
    up.line("Deployed again")
    assert time.monotonic() - begin < 30  # 2 s where nothing else runs
    up.line(r"app does not start: .*settings.py:\d+: SettingsError: .*TABLE_NAME")
    assert httpx.get(api.replace("/app", "/shop/health")).status_code == 500
    assert httpx.get(f"{api}/health").status_code == 404


@pytest.mark.parametrize(
    ("function", "call"),
    [
        ("app", "app +GET /app/health +200"),
        ("jobs", "jobs +sqs orders-jobs-dev +ok"),
        ("changes", "changes +stream orders-dev: .*ok"),
        ("hub", "hub +event item.changed from orders +ok"),
        ("nightly", "nightly +schedule +ok"),
        ("files", "files +event Object Created from aws.s3 +ok"),
        ("inbox", "inbox +sns orders-inbox-dev +ok"),
    ],
)
def test_an_event_comes_by_its_real_way(service: Path, up: Up, function: str, call: str) -> None:
    event = ["EVENT=events/app/get-health.json"] if function == "app" else []
    assert "Sent " in make(service, "send", f"FN={function}", *event)
    up.line(call)


def test_poison_ends_in_the_dead_letters_and_comes_back(service: Path, up: Up) -> None:
    """What a queue gives up, and what Lambda does."""
    make(service, "send", "FN=hub", "EVENT=events/hub/poison.json")
    make(service, "send", "FN=jobs", "EVENT=events/jobs/poison.json")
    dead = [f"^  orders-{name}-dead-letters-dev: 1 waiting" for name in ("hub", "jobs")]
    up.lines_in_any_order(*["jobs +sqs orders-jobs-dev +1 of [12] failed"] * 5, *dead)
    assert "1 dead letter of hub sent again (here)" in make(service, "redrive", "FN=hub")
    # With an environment's name it is the account that the shell has, here the emulator's.
    running = json.loads((service / ".aws-sam/local/running.json").read_text("utf-8"))
    account = {"AWS_ENDPOINT_URL": running["url"], "AWS_SECRET_ACCESS_KEY": "local"}
    account["AWS_ACCESS_KEY_ID"] = "111122223333"
    printed = check("make", "redrive", "FN=jobs", "ENV=dev", cwd=service, **account)
    assert "1 dead letter of jobs sent again (dev)" in printed
    again = [
        "hub +event item.changed from orders +error",
        "jobs +sqs orders-jobs-dev +1 of 1 failed",
    ]
    up.lines_in_any_order(*again, *dead)


def test_a_call_shows_answer_log_and_duration(service: Path, up: Up) -> None:
    said = make(service, "call", "FN=app", "EVENT=events/app/create-item.json")
    assert '"statusCode": 201' in said
    assert "item created" in said
    assert re.search(r"^Answered in \d+ ms$", said, re.MULTILINE)
    done = run("make", "call", "FN=nightly", "EVENT=events/nightly/poison.json", cwd=service)
    assert done.returncode
    assert "Failed in" in done.stdout
    done = run("make", "call", "FN=ap", cwd=service)
    assert "There is no function ap." in done.stdout


def test_a_failed_call_is_not_retried(service: Path, up: Up) -> None:
    """An event that comes by the bus would be, before whatever is sent next."""
    begin = len(up.lines)
    assert run("make", "call", "FN=hub", "EVENT=events/hub/poison.json", cwd=service).returncode
    make(service, "send", "FN=hub")
    up.line("hub +event item.changed from orders +ok")
    assert len([line for line in up.lines[begin:] if re.search("hub +event .*error", line)]) == 1


def test_integration_tests_pass_here(service: Path, up: Up) -> None:
    assert "4 passed" in make(service, "integration", "ENV=local")


def test_a_call_without_an_answer_failed() -> None:
    reports: queue.Queue[dict[str, Any]] = queue.Queue()
    feed = Feed(reports.put)
    call = {"function": "app", "request": "1", "begin": time.time(), "trigger": "invoked"}
    try:
        with socket.create_connection(("127.0.0.1", feed.server_address[1])) as worker:
            worker.sendall(json.dumps(call).encode() + b"\n")
        assert reports.get(timeout=10) == call
        failed = reports.get(timeout=10)
        assert (failed["request"], failed["result"]) == ("1", "error")
        assert "ended without an answer: a timeout" in failed["error"]
    finally:
        feed.stop()


class Account:
    """What `redrive` and `Session` call, with the letters that a dead-letter queue gives at each call."""

    def __init__(self, *letters: list[str], waiting: int = 0) -> None:
        self.letters, self.waiting = list(letters), waiting
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def client(self, _name: str) -> Account:
        return self

    def unqualified(self, function: str) -> str:
        return function

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> dict[str, Any]:
            self.calls.append((name, arguments))
            bodies = self.letters.pop(0) if name == "receive_message" and self.letters else []
            return {
                "QueueUrl": f"https://sqs.example.com/{arguments.get('QueueName')}",
                "Attributes": {"ApproximateNumberOfMessages": str(self.waiting)},
                "Messages": [{"Body": body, "ReceiptHandle": body} for body in bodies],
            }

        return call

    def named(self, name: str) -> list[dict[str, Any]]:
        return [arguments for called, arguments in self.calls if called == name]


def test_each_function_that_fails_an_event_has_its_retry() -> None:
    """EventBridge and SNS give all targets the same id."""
    account = Account()
    session = Session(cast("Service", None), lambda _message: None, keep=True)
    session.state = cast("Running", account)
    for function in ("hub", "audit", "hub"):
        session._reported({"function": function, "delivery": "1", "again": {"id": "1"}})
    assert [call["FunctionName"] for call in account.named("invoke")] == ["hub", "audit"]


def test_redrive_asks_until_it_has_all_and_says_what_stays(service: Path) -> None:
    stream = json.dumps({"KinesisBatchInfo": {}, "requestContext": {}})
    account = Account(["{}", stream], ["no JSON", "[1]"], waiting=6)
    result = redrive(account, Service(service, "dev"), "hub", ":live")
    assert result == Redriven(sent=1, kept=3, missed=2)
    assert [call["WaitTimeSeconds"] for call in account.named("receive_message")] == [5, 5, 5]
    assert [call["Payload"] for call in account.named("invoke")] == ["{}"]
    assert [call["ReceiptHandle"] for call in account.named("delete_message")] == ["{}"]
    with pytest.raises(KitError, match="`app` has no dead-letter queue in `orders-dev`"):
        redrive(account, Service(service, "dev"), "app", ":live")


@pytest.mark.parametrize(
    "event",
    [
        {"Records": [{"eventSource": "aws:sqs", "body": "{}"}]},
        {"Records": [{"Sns": {"Message": "x"}}]},
        {"Records": ["x"]},
        {"Records": 1},
    ],
)
def test_a_minimal_event_does_not_break_the_report(event: Any) -> None:
    code = "import json, sys, worker; e = json.loads(sys.argv[1]);"
    code += "print(worker.failed_messages(e, None, {'error': 'x'}), repr(worker.delivery(e)))"
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(event)],
        env={"KIT_FOLDER": "src", "KIT_HANDLER": "lambda_pkg.index.handler"},
        cwd=WORKER.parent,
        capture_output=True,
        text=True,
    )
    assert done.stderr == "[] ''\n"


def test_routes_of_similar_paths_and_open_ones() -> None:
    integration = {"x-amazon-apigateway-integration": {"uri": "arn:functions/${App.Arn}/x"}}
    paths = {
        path: {"get": {**integration, "security": [{"AWS_IAM": []}]}, "post": {}}
        for path in ("/a-b", "/a/b", "/orders/{id}", "/orders/id")
    }
    scheme = {"AWS_IAM": {"type": "apiKey", "x-amazon-apigateway-authtype": "awsSigv4"}}
    body = {"paths": paths, "components": {"securitySchemes": scheme}}
    api = {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body}}
    result = bridged({"Resources": {"Api": api}}, {}, Path(), lambda _name: "http://127.0.0.1")
    routes = [
        resource["Properties"]
        for resource in result.template["Resources"].values()
        if resource["Type"] == "AWS::ApiGatewayV2::Route"
    ]
    assert [route["RouteKey"] for route in routes] == [f"GET {path}" for path in paths]
    assert not any("AuthorizationType" in route for route in routes)
    assert result.notes == ["Api does not check AWS_IAM here: its routes are open"]


def test_a_request_is_sent_as_the_event_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[dict[str, Any]] = []

    def request(method: str, url: str, **arguments: Any) -> httpx.Response:
        requests.append({"method": method, "url": url, **arguments})
        return httpx.Response(200)

    monkeypatch.setattr(httpx, "request", request)
    event = {
        "rawPath": "/files",
        "requestContext": {"http": {"method": "PUT"}},
        "headers": {"host": "example.com"},
        "cookies": ["a=1", "b=2"],
        "body": "AAE=",
        "isBase64Encoded": True,
    }
    running = Running("", "", 0, "", apis={"Api": "http://127.0.0.1:3000"})
    Sender(running, cast("Service", None), "app").api(event)
    (sent,) = requests
    assert (sent["content"], sent["headers"]) == (b"\x00\x01", {"cookie": "a=1; b=2"})
    running.apis.clear()
    with pytest.raises(KitError, match="no HTTP API"):
        Sender(running, cast("Service", None), "app").api(event)


def processes(service: Path) -> list[str]:
    """What runs from the folder of the service."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if str(service) in line]


def test_ctrl_c_and_a_kill_end_everything(service: Path, up: Up) -> None:
    """And a second one beside it has its own ports and data, and keeps its data if it is to."""
    before = set(processes(service))
    second = Up(service, "KEEP=1", f"HTTP_PROXY={UNREACHABLE}")
    second.line("Ready in")
    assert "Installing" not in "\n".join(second.lines)
    line = next(line for line in second.lines if re.search("^ +app +api ", line))
    assert line.split()[-1] not in "\n".join(up.lines)
    item = httpx.post(f"{line.split()[-1]}/items", json={"name": "kept"}, timeout=30).json()
    second.stop()
    assert not set(processes(service)) - before
    third = Up(service, "KEEP=1")
    try:
        third.line("Ready in")
        line = next(line for line in third.lines if re.search("^ +app +api ", line))
        assert httpx.get(f"{line.split()[-1]}/items/{item['id']}", timeout=30).json() == item
        state = json.loads((service / ".aws-sam/local-2/running.json").read_text("utf-8"))
        os.kill(state["process"], signal.SIGKILL)
        deadline = time.monotonic() + 10
        while set(processes(service)) - before and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not set(processes(service)) - before
        assert "Answered in" in make(service, "call", "FN=nightly")  # the first one still runs
    finally:
        third.stop()
