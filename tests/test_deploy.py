"""Deploying and operating a service, with AWS on loopback and a stand-in for `sam deploy`."""

from __future__ import annotations

import io
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import ROOT, check
from delivered import command, delivery, infra
from kit.errors import KitError
from world import MOTO, ChangeSets, World, reset, script

deploy = delivery("deploy")
failures = delivery("failures")
smoke = delivery("smoke")
Said = pytest.CaptureFixture[str]


class Endpoint:
    """Stands for the deployed API: what it answers to GET /app/health."""

    def __init__(self) -> None:
        self.status = 200
        self.body: Any = {"status": "ok", "stage": "dev", "version": "1"}
        self.headers = {"access-control-allow-origin": "*"}
        self.asked: list[tuple[str, str]] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                endpoint.asked.append((self.path, self.headers["Origin"]))
                self.send_response(endpoint.status)
                for name, value in endpoint.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                body = endpoint.body
                self.wfile.write(
                    body.encode() if isinstance(body, str) else json.dumps(body).encode()
                )

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    monkeypatch.setattr(smoke, "PAUSE", 0.01)
    monkeypatch.setattr(smoke, "TIMEOUT", 0.5)
    endpoint = Endpoint()
    yield endpoint
    endpoint.server.shutdown()
    endpoint.server.server_close()


def make_stack(world: World, api: Endpoint, origins: str = "*") -> None:
    """The parts of a deployed stack that these commands look at."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.py", "")
    world.client("s3").put_object(
        Bucket=world.service.bucket(MOTO), Key="code.zip", Body=package.getvalue()
    )
    role = f"arn:aws:iam::{MOTO}:role/{world.service.execution_role}"

    def function(name: str) -> dict[str, Any]:
        properties = {
            "FunctionName": name,
            "Runtime": "python3.13",
            "Handler": "index.x",
            "Role": role,
            "Code": {"S3Bucket": world.service.bucket(MOTO), "S3Key": "code.zip"},
        }
        return {"Type": "AWS::Lambda::Function", "Properties": properties}

    table = {
        "TableName": "orders-dev",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
    }
    template = {
        "Parameters": {"CorsAllowOrigins": {"Type": "String"}},
        "Resources": {
            "AppFunction": function("orders-app-dev"),
            "WorkerFunction": function("orders-worker-dev"),
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
        },
        "Outputs": {"ApiEndpoint": {"Value": api.url}},
    }
    world.client("cloudformation").create_stack(
        StackName="orders-dev",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "CorsAllowOrigins", "ParameterValue": origins}],
    )
    functions = world.client("lambda")
    functions.publish_version(FunctionName="orders-app-dev")
    functions.create_alias(FunctionName="orders-app-dev", Name="live", FunctionVersion="1")


def service(world: World) -> Any:
    return delivery("service").Service(world.root, "dev")


def account(world: World) -> Any:
    return delivery("account").Account(service(world))


# ── Smoke ──


def test_smoke_asks_where_health_is() -> None:
    """Whatever other routes a function has, and in whatever order."""

    def event(path: str) -> dict[str, Any]:
        return {"Type": "HttpApi", "Properties": {"Path": path}}

    events = {
        "Hook": event("/webhooks/stripe"),
        "Health": event("/app/health"),
        "More": event("/x"),
    }
    body = {"Properties": {"Events": events}}
    assert smoke.paths({"Resources": {"App": body}}) == {"App": "/app/health"}
    del events["Health"]
    assert smoke.paths({"Resources": {"App": body}}) == {"App": "/webhooks/health"}


def test_a_live_service_passes(world: World, api: Endpoint, capsys: Said) -> None:
    make_stack(world, api)
    assert smoke.run(service(world), account(world), timeout=0.1, pause=0.01)
    told = capsys.readouterr().out
    assert f"ok    GET {api.url}/app/health" in told
    assert "ok    orders-worker-dev" in told
    assert api.asked == [("/app/health", "https://www.example.com")]


def test_the_origin_is_one_that_may_call(world: World, api: Endpoint) -> None:
    make_stack(world, api, origins="https://shop.example.com, https://www.example.com")
    api.headers = {"access-control-allow-origin": "https://shop.example.com"}
    assert smoke.run(service(world), account(world), timeout=0.1, pause=0.01)
    assert api.asked[0][1] == "https://shop.example.com"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"body": {"status": "ok", "version": "0"}}, "version 0 answers, 1 was deployed"),
        ({"body": {"status": "ok"}}, 'its answer has no "version"'),
        ({"body": "<html>"}, "its answer is not JSON"),
        ({"status": 500}, "it answers 500"),
        ({"headers": {}}, "no access-control-allow-origin"),
        (
            {"headers": {"access-control-allow-origin": "https://other.example.com"}},
            "browsers would hide",
        ),
    ],
)
def test_a_wrong_answer_fails(
    world: World, api: Endpoint, capsys: Said, wrong: dict[str, Any], told: str
) -> None:
    """CD-07."""
    make_stack(world, api)
    for name, value in wrong.items():
        setattr(api, name, value)
    clock = count(0.0, 0.4)  # however slow this machine is
    world.monkeypatch.setattr(
        smoke, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=time.sleep)
    )
    assert not smoke.run(service(world), account(world), timeout=1.0, pause=0.01)
    printed = capsys.readouterr().out
    assert "FAIL" in printed
    assert told in printed
    assert len(api.asked) == 3, "it asks again until the deadline"


def test_no_answer_fails(world: World, api: Endpoint, capsys: Said) -> None:
    make_stack(world, api)
    api.server.shutdown()
    api.server.server_close()
    assert not smoke.run(service(world), account(world), timeout=1.0, pause=0.01)
    assert "ConnectError" in capsys.readouterr().out


def test_without_a_stack_there_is_nothing_to_look_at(world: World) -> None:
    with pytest.raises(KitError, match="make deploy ENV=dev"):
        smoke.run(service(world), account(world))


# ── Deploy ──


@pytest.fixture
def built(world: World) -> World:
    build = world.root / ".aws-sam" / "build"
    build.mkdir(parents=True)
    (build / "template.yaml").write_text("Resources: {}\n", "utf-8")
    return world


def sam(world: World, deploy: str) -> None:
    """A `sam` whose `deploy` runs these lines; it keeps how it was called."""
    calls = world.tools / "calls"
    script(
        world.tools / "sam",
        f'echo "$@" >> "{calls}"\ncase "$1" in --version) echo "SAM CLI, version 1.170.0";;'
        f" deploy) {deploy};; esac",
    )


def calls(world: World) -> str:
    return (world.tools / "calls").read_text("utf-8")


def run_deploy(world: World, *, built: bool = True, take_existing: bool = False) -> int:
    code: int = deploy.deploy(
        service(world), account(world), built=built, take_existing=take_existing
    )
    return code


@pytest.fixture
def deploys(built: World, api: Endpoint, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which `sam deploy` makes the stack."""
    sam(built, "echo deploying")
    real = deploy.stream

    def stream(command: list[str], folder: Path) -> Any:
        done = real(command, folder)
        if command[1] == "deploy" and not done[0]:
            make_stack(built, api)
        return done

    monkeypatch.setattr(deploy, "stream", stream)
    return built


def test_a_deployment_ends_with_the_live_service(deploys: World, capsys: Said) -> None:
    page = deploys.tools / "summary.md"
    deploys.monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    assert run_deploy(deploys) == 0
    told = capsys.readouterr().out
    assert (
        told.index("Preflight of orders-dev") < told.index("deploying") < told.index("ApiEndpoint")
    )
    assert told.index("ApiEndpoint") < told.index("ok    GET ")
    assert "| `ApiEndpoint` |" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("id_after", "listed"),
    [
        ("earlier", ["Nothing."]),
        ("new", ["| `Import` | `AWS::DynamoDB::Table`", "| `Add` | `AWS::SQS::Queue`"]),
    ],
)
def test_a_deployment_tells_what_it_changed(
    built: World, api: Endpoint, monkeypatch: pytest.MonkeyPatch, id_after: str, listed: list[str]
) -> None:
    """From all pages; and not what an earlier one did, when there was nothing to change."""
    make_stack(built, api)
    change_sets(built)
    change_set = {"ChangeSetId": "earlier"}
    real = delivery("account").Account.stack

    def stack(account: Any, name: str) -> Any:
        found = real(account, name)
        return found and {**found, **change_set}

    def stream(_command: list[str], _folder: Path) -> tuple[int, str]:
        change_set["ChangeSetId"] = id_after
        return 0, ""

    monkeypatch.setattr(delivery("account").Account, "stack", stack)
    monkeypatch.setattr(deploy, "stream", stream)
    page = built.tools / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    assert run_deploy(built) == 0
    told = page.read_text("utf-8").split("What changed")[1]
    lines = told.strip().splitlines()[-len(listed) :]
    assert all(line.startswith(each) for line, each in zip(lines, listed, strict=True))


def test_sam_is_called_without_questions_and_with_the_execution_role(deploys: World) -> None:
    """CD-09, IAM-05."""
    run_deploy(deploys)
    (called,) = [line for line in calls(deploys).splitlines() if line.startswith("deploy ")]
    for wanted in (
        "--config-env dev",
        f"--s3-bucket orders-artifacts-{MOTO}-dev",
        f"--role-arn arn:aws:iam::{MOTO}:role/orders-cloudformation-dev",
        "--no-confirm-changeset",
        "--no-fail-on-empty-changeset",
    ):
        assert wanted in called


def test_what_answers_wrongly_is_not_deployed(deploys: World, api: Endpoint) -> None:
    api.status = 502
    assert run_deploy(deploys) == 1


def test_a_failed_preflight_stops_it(built: World, capsys: Said) -> None:
    sam(built, "echo deploying")
    built.client("secretsmanager").delete_secret(
        SecretId="orders/stripe-key-dev", ForceDeleteWithoutRecovery=True
    )
    assert run_deploy(built) == 1
    said = capsys.readouterr()
    assert "FAIL  secrets" in said.out
    assert "Nothing was deployed" in said.err
    assert "deploy " not in calls(built)


def test_without_a_build_nothing_is_deployed(world: World) -> None:
    sam(world, "echo deploying")
    with pytest.raises(KitError, match="make build ENV=dev"):
        run_deploy(world)


def test_a_build_that_fails_stops_it(world: World, capsys: Said) -> None:
    sam(world, "echo deploying")
    script(world.tools / "make", "echo no wheel for you; exit 2")
    with pytest.raises(KitError, match="nothing was deployed"):
        run_deploy(world, built=False)
    assert "no wheel for you" in capsys.readouterr().out


def test_a_failed_deployment_is_explained(built: World, api: Endpoint) -> None:
    """CD-06: the cause per resource, the lesson, the state of the stack and the way out."""
    make_stack(built, api)
    built.state = "UPDATE_ROLLBACK_FAILED"
    now = datetime.now(UTC)
    old = {
        "LogicalResourceId": "Old",
        "ResourceType": "AWS::SQS::Queue",
        "ResourceStatus": "CREATE_FAILED",
        "ResourceStatusReason": "of an earlier deployment",
        "Timestamp": now - timedelta(days=1),
    }
    new = {
        **old,
        "LogicalResourceId": "Table",
        "ResourceStatusReason": "orders-dev already exists",
        "Timestamp": now,
    }
    sam(built, "echo 'Error: Failed to create/update the stack'; exit 1")
    built.events = [new, old]
    begin = datetime.now(UTC)
    told = failures.explain_deployment(account(built), begin, "Error: Failed")
    assert "Table (AWS::SQS::Queue)" in told
    assert "CD-05" in told
    assert "earlier deployment" not in told
    assert "left in UPDATE_ROLLBACK_FAILED" in told
    assert "continue-update-rollback --stack-name orders-dev" in told


@pytest.mark.parametrize("wrong", [timedelta(hours=2), timedelta(days=-3)])
def test_a_wrong_clock_does_not_lose_the_cause(
    built: World, api: Endpoint, capsys: Said, monkeypatch: pytest.MonkeyPatch, wrong: timedelta
) -> None:
    """What failed is looked for since the deployment began by AWS's clock, not by this one."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + wrong

    monkeypatch.setattr(failures, "datetime", Clock)
    make_stack(built, api)
    event = {
        "ResourceType": "AWS::SQS::Queue",
        "ResourceStatus": "CREATE_FAILED",
    }
    now = datetime.now(UTC)
    built.events = [
        {**event, "LogicalResourceId": "Now", "ResourceStatusReason": "new", "Timestamp": now},
        {
            **event,
            "LogicalResourceId": "Yesterday",
            "ResourceStatusReason": "old",
            "Timestamp": now - timedelta(days=1),
        },
    ]
    sam(built, "echo 'Error: Failed to create/update the stack'; exit 1")
    assert run_deploy(built) == 1
    printed = capsys.readouterr().out
    assert "Now (AWS::SQS::Queue)" in printed
    assert "Yesterday" not in printed


HOOK = {"HookType": "Acme::Encrypted::Hook", "HookStatusReason": "it is not encrypted"}
VALIDATION = {"ValidationName": "NAME_CONFLICT", "ValidationStatusReason": "the name is taken"}
TABLE = {"LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table"}
STACK = {"LogicalResourceId": "orders-dev", "ResourceType": "AWS::CloudFormation::Stack"}


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            {**TABLE, **HOOK, "HookStatus": "HOOK_COMPLETE_FAILED"}
            | {"ResourceStatus": "CREATE_IN_PROGRESS"},
            ["Table (AWS::DynamoDB::Table)\n    it is not encrypted"],
        ),
        ({**TABLE, **VALIDATION, "ValidationStatus": "FAILED"}, ["Table (", "the name is taken"]),
        # about no resource, or about the whole stack
        (
            {**VALIDATION, "ValidationStatus": "FAILED"},
            ["NAME_CONFLICT (the stack)\n    the name is taken"],
        ),
        ({**STACK, **HOOK, "HookStatus": "HOOK_FAILED"}, ["Acme::Encrypted::Hook (", "encrypted"]),
    ],
)
def test_what_a_hook_or_a_validation_refuses_is_told(
    built: World, event: dict[str, str], told: list[str]
) -> None:
    built.events = [{**event, "Timestamp": datetime.now(UTC)}]
    printed = failures.explain_deployment(account(built), datetime.now(UTC), "Error: Failed")
    assert all(item in printed for item in told), printed


@pytest.mark.parametrize(
    "event",
    [
        {**TABLE, **HOOK, "HookStatus": "HOOK_COMPLETE_FAILED", "HookFailureMode": "WARN"}
        | {"ResourceStatus": "CREATE_IN_PROGRESS"},
        {**STACK, "ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": "[Table] failed"},
    ],
)
def test_what_is_no_cause_is_not_told(built: World, event: dict[str, str]) -> None:
    built.events = [{**event, "Timestamp": datetime.now(UTC)}]
    printed = failures.explain_deployment(account(built), datetime.now(UTC), "Error: Failed")
    assert "orders-dev (deployment)\n    Error: Failed" in printed, "what sam printed is told"
    assert "Table" not in printed


def test_sam_that_fails_before_there_is_a_stack_is_explained(built: World, capsys: Said) -> None:
    sam(built, "echo 'Error: S3 Bucket does not exist.'; exit 1")
    assert run_deploy(built) == 1
    told = capsys.readouterr().out
    assert "the deployment of orders-dev failed" in told.lower()
    assert "make bootstrap ENV=dev" in told


# ── Operate ──


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("builtins.input", lambda _prompt: text)


@pytest.mark.parametrize("typed", ["", "yes", "orders-prod"])
def test_nothing_is_destroyed_without_its_name(
    world: World, api: Endpoint, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    """CD-13."""
    make_stack(world, api)
    answer(monkeypatch, typed)
    with pytest.raises(KitError, match="nothing was deleted"):
        delivery("destroy").destroy(service(world), account(world), None)
    assert account(world).stack("orders-dev")


def test_destroy_says_what_stays(
    world: World, api: Endpoint, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    make_stack(world, api)
    answer(monkeypatch, "orders-dev")
    delivery("destroy").destroy(service(world), account(world), None)
    told = capsys.readouterr().out
    assert "DynamoDB::Table orders-dev" in told.split("What stays")[1]
    assert "IMPORT=yes" in told
    assert account(world).stack("orders-dev") is None


def test_status_tells_alarms_errors_and_state(world: World, api: Endpoint, capsys: Said) -> None:
    make_stack(world, api)
    world.client("cloudwatch").put_metric_alarm(
        AlarmName="orders-app-errors-dev",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
    )
    world.client("cloudwatch").set_alarm_state(
        AlarmName="orders-app-errors-dev", StateValue="ALARM", StateReason="test"
    )
    log(world, {"level": "ERROR", "message": "job failed", "exception_name": "JobError"})
    log(world, {"level": "INFO", "message": "all is well"})
    delivery("status").show(service(world), account(world))
    told = capsys.readouterr().out
    assert "CREATE_COMPLETE" in told
    assert "orders-app-errors-dev" in told
    assert "\n  app  " in told
    assert "job failed  JobError" in told


def log(world: World, entry: dict[str, Any] | str) -> None:
    client, group = world.client("logs"), "/aws/lambda/orders-app-dev"
    if not client.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        client.create_log_group(logGroupName=group)
        client.create_log_stream(logGroupName=group, logStreamName="a")
    now = int(datetime.now(UTC).timestamp() * 1000)
    client.put_log_events(
        logGroupName=group,
        logStreamName="a",
        logEvents=[
            {"timestamp": now, "message": entry if isinstance(entry, str) else json.dumps(entry)}
        ],
    )


def test_logs_are_readable(world: World, capsys: Said) -> None:
    log(world, {"level": "INFO", "message": "item created", "correlation_id": "c6af"})
    at(world)
    assert command("logs", "app") == 0
    assert "INFO  item created  c6af" in capsys.readouterr().out


HOSTILE = "\x1b[2J\x1b]0;owned\x07 item\u202ecreated\r\u2028\x9b0m"
HARMLESS = r"\x1b[2J\x1b]0;owned\x07 item\u202ecreated\r\u2028\x9b0m"


@pytest.mark.parametrize("entry", [HOSTILE, {"level": "ERROR", "message": HOSTILE}])
def test_logs_do_not_reach_the_terminal_as_they_are(
    world: World, api: Endpoint, capsys: Said, entry: dict[str, Any] | str
) -> None:
    """A caller can put anything into a log: it must not clear a screen or hide a line."""
    make_stack(world, api)
    log(world, entry)
    at(world)
    assert command("logs", "app") == 0
    assert HARMLESS in capsys.readouterr().out
    command("status")
    assert not set("\x1b\x07\u202e\r\x9b") & set(capsys.readouterr().out)


def test_what_failed_does_not_reach_the_terminal_as_it_is(built: World) -> None:
    built.events = [
        {
            "LogicalResourceId": "Table",
            "ResourceType": "AWS::DynamoDB::Table",
            "ResourceStatus": "CREATE_FAILED",
            "ResourceStatusReason": f"{HOSTILE} already exists",
            "Timestamp": datetime.now(UTC),
        }
    ]
    told = failures.explain_deployment(account(built), datetime.now(UTC), "Error: Failed")
    assert f"{HARMLESS} already exists" in told


def at(world: World) -> None:
    """Let commands find this service as the one in whose folder they run."""
    world.monkeypatch.setattr(
        delivery("command"), "current_service", lambda _environment=None: service(world)
    )


def test_logs_of_no_function(world: World) -> None:
    at(world)
    with pytest.raises(KitError, match="there are: app, worker"):
        command("logs", "nothing")


def test_drift_is_told(world: World, api: Endpoint, capsys: Said) -> None:
    make_stack(world, api)
    at(world)
    difference = {"PropertyPath": "/Timeout", "ExpectedValue": "10", "ActualValue": "900"}
    changed = {
        "LogicalResourceId": "AppFunction",
        "ResourceType": "AWS::Lambda::Function",
        "StackResourceDriftStatus": "MODIFIED",
        "PropertyDifferences": [difference],
    }
    deleted = {
        "LogicalResourceId": "Table",
        "ResourceType": "AWS::DynamoDB::Table",
        "StackResourceDriftStatus": "DELETED",
    }
    world.drifts = [changed, deleted]
    assert command("drift") == 1
    told = capsys.readouterr().out
    assert "/Timeout: 10 in the template, 900 in AWS" in told
    assert "Table (AWS::DynamoDB::Table): DELETED" in told, "from the second page"
    world.drifts = []
    assert command("drift") == 0


def test_what_could_not_be_compared_is_reported_beside_the_drifts(
    world: World, api: Endpoint, capsys: Said
) -> None:
    make_stack(world, api)
    at(world)
    world.not_compared = "Failed to detect drift on resource [Api]"
    deleted = {
        "LogicalResourceId": "Table",
        "ResourceType": "AWS::DynamoDB::Table",
        "StackResourceDriftStatus": "DELETED",
    }
    for drifts in ([deleted], []):
        world.drifts = drifts
        assert command("drift") == 1
        told = capsys.readouterr()
        assert ("Table (AWS::DynamoDB::Table): DELETED" in told.out) is bool(drifts)
        assert "Failed to detect drift on resource [Api]" in told.err
        assert "is as template.yaml says" not in told.out


# ── Secrets ──


def stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_secrets_are_told_without_their_values(world: World, capsys: Said) -> None:
    at(world)
    assert command("secrets") == 0
    told = capsys.readouterr().out
    assert "orders/stripe-key-dev  changed on " in told
    world.client("secretsmanager").delete_secret(
        SecretId="orders/stripe-key-dev", ForceDeleteWithoutRecovery=True
    )
    assert command("secrets") == 1
    assert "orders/stripe-key-dev  missing" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["stripe-key", "stripe-key-dev", "orders/stripe-key-dev"])
@pytest.mark.parametrize("existing", [True, False])
def test_a_secret_is_set_from_standard_input(
    world: World, capsys: Said, name: str, existing: bool
) -> None:
    at(world)
    secrets = world.client("secretsmanager")
    if not existing:
        secrets.delete_secret(SecretId="orders/stripe-key-dev", ForceDeleteWithoutRecovery=True)
    stdin(world.monkeypatch, "s3cr3t\n")
    assert command("secrets", "--set", name) == 0
    said = capsys.readouterr()
    assert "s3cr3t" not in said.out + said.err
    assert secrets.get_secret_value(SecretId="orders/stripe-key-dev")["SecretString"] == "s3cr3t"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("stripe-key", "\n", "No value"), ("other", "x", "no secret|gets the name")],
)
def test_what_can_not_be_set(world: World, name: str, value: str, told: str) -> None:
    at(world)
    stdin(world.monkeypatch, value)
    with pytest.raises(KitError, match=told):
        command("secrets", "--set", name)


# ── Taking over what exists ──

NOTHING_TO_DO = "The submitted information didn't contain changes."


def change_sets(world: World, reason: str = "") -> ChangeSets:
    """Change sets that are only kept; with a reason, none can be made."""
    world.change_sets = ChangeSets(reason)
    return world.change_sets


@pytest.fixture
def takes_over(deploys: World) -> World:
    """A world with a table of no stack, which the template wants too."""
    deploys.client("dynamodb").create_table(
        TableName="orders-idempotency-dev",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    (deploys.root / ".aws-sam" / "packaged.yaml").write_text("Resources: {}\n", "utf-8")
    return deploys


def test_existing_resources_are_taken_over_only_on_request(takes_over: World) -> None:
    sets = change_sets(takes_over)
    assert run_deploy(takes_over) == 1, "the preflight finds it"
    assert sets.made == []


def test_existing_resources_are_taken_over_as_they_are_deployed(
    takes_over: World, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    sets = change_sets(takes_over)
    answer(monkeypatch, "y")
    assert run_deploy(takes_over, take_existing=True) == 0
    (made,) = sets.made
    assert sets.executed == [made["ChangeSetName"]]
    assert sets.deleted == []
    assert made["ChangeSetType"] == "CREATE"
    assert made["ImportExistingResources"] is True
    assert made["RoleARN"].endswith("role/orders-cloudformation-dev")
    # As samconfig.toml says, or the deployment that follows would update every resource.
    assert made["Tags"] == [
        {"Key": "Service", "Value": "orders"},
        {"Key": "Environment", "Value": "dev"},
    ]
    assert {"ParameterKey": "LogLevel", "ParameterValue": "DEBUG"} in made["Parameters"]
    told = capsys.readouterr().out
    assert told.index("Import  AWS::DynamoDB::Table") < told.index("Add     AWS::SQS::Queue")
    assert told.index("AWS::SQS::Queue") < told.index("deploying"), "sam deploy does the rest"


def test_nothing_is_taken_over_without_a_yes(
    takes_over: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = change_sets(takes_over)
    answer(monkeypatch, "n")
    with pytest.raises(KitError, match="Nothing was changed"):
        run_deploy(takes_over, take_existing=True)
    (made,) = sets.made
    assert sets.deleted == [made["ChangeSetName"]]
    assert sets.executed == []
    assert "deploy " not in calls(takes_over)


def test_nothing_to_take_over_is_no_failure(takes_over: World, capsys: Said) -> None:
    sets = change_sets(takes_over, NOTHING_TO_DO)
    assert run_deploy(takes_over, take_existing=True) == 0
    (made,) = sets.made
    assert sets.deleted == [made["ChangeSetName"]], "it does not stay behind"
    assert sets.executed == []
    assert "Nothing to take over" in capsys.readouterr().out


def test_why_nothing_can_be_taken_over_is_told(takes_over: World) -> None:
    sets = change_sets(takes_over, "Table has no DeletionPolicy")
    with pytest.raises(KitError, match="Table has no DeletionPolicy"):
        run_deploy(takes_over, take_existing=True)
    assert sets.deleted == [], "CloudFormation tells more of it"
    assert "deploy " not in calls(takes_over)


# ── Bootstrap ──

Bootstrap = Callable[..., int]


@pytest.fixture
def gh(world: World) -> Path:
    """A GitHub CLI that knows the repository; it keeps how it was called."""
    called = world.tools / "gh-calls"
    repository = {"id": 2002, "full_name": "Example-Org/orders", "owner": {"id": 1001}}
    script(
        world.tools / "gh",
        f"echo \"$@\" >> '{called}'\ncase \"$*\" in 'api repos/example-org/orders'|'api repos/Example-Org/orders')"
        f" echo '{json.dumps(repository)}';; 'api repos/'*) echo 'HTTP 404' >&2; exit 1;; esac",
    )
    return called


def test_bootstrap_takes_ids_from_github(world: World, gh: Path) -> None:
    found = delivery("bootstrap").look_up(service(world), None, None)
    assert (found.owner, found.owner_id, found.name, found.id) == (
        "Example-Org",
        "1001",
        "orders",
        "2002",
    )


def test_bootstrap_asks_for_ids_without_gh(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["1001", "not a number"])
    monkeypatch.setattr("builtins.input", lambda _prompt: next(answers))
    with pytest.raises(KitError, match="is no id of GitHub"):
        delivery("bootstrap").look_up(service(world), None, None)


def test_bootstrap_refuses_a_placeholder(world: World) -> None:
    world.edit(".copier-answers.yml", "example-org/orders", "your-org/orders")
    with pytest.raises(KitError, match="is a placeholder"):
        delivery("bootstrap").look_up(service(world), "1", "2")


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ("orders-api", "begins with the other"),
        ("order-s", "differ only in dashes"),
        ("or-ders", "differ only in dashes"),
        ("ord", ""),  # "ord-" begins no name of orders
        ("reorders", ""),
        ("orders", ""),
    ],
)
def test_bootstrap_refuses_a_name_that_could_be_taken_for_another(
    world: World, other: str, why: str
) -> None:
    """Wherever in the account the other service is: IAM's roles are in all Regions."""
    world.client("iam").create_role(
        RoleName=f"{other}-cloudformation-prod", AssumeRolePolicyDocument="{}"
    )
    refuse = delivery("bootstrap").refuse_overlap
    if not why:
        refuse(service(world), account(world))
        return
    with pytest.raises(KitError) as refused:
        refuse(service(world), account(world))
    assert f"The service {other} is in this account" in refused.value.problem
    assert why in refused.value.problem


def unprepared(world: World) -> None:
    """An account with nothing but GitHub's provider, which another stack has made."""
    reset(world.endpoint)
    world.client("iam").create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"]
    )


def test_bootstrap_prepares_an_account(world: World, gh: Path, capsys: Said) -> None:
    unprepared(world)
    at(world)
    assert command("bootstrap", "--yes") == 0
    told = capsys.readouterr().out
    assert "GitHubRepositoryId  2002" in told
    assert "AWS::IAM::Role" in told
    assert "only develop" in told
    called = gh.read_text("utf-8")
    assert "api --method PUT repos/Example-Org/orders/environments/dev" in called
    assert (
        f"variable set AWS_ACCOUNT_ID --env dev --repo Example-Org/orders --body {MOTO}" in called
    )
    assert account(world).stack("orders-infra-dev")
    assert "CreateOidcProvider  false" in told


def test_bootstrap_leaves_the_rules_of_an_environment_alone(world: World, gh: Path) -> None:
    """A PUT would take the reviewers away."""
    known = "'api repos/Example-Org/orders/environments/dev') echo '{}';;"
    text = (world.tools / "gh").read_text("utf-8")
    (world.tools / "gh").write_text(text.replace("in ", f"in {known} ", 1), "utf-8")
    unprepared(world)
    at(world)
    assert command("bootstrap", "--yes") == 0
    called = gh.read_text("utf-8")
    assert "PUT" not in called
    assert "variable set AWS_ACCOUNT_ID --env dev" in called


def test_bootstrap_stops_where_github_says_neither(world: World, gh: Path) -> None:
    text = (world.tools / "gh").read_text("utf-8")
    refused = "'api repos/Example-Org/orders/environments/dev') echo 'HTTP 403' >&2; exit 1;;"
    (world.tools / "gh").write_text(text.replace("in ", f"in {refused} ", 1), "utf-8")
    unprepared(world)
    at(world)
    with pytest.raises(KitError, match="HTTP 403"):
        command("bootstrap", "--yes")
    assert "PUT" not in gh.read_text("utf-8")


def test_bootstrap_changes_nothing_without_a_yes(
    world: World, gh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unprepared(world)
    at(world)
    answer(monkeypatch, "n")
    with pytest.raises(KitError, match="Nothing was changed"):
        command("bootstrap")
    with pytest.raises(Exception, match="NoSuchEntity"):
        world.client("iam").get_role(RoleName="orders-cloudformation-dev")
    assert change_sets_of(world, "orders-infra-dev") == []


def change_sets_of(world: World, stack: str) -> list[str]:
    found = world.client("cloudformation").list_change_sets(StackName=stack)["Summaries"]
    return [item["ChangeSetName"] for item in found]


def test_bootstrap_goes_on_after_a_yes(
    world: World, gh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unprepared(world)
    at(world)
    answer(monkeypatch, "y")
    assert command("bootstrap") == 0
    assert world.client("iam").get_role(RoleName="orders-cloudformation-dev")


def test_a_second_bootstrap_has_nothing_to_do(world: World, gh: Path, capsys: Said) -> None:
    at(world)
    sets = change_sets(world, NOTHING_TO_DO)
    assert command("bootstrap", "--yes") == 0
    assert "Nothing to change" in capsys.readouterr().out
    (made,) = sets.made
    assert made["ChangeSetType"] == "UPDATE"
    assert sets.deleted == [made["ChangeSetName"]], "it does not stay behind"
    assert sets.executed == []


def test_why_bootstrap_is_refused_is_told(world: World, gh: Path) -> None:
    at(world)
    change_sets(world, "Policies may be no longer than this")
    with pytest.raises(KitError, match="may be no longer"):
        command("bootstrap", "--yes")


@pytest.mark.parametrize("state", ["ROLLBACK_COMPLETE", "DELETE_FAILED"])
def test_bootstrap_says_how_to_get_rid_of_what_can_not_be_updated(
    world: World, gh: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    at(world)
    stack = {"StackName": "orders-infra-dev", "StackStatus": state}
    monkeypatch.setattr(delivery("account").Account, "stack", lambda _account, _name: stack)
    remedy = "delete-stack --stack-name orders-infra-dev"
    with pytest.raises(KitError, match=f"is in {state}(?s:.*){remedy}"):
        command("bootstrap", "--yes")


def test_bootstrap_refuses_a_provider_by_which_nobody_could_sign_in(world: World, gh: Path) -> None:
    """It may be another team's, for another purpose: to be told, not changed."""
    reset(world.endpoint)
    world.client("iam").create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sigstore"]
    )
    at(world)
    remedy = "add-client-id-to-open-id-connect-provider"
    with pytest.raises(KitError, match=f"no audience sts(?s:.*){remedy}"):
        command("bootstrap", "--yes")
    assert account(world).stack("orders-infra-dev") is None


# ── Parameters and packages ──


def test_sam_gets_every_parameter(world: World) -> None:
    """By SAM's own reading: what it isn't given would stay as it was deployed."""
    (world.root / ".aws-sam").mkdir(exist_ok=True)
    *_, option, value = delivery("deploy").sam_deploy(service(world), MOTO)
    assert option == "--parameter-overrides"
    code = (
        "import json, sys; from samcli.cli.types import CfnParameterOverridesType;"
        " print(json.dumps(CfnParameterOverridesType().convert((sys.argv[1],), None, None)))"
    )
    given = json.loads(check(ROOT / ".venv-sam/bin/python", "-c", code, value, cwd=world.root))
    declared = service(world).declared_parameters
    assert given.keys() == declared.keys()
    assert given["LogLevel"] == "DEBUG"
    assert given["CorsAllowOrigins"] == str(declared["CorsAllowOrigins"]["Default"])


def test_packages_go_when_nothing_names_them(world: World) -> None:
    """Age alone says nothing: a rollback fetches a function's last package however old it is."""
    world.deploy()
    s3, bucket = world.client("s3"), service(world).bucket(MOTO)
    for key in ("live", "again", "old", "failed"):
        s3.put_object(Bucket=bucket, Key=f"orders-dev/{key}", Body=b"")
    s3.put_object_tagging(
        Bucket=bucket, Key="orders-dev/again", Tagging=delivery("packages").SUPERSEDED
    )
    world.monkeypatch.setattr(
        delivery("packages"), "named", lambda *_: "orders-dev/live orders-dev/again"
    )
    before = "orders-dev/live orders-dev/old"
    retired = delivery("packages").retire(service(world), account(world), before)
    assert sorted(retired) == ["orders-dev/failed", "orders-dev/old"]

    def tags(key: str) -> list[dict[str, str]]:
        found = s3.get_object_tagging(Bucket=bucket, Key=f"orders-dev/{key}")["TagSet"]
        assert isinstance(found, list)
        return found

    assert tags("old") == tags("failed") == [{"Key": "superseded", "Value": "true"}]
    assert tags("live") == tags("again") == []


def test_the_bucket_removes_by_that_tag_alone(world: World) -> None:
    (bucket,) = [
        resource
        for resource in infra(world.root, "dev").resources()
        if resource.type == "AWS::S3::Bucket"
    ]
    rules = bucket.properties["LifecycleConfiguration"]["Rules"]
    (expiring,) = [rule for rule in rules if "ExpirationInDays" in rule]
    assert expiring["TagFilters"] == delivery("packages").SUPERSEDED["TagSet"]
