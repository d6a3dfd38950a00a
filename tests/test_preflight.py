"""The preflight, against an account on loopback in which each fault is really made."""

from __future__ import annotations

import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import combinations
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from conftest import commit
from delivered import delivery
from kit.lessons import lessons
from world import MOTO, PYTHON, TODAY, World, checks_account, checks_local, preflight, reset, script


def test_a_healthy_account_gives_no_alarm(world: World) -> None:
    assert world.run() == {}


def test_a_healthy_stack_gives_no_alarm(world: World) -> None:
    world.deploy()
    assert world.run() == {}


# ── Faults: how each is made, and what the preflight must say then ──

Fault = Callable[[World], None]
FAULTS: dict[str, tuple[set[str], Fault]] = {}


def fault(*expected: str) -> Callable[[Fault], Fault]:
    """Register a fault, with "check: status" of everything that it must lead to."""

    def register(make: Fault) -> Fault:
        FAULTS[make.__name__] = ({*expected}, make)
        return make

    return register


@fault("region: failed")
def region_of_the_shell(world: World) -> None:
    world.monkeypatch.setenv("AWS_REGION", "eu-west-1")


@fault("region: warned")
def region_of_the_profile(world: World) -> None:
    world.monkeypatch.delenv("AWS_DEFAULT_REGION")
    config = world.tools / "config"
    config.write_text("[profile work]\nregion = eu-west-1\n", "utf-8")
    world.monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    world.monkeypatch.setenv("AWS_PROFILE", "work")


@fault("region: failed")
def region_of_a_workflow(world: World) -> None:
    path = world.root / ".github" / "workflows" / "nightly.yml"
    path.write_text("jobs:\n  a:\n    env:\n      AWS_REGION: eu-west-1\n", "utf-8")
    commit(world.root)


@fault("tools: warned")
def another_sam(world: World) -> None:
    script(
        world.tools / "sam", 'test "$1" = --version && echo "SAM CLI, version 1.100.0" || exit 0'
    )


@fault("template: failed")
def an_invalid_template(world: World) -> None:
    script(
        world.tools / "sam",
        'test "$1" = --version && echo "SAM CLI, version 1.170.0" || { echo "E3012 wrong"; exit 1; }',
    )


@fault("container: failed")
def docker_does_not_run(world: World) -> None:
    script(world.tools / "docker", "exit 1")


@fault("container: failed")
def another_architecture(world: World) -> None:
    script(world.tools / "docker", "echo Debian")
    world.monkeypatch.setattr(checks_local.platform, "machine", lambda: "aarch64")
    world.monkeypatch.setattr(checks_local, "BINFMT", world.tools)


@fault("runtime: failed")
def another_runtime(world: World) -> None:
    world.edit("template.yaml", f"Runtime: python{PYTHON}", "Runtime: python3.99")


@fault("runtime: failed")
def another_interpreter(world: World) -> None:
    world.monkeypatch.setattr(checks_local.sys, "version_info", (3, 99, 0))


@fault("runtime: failed")
def an_unsupported_runtime(world: World) -> None:
    supported = {f"python{PYTHON}": date(2020, 1, 1)}
    world.monkeypatch.setattr(checks_local, "SUPPORTED_UNTIL", supported)


@fault("runtime: warned")
def a_runtime_that_ends_soon(world: World) -> None:
    supported = {f"python{PYTHON}": TODAY + timedelta(days=30)}
    world.monkeypatch.setattr(checks_local, "SUPPORTED_UNTIL", supported)


@fault("stack name: failed")
def another_stack_name(world: World) -> None:
    world.edit("samconfig.toml", 'stack_name = "orders-dev"', 'stack_name = "sam-app"')


@fault("values: failed")
def a_parameter_that_is_not_there(world: World) -> None:
    world.edit("samconfig.toml", '"LogLevel=DEBUG"', '"LogLevel=DEBUG", "Nope=1"')


@fault("values: failed")
def a_value_that_is_not_allowed(world: World) -> None:
    """Of prod, which would only be met after dev went well."""
    world.edit("samconfig.toml", '"LogLevel=INFO"', '"LogLevel=LOUD"')


@fault("values: failed")
def a_value_that_is_no_number(world: World) -> None:
    world.edit("samconfig.toml", '"LogLevel=DEBUG"', '"LogLevel=DEBUG", "MonthlyBudgetUsd=-1"')


@fault("values: failed")
def a_parameter_without_a_value(world: World) -> None:
    world.edit(
        "template.yaml",
        "  # Your own parameters go here.",
        "  Mine:\n    Type: String\n    Description: Mine.",
    )


@fault("placeholders: failed")
def a_placeholder(world: World) -> None:
    world.edit("samconfig.toml", '"LogLevel=DEBUG"', '"LogLevel=DEBUG", "AlarmEmail=YOUR_ADDRESS"')


@fault("placeholders: warned")
def no_repository(world: World) -> None:
    world.edit(".copier-answers.yml", "example-org/orders", "your-org/orders")


@fault("changes: warned")
def an_uncommitted_change(world: World) -> None:
    (world.root / "notes.txt").write_text("later", "utf-8")


@fault("account: failed")
def another_account(world: World) -> None:
    world.monkeypatch.setenv("AWS_ACCOUNT_ID", "111122223333")


@fault("account: failed", "access: not run", "bucket: not run")
def an_account_that_is_not_prepared(world: World) -> None:
    reset(world.endpoint)
    world.client("secretsmanager").create_secret(Name="orders/stripe-key-dev", SecretString="x")


@fault("account: failed", "access: not run", "bucket: not run")
def the_account_of_the_other_environment(world: World) -> None:
    an_account_that_is_not_prepared(world)
    world.bootstrap(EnvironmentName="prod", Branch="main")


@fault("access: failed")
def an_older_bootstrap(world: World) -> None:
    world.edit("infra/environment.yaml", "MaxSessionDuration: 5400", "MaxSessionDuration: 3600")


def reordered(text: str) -> str:
    """A template in other words: its keys and permissions in another order, without a comment."""

    def turned(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: turned(node[key]) for key in reversed(node)}
        if isinstance(node, list) and all(re.match(r"[a-z0-9]+:[A-Z]", str(item)) for item in node):
            return node[::-1]
        return [turned(item) for item in node] if isinstance(node, list) else node

    return yaml.safe_dump(turned(delivery("cloudformation").parsed(text)), sort_keys=False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\nParameters:", "\n# Somebody looked at this.\nParameters:"),
        ("Description: The environment", "Description: Which environment"),
        ("AllowedValues: [dev, prod]", 'AllowedValues:\n      - "dev"\n      - prod'),
        ("MaxSessionDuration: 5400", "MaxSessionDuration:   '5400'"),
        ("!Ref CreateOidcProvider", "{Ref: CreateOidcProvider}"),
        ("!GetAtt ExecutionRole.Arn", "{Fn::GetAtt: ExecutionRole.Arn}"),
        ("Action: events:PutEvents", "Action: [events:PutEvents]"),
        ("    Properties:\n      RoleName", "    Metadata: {}\n    Properties:\n      RoleName"),
        ("\n", "\r\n"),
        ("", None),
    ],
)
def test_what_means_the_same_needs_no_new_bootstrap(
    world: World, old: str, new: str | None
) -> None:
    """CD-04: a comment in infra/environment.yaml stops no deployment."""
    path = world.root / "infra" / "environment.yaml"
    text = path.read_text("utf-8")
    before = checks_account.template_version(world.service)
    changed = reordered(text) if new is None else text.replace(old, new)
    assert changed != text
    path.write_bytes(changed.encode())
    assert checks_account.template_version(world.service) == before


def test_whatever_else_changes_in_infra_needs_a_new_bootstrap(world: World) -> None:
    """Each value in turn; but for descriptions of parameters and outputs, and the template's."""
    path = world.root / "infra" / "environment.yaml"
    cloudformation = delivery("cloudformation")
    data = cloudformation.parsed(path.read_text("utf-8"))
    before = cloudformation.meaning(data)
    changed = 0

    def each_value(node: Any, *keys: Any) -> None:
        nonlocal changed
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            if isinstance(node[key], (dict, list)):
                each_value(node[key], *keys, key)
                continue
            if key == "Description" and (not keys or keys[0] in ("Outputs", "Parameters")):
                continue
            value, node[key] = node[key], f"{node[key]}x"
            assert cloudformation.meaning(data) != before, (*keys, key)
            node[key] = value
            changed += 1

    each_value(data)
    assert changed > 400


@fault("access: failed")
def no_oidc_provider(world: World) -> None:
    iam = world.client("iam")
    for item in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=item["Arn"])


@fault("access: failed")
def no_deploy_role(world: World) -> None:
    iam = world.client("iam")
    name = world.service.deploy_role
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


@fault("bucket: failed")
def no_bucket(world: World) -> None:
    world.client("s3").delete_bucket(Bucket=world.service.bucket(MOTO))


@fault("bucket: failed")
def a_bucket_elsewhere(world: World) -> None:
    no_bucket(world)
    world.client("s3", "eu-west-1").create_bucket(
        Bucket=world.service.bucket(MOTO),
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )


@fault("names: failed")
def a_table_of_no_stack(world: World) -> None:
    make_table(world, "orders-idempotency-dev")


@fault("names: failed")
def a_log_group_of_no_stack(world: World) -> None:
    world.client("logs").create_log_group(logGroupName="/aws/lambda/orders-app-dev")


@fault("names: failed")
def a_queue_of_no_stack(world: World) -> None:
    world.client("sqs").create_queue(QueueName="orders-worker-dead-letters-dev")


@fault("names: failed")
def a_bus_of_no_stack(world: World) -> None:
    world.client("events").create_event_bus(Name="orders-dev")


@fault("names: failed")
def an_alarm_of_no_stack(world: World) -> None:
    world.client("cloudwatch").put_metric_alarm(
        AlarmName="orders-app-errors-dev",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
    )


@fault("names: failed")
def a_budget_of_no_stack(world: World) -> None:
    budget = {
        "BudgetName": "orders-dev",
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "1", "Unit": "USD"},
    }
    world.client("budgets").create_budget(AccountId=MOTO, Budget=budget)


@fault("names: failed")
def a_function_of_no_stack(world: World) -> None:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("index.py", "")
    role = f"arn:aws:iam::{MOTO}:role/{world.service.execution_role}"
    world.client("lambda").create_function(
        FunctionName="orders-app-dev",
        Runtime="python3.13",
        Handler="index.x",
        Role=role,
        Code={"ZipFile": package.getvalue()},
    )


@fault("names: failed")
def a_table_of_another_stack(world: World) -> None:
    properties = {
        "TableName": "orders-idempotency-dev",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    }
    resources = {"Mine": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}
    world.client("cloudformation").create_stack(
        StackName="experiment", TemplateBody=json.dumps({"Resources": resources})
    )


@fault("names: failed")
def a_bucket_of_somebody_else(world: World) -> None:
    world.edit(
        "template.yaml",
        "  # ── Your own resources go here ──\n",
        "  Uploads:\n    Type: AWS::S3::Bucket\n    Properties:\n"
        "      BucketName: !Sub orders-uploads-${AWS::AccountId}-${EnvironmentName}\n",
    )
    world.client("s3").create_bucket(Bucket=f"orders-uploads-{MOTO}-dev")


@fault("secrets: failed")
def no_secret(world: World) -> None:
    world.client("secretsmanager").delete_secret(
        SecretId="orders/stripe-key-dev", ForceDeleteWithoutRecovery=True
    )


@fault("secrets: failed")
def an_empty_secret(world: World) -> None:
    no_secret(world)
    world.client("secretsmanager").create_secret(Name="orders/stripe-key-dev")


@fault("secrets: failed")
def a_secret_that_is_being_deleted(world: World) -> None:
    world.client("secretsmanager").delete_secret(SecretId="orders/stripe-key-dev")


@fault("quotas: failed")
def a_reservation_that_does_not_fit(world: World) -> None:
    world.edit(
        "template.yaml",
        "      MemorySize: 512",
        "      ReservedConcurrentExecutions: 950\n      MemorySize: 512",
    )


@fault("quotas: warned")
def an_account_with_ten_executions(world: World) -> None:
    world.limit.update(ConcurrentExecutions=10, UnreservedConcurrentExecutions=10)


@fault("quotas: warned")
def no_room_for_code(world: World) -> None:
    world.usage.update(TotalCodeSize=79 * 2**30)


@fault("access: failed")
def a_provider_for_another_audience(world: World) -> None:
    """As somebody makes GitHub's OIDC provider who needs it for something else than AWS."""
    iam = world.client("iam")
    for item in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=item["Arn"])
    iam.create_open_id_connect_provider(
        Url="https://token.actions.githubusercontent.com", ClientIDList=["sigstore"]
    )


def make_table(world: World, name: str) -> None:
    world.client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )


def told(found: dict[tuple[str, str], Any]) -> set[str]:
    return {f"{check}: {status}" for check, status in found}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found(world: World, name: str) -> None:
    expected, make = FAULTS[name]
    make(world)
    found = world.run()
    assert told(found) == expected
    for result in found.values():
        assert result.fix or str(result.status) == "not run", result
        assert result.lesson in lessons()


# Each is made by undoing or replacing what the other makes.
EXCLUSIVE = [
    {"another_sam", "an_invalid_template"},
    {"docker_does_not_run", "another_architecture"},
    {"no_bucket", "a_bucket_elsewhere"},
    {"no_secret", "an_empty_secret", "a_secret_that_is_being_deleted"},
    {"a_table_of_no_stack", "a_table_of_another_stack"},
    {"an_unsupported_runtime", "a_runtime_that_ends_soon"},
    {
        *("no_oidc_provider", "a_provider_for_another_audience", "no_deploy_role"),
        *("an_older_bootstrap", "a_function_of_no_stack"),
    },
    {"a_reservation_that_does_not_fit", "an_account_with_ten_executions"},
]
# They begin with another account, so they come first.
FIRST = ("an_account_that_is_not_prepared", "the_account_of_the_other_environment")
ABSENT = {
    "no_oidc_provider",
    "a_provider_for_another_audience",
    "no_deploy_role",
    "no_bucket",
    "a_bucket_elsewhere",
    *FIRST,
}


def pairs() -> Iterator[tuple[str, str]]:
    """Every fault with two others, so that each group of checks meets each other one."""
    names = list(FAULTS)
    for one, other in combinations(names, 2):
        distance = names.index(other) - names.index(one)
        exclusive = any({one, other} <= item for item in EXCLUSIVE)
        if exclusive or (one in ABSENT and other in ABSENT):
            continue
        if distance in (7, 17):
            # What is edited is committed too, so the change that is not comes last.
            swap = other in FIRST or one == "an_uncommitted_change"
            yield (other, one) if swap else (one, other)


@pytest.mark.parametrize(("one", "other"), pairs())
def test_faults_in_pairs_are_both_found(world: World, one: str, other: str) -> None:
    expected = set()
    for name in (one, other):
        part, make = FAULTS[name]
        make(world)
        expected |= part
    assert told(world.run()) == expected


# ── Faults of a stack that exists ──


@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        ("ROLLBACK_COMPLETE", "make destroy ENV=dev"),
        ("ROLLBACK_FAILED", "make destroy ENV=dev"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name orders-dev"),
        ("UPDATE_IN_PROGRESS", "wait"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "wait"),
        ("DELETE_IN_PROGRESS", "wait"),
        ("DELETE_FAILED", "make destroy ENV=dev"),
    ],
)
def test_a_stack_that_can_not_be_deployed(world: World, state: str, remedy: str) -> None:
    """moto's stacks are always well: their state is said in place of moto."""
    world.deploy()
    world.state = state
    found = world.run()
    assert told(found) == {"stack: failed"}
    assert remedy in " ".join(found["stack", "failed"].fix)


@pytest.mark.parametrize(
    "state",
    ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"],
)
def test_a_stack_that_can_be_deployed(world: World, state: str) -> None:
    world.deploy()
    world.state = state
    assert world.run() == {}


def test_a_deleted_stack_is_none(world: World) -> None:
    world.deploy()
    world.client("cloudformation").delete_stack(StackName="orders-dev")
    assert world.run() == {}


def test_a_changed_parameter_is_told(world: World) -> None:
    world.deploy(LogLevel="ERROR")
    found = world.run()
    assert told(found) == {"parameters: warned"}
    assert "LogLevel changes from ERROR to DEBUG" in found["parameters", "warned"].seen


def test_a_changed_default_is_told(world: World) -> None:
    """It is passed as everything is, since SAM would keep what was deployed."""
    world.deploy(AlarmEmail="on.call@example.com")
    found = world.run()
    assert "AlarmEmail changes from on.call@example.com to " in found["parameters", "warned"].seen


def test_a_secret_that_may_not_be_seen_is_missing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what it can't find, Secrets Manager may say that it is not allowed."""
    client = world.client("secretsmanager")

    def denied(**_asked: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "DescribeSecret")

    monkeypatch.setattr(client, "describe_secret", denied)
    monkeypatch.setattr(
        world, "taught", lambda real, name: client if name == "secretsmanager" else real
    )
    assert "can't be seen" in world.run()["secrets", "failed"].seen


def test_what_only_a_deployment_knows_stops_no_check(world: World) -> None:
    world.edit(
        "template.yaml",
        "      MemorySize: ",
        "      ReservedConcurrentExecutions: !If [HasAlarmEmail, 10, !Ref AWS::NoValue]\n      MemorySize: ",
    )
    commit(world.root)
    assert world.run() == {}


def test_a_check_that_breaks_is_told_and_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_situation: object) -> None:
        raise TypeError("no such thing")

    check = preflight.CHECKS["quotas"]._replace(look=broken)
    monkeypatch.setitem(preflight.CHECKS, "quotas", check)
    found = world.run()
    assert told(found) == {"quotas: failed"}
    assert "TypeError: no such thing" in found["quotas", "failed"].seen


def test_an_alarm_that_nobody_hears(world: World) -> None:
    world.deploy()
    sns = world.client("sns")
    for subscription in sns.list_subscriptions()["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    assert told(world.run()) == {"alarms: warned"}


def test_a_mail_that_nobody_answered(world: World) -> None:
    world.deploy()
    world.pending = True
    found = world.run()
    assert told(found) == {"alarms: warned"}
    assert "oncall@example.com has not answered" in found["alarms", "warned"].seen


# ── What a person sees ──


def test_the_fix_of_a_taken_name_says_whose_it_is_and_what_can_be_done(world: World) -> None:
    make_table(world, "orders-dev")
    seen = world.run()["names", "failed"]
    line = (world.root / "template.yaml").read_text("utf-8").splitlines().index("  Table:") + 1
    assert (
        seen.seen == "the table orders-dev exists already and belongs to no stack that can be seen"
    )
    take_over, rename, delete = seen.fix
    assert "make deploy ENV=dev IMPORT=yes" in take_over
    assert f"Table in template.yaml, line {line}" in rename
    assert "aws dynamodb delete-table --table-name orders-dev" in delete


def test_what_another_stack_has_is_not_offered_for_deletion(world: World) -> None:
    a_table_of_another_stack(world)
    seen = world.run()["names", "failed"]
    assert seen.seen.endswith("belongs to the stack experiment")
    assert [item.split(":")[0] for item in seen.fix] == ["rename it"]


def test_a_secret_that_has_a_name_is_deleted_at_once_or_restored(world: World) -> None:
    world.edit(
        "template.yaml",
        "  # ── Your own resources go here ──\n",
        "  Key:\n    Type: AWS::SecretsManager::Secret\n    Properties:\n"
        "      Name: !Sub orders/signing-key-${EnvironmentName}\n",
    )
    name, client = "orders/signing-key-dev", world.client("secretsmanager")
    client.create_secret(Name=name, SecretString="x")
    assert any(
        f"delete-secret --force-delete-without-recovery --secret-id {name}" in fix
        for fix in world.run()["names", "failed"].fix
    )
    client.delete_secret(SecretId=name)
    seen = world.run()["names", "failed"]
    assert "is scheduled for deletion" in seen.seen
    restore, rename = seen.fix
    assert f"aws secretsmanager restore-secret --secret-id {name}" in restore
    assert rename.startswith("rename it")


checks_names = delivery("checks_names")
ARN = f"arn:aws:secretsmanager:us-east-1:{MOTO}:secret:orders/key-dev-AbCdEf"


@pytest.mark.parametrize(
    ("made_as", "physical_id", "kind", "name", "own"),
    [
        ("AWS::Lambda::Function", "x-dev", "AWS::Lambda::Function", "x-dev", True),
        ("AWS::SQS::Queue", f"https://sqs/{MOTO}/x-dev", "AWS::SQS::Queue", "x-dev", True),
        ("AWS::SecretsManager::Secret", ARN, "AWS::SecretsManager::Secret", "orders/key-dev", True),
        # Something else of that name is no reason to think that the name is free.
        ("AWS::Logs::LogGroup", "/aws/lambda/x-dev", "AWS::Lambda::Function", "x-dev", False),
        ("AWS::Events::EventBus", "orders-dev", "AWS::DynamoDB::Table", "orders-dev", False),
    ],
)
def test_a_name_is_known_by_its_type_too(
    made_as: str, physical_id: str, kind: str, name: str, own: bool
) -> None:
    assert checks_names._is_among([(made_as, physical_id)], kind, name) is own


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("AccessDeniedException", "not allowed to look for tables"),
        ("ThrottlingException", "could not look for tables: .*ThrottlingException"),
    ],
)
def test_why_a_name_was_not_looked_for_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, code: str, seen: str
) -> None:
    def find(_situation: Any, _kind: Any, _name: str) -> None:
        raise ClientError({"Error": {"Code": code}}, "DescribeTable")

    kind = "AWS::DynamoDB::Table"
    monkeypatch.setattr(checks_names, "KINDS", {kind: checks_names.KINDS[kind]})
    monkeypatch.setattr(checks_names, "find", find)
    situation = delivery("situation").Situation(
        world.service, delivery("account").Account(world.service)
    )
    (result,) = checks_names.names(situation)
    assert str(result.status) == "not run"
    assert re.match(seen, result.seen)


def test_clients_are_made_one_at_a_time(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """Checks run in threads, and a session of boto3 may make only one client at a time."""
    account = delivery("account").Account(world.service)
    made: list[str] = []
    busy = threading.Lock()

    def make(_account: Any, name: str) -> object:
        assert busy.acquire(blocking=False), "two at a time"
        time.sleep(0.02)
        made.append(name)
        busy.release()
        return object()

    monkeypatch.setattr(delivery("account").Account, "_client", make)
    names = ["s3", "iam", "sqs", "sns"] * 4
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = dict(zip(names, pool.map(account.client, names), strict=False))
    assert sorted(made) == ["iam", "s3", "sns", "sqs"], "each once"
    assert found["s3"] is account.client("s3")


def test_the_remedy_for_a_provider_that_refuses_github(world: World) -> None:
    a_provider_for_another_audience(world)
    seen = world.run()["access", "failed"]
    assert "no audience sts.amazonaws.com" in seen.seen
    assert "add-client-id-to-open-id-connect-provider" in seen.fix[0]
    assert (
        "oidc-provider/token.actions.githubusercontent.com --client-id sts.amazonaws.com"
        in seen.fix[0]
    )


def test_without_credentials_the_rest_is_still_looked_at(world: World) -> None:
    world.no_credentials()
    found = world.run()
    assert told(found) == {
        "credentials: failed",
        *(f"{name}: not run" for name, check in preflight.CHECKS.items() if check.needs),
    }
    assert "aws sso login" in found["credentials", "failed"].fix[0]


def test_the_command_prints_a_table_and_ends_with_1(world: World) -> None:
    no_secret(world)
    done = world.command("preflight", "--env", "dev")
    assert done.returncode == 1
    assert "FAIL  secrets" in done.stdout
    assert "why: SEC-06" in done.stdout
    assert "fix: make secrets ENV=dev SET=stripe-key-dev" in done.stdout


def test_the_command_prints_json(world: World) -> None:
    no_secret(world)
    results = json.loads(world.command("preflight", "--json").stdout)
    (failed,) = [
        result
        for result in results
        if result["status"] == "failed" and result["check"] == "secrets"
    ]
    assert failed.keys() == {"check", "status", "seen", "lesson", "why", "fix"}


@pytest.mark.parametrize(
    ("arguments", "told"), [(["--env", "stage"], "no environment 'stage'"), (["--what"], "usage:")]
)
def test_a_wrong_call_is_answered(world: World, arguments: list[str], told: str) -> None:
    done = world.command("preflight", *arguments)
    assert done.returncode in (1, 2)
    assert told in done.stderr
