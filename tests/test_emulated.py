"""A whole service in an emulated account: where two parts of the template meet, they really do."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aws import counted
from conftest import check, commit, render
from emulator import CREDENTIALS, Emulator, emulated
from test_render import load
from test_samples import interpreter, runnable

ARCHITECTURE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
FUNCTIONS = (
    "app:api, jobs:queue, changes:stream, hub:event, nightly:schedule, files:bucket, inbox:topic"
)


@pytest.fixture(scope="module")
def service(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service with every trigger, built."""
    folder = render(
        template,
        tmp_path_factory.mktemp("emulated") / "orders",
        service_name="orders",
        functions=FUNCTIONS,
        architecture=ARCHITECTURE,
        python_version=runnable("3.13"),
        github_repository="example-org/orders",
    )
    check("git", "init", "--quiet", cwd=folder)
    check("make", "setup", cwd=folder)
    check("make", "build", "CONTAINER=no", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def account(service: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An account in which it is deployed."""
    python = interpreter((service / ".python-version").read_text("utf-8").strip())
    assert python
    with emulated(tmp_path_factory.mktemp("account"), python) as account:
        account.deploy(service)
        yield account


HOOK, VERSIONS = "CodeDeployHook_orders-dev", "NEW_FUNCTION_VERSIONS"


def try_new_versions(account: Emulator, *versions: str) -> str:
    """Call the traffic check as CodeDeploy does, to try "http app 7"; what it reports."""
    functions = account.client("lambda")
    variables = functions.get_function_configuration(FunctionName=HOOK)["Environment"]["Variables"]
    variables[VERSIONS] = ",".join(versions)
    functions.update_function_configuration(FunctionName=HOOK, Environment={"Variables": variables})
    before = len(account.codedeploy.reports)
    event = {"DeploymentId": "d-EXAMPLE", "LifecycleEventHookExecutionId": "e-EXAMPLE"}
    account.invoke(HOOK, event, version="$LATEST")
    (report,) = account.codedeploy.reports[before:]
    return report["status"]


def new_version(account: Emulator, name: str, **variables: str) -> str:
    """Publish a version of a function with these variables alone, or with its own."""
    functions = account.client("lambda")
    configuration = functions.get_function_configuration(FunctionName=name)
    environment = {"Variables": variables} if variables else configuration["Environment"]
    # A version differs from the one before.
    functions.update_function_configuration(
        FunctionName=name, Environment=environment, Timeout=configuration["Timeout"] + 1
    )
    version: str = functions.publish_version(FunctionName=name)["Version"]
    functions.update_function_configuration(
        FunctionName=name, Environment=configuration["Environment"]
    )
    return version


def test_the_traffic_check_lets_good_versions_pass(account: Emulator) -> None:
    """Those of every kind of function that it tries: by its own events, on real handlers."""
    tried = account.client("lambda").get_function_configuration(FunctionName=HOOK, Qualifier="1")
    kinds = [text.split()[:2] for text in tried["Environment"]["Variables"][VERSIONS].split(",")]
    assert kinds == [["http", "app"], ["records", "jobs"], ["records", "changes"]]
    versions = [
        f"{kind} {kebab} {new_version(account, f'orders-{kebab}-dev')}" for kind, kebab in kinds
    ]
    assert try_new_versions(account, *versions) == "Succeeded"


@pytest.mark.parametrize("kind_and_name", ["http app", "records jobs", "records changes"])
def test_the_traffic_check_refuses_a_bad_version_while_it_is_new(
    account: Emulator, kind_and_name: str
) -> None:
    name = f"orders-{kind_and_name.split()[1]}-dev"
    # Without the variables that its settings read, as after a mistake in template.yaml.
    broken = new_version(account, name, STAGE="dev")
    assert try_new_versions(account, f"{kind_and_name} {broken}") == "Failed"
    # With the traffic it is not new: another function's deployment does not stop for it.
    functions = account.client("lambda")
    functions.update_alias(FunctionName=name, Name="live", FunctionVersion=broken)
    try:
        assert try_new_versions(account, f"{kind_and_name} {broken}") == "Succeeded"
    finally:
        functions.update_alias(FunctionName=name, Name="live", FunctionVersion="1")


def example(service: Path, name: str) -> dict[str, Any]:
    """An example event of the service: "app/create-item"."""
    event: dict[str, Any] = json.loads((service / "events" / f"{name}.json").read_text("utf-8"))
    return event


def counted_by(account: Emulator, function: str) -> list[dict[str, str]]:
    """The dimensions of what the function's metric filter counts in its log."""
    group = f"/aws/lambda/{function}"
    logs = account.client("logs")
    (counting,) = logs.describe_metric_filters(logGroupName=group)["metricFilters"]
    (metric,) = counting["metricTransformations"]
    events = logs.filter_log_events(logGroupName=group)["events"]
    lines = counted(counting["filterPattern"], (event["message"] for event in events))
    return [
        {name: line[path.removeprefix("$.")] for name, path in metric["dimensions"].items()}
        for line in lines
    ]


def test_a_version_that_answers_with_500_trips_a_rollback_alarm(
    service: Path, account: Emulator
) -> None:
    """Lambda counts no error: the alarm counts what the code logs of its version."""
    broken = new_version(account, "orders-app-dev", **variables_without_table(account))
    request = example(service, "app/create-item")
    assert account.invoke("orders-app-dev", request)["statusCode"] == 201
    assert account.invoke("orders-app-dev", request, version=broken)["statusCode"] == 500
    expected = {"FunctionName": "orders-app-dev", "FunctionVersion": broken}
    assert counted_by(account, "orders-app-dev") == [expected]
    (alarm,) = account.client("cloudwatch").describe_alarms(
        AlarmNames=["orders-app-new-version-failures-dev"]
    )["MetricAlarms"]
    # In the deployment of that version: here it still watches the one that is live.
    dimensions = {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}
    assert dimensions == {**expected, "FunctionVersion": "1"}
    template = load((service / "template.yaml").read_text("utf-8"))
    preference = template["Resources"]["AppFunction"]["Properties"]["DeploymentPreference"]
    assert {"Fn::Ref": "AppNewVersionFailuresAlarm"} in preference["Alarms"]


def variables_without_table(account: Emulator) -> dict[str, str]:
    configuration = account.client("lambda").get_function_configuration(
        FunctionName="orders-app-dev"
    )
    return {**configuration["Environment"]["Variables"], "TABLE_NAME": "missing"}


def test_a_request_becomes_an_item_a_change_and_an_event(service: Path, account: Emulator) -> None:
    answer = account.invoke("orders-app-dev", example(service, "app/create-item"))
    assert answer["statusCode"] == 201
    account.logged("orders-changes-dev", "change published")
    account.logged("orders-hub-dev", "change counted")


def test_of_a_batch_only_the_poison_comes_again(service: Path, account: Emulator) -> None:
    sqs = account.client("sqs")
    queue = sqs.get_queue_url(QueueName="orders-jobs-dev")["QueueUrl"]
    poison = example(service, "jobs/poison")["Records"]
    entries = [{"Id": str(i), "MessageBody": each["body"]} for i, each in enumerate(poison)]
    sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert len(account.logged("orders-jobs-dev", "job done")) == 1
    account.logged("orders-jobs-dev", "job failed")
    assert counted_by(account, "orders-jobs-dev") == [
        {"FunctionName": "orders-jobs-dev", "FunctionVersion": "1"}
    ]


def test_the_account_is_prepared_and_the_preflight_agrees(service: Path, account: Emulator) -> None:
    """Roles, boundary and bucket of infra/environment.yaml, by the commands that people use."""
    account.client("iam").create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sts.amazonaws.com"]
    )
    infra = service / "infra" / "environment.yaml"
    text = infra.read_text("utf-8")
    # CloudFormation here knows no such resource, not even one whose condition is false.
    without, count = re.subn(r"^  OidcProvider:\n(?:    .*\n)+\n", "", text, flags=re.MULTILINE)
    assert count == 1
    infra.write_text(without, "utf-8")
    environment = {"AWS_ENDPOINT_URL": account.url, **CREDENTIALS}
    check(
        *("make", "bootstrap", "ENV=dev", "YES=yes", "OWNER_ID=1001", "REPOSITORY_ID=2002"),
        cwd=service,
        **environment,
    )
    commit(service)
    preflight = check(*("make", "preflight", "ENV=dev", "CONTAINER=no"), cwd=service, **environment)
    assert "access        the provider, both roles and the boundary are there" in preflight
