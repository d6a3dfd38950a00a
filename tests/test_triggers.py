"""Each trigger's room: what it must have, whatever it does; and how a new one is added."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import meta

from aws import expand
from conftest import QUESTIONS, ROOT, check, make_template, release, render, sample
from places import JINJA, ROOMS, files_of, places
from test_render import cloudformation, resources

TRIGGERS: list[str] = QUESTIONS["triggers"]["default"]
ASYNCHRONOUS = ["event", "schedule", "bucket", "topic"]
IN_BATCHES = ["queue", "stream"]
FUNCTIONS = [
    tuple(item.strip().split(":"))
    for item in sample(ROOT / "tests/samples/all-triggers.yml")["functions"].split(",")
]


@pytest.fixture(scope="session")
def service(rendered_samples: dict[str, Path]) -> Path:
    """A service with two functions of each trigger."""
    return rendered_samples["all-triggers"]


@pytest.fixture(scope="session")
def stack(service: Path) -> dict[str, Any]:
    """What CloudFormation gets of it."""
    found: dict[str, Any] = expand(service)["Resources"]
    return found


def functions_of(*triggers: str) -> list[str]:
    return [name for name, trigger in FUNCTIONS if trigger in triggers]


def statements(stack: dict[str, Any], function: str) -> dict[str, Any]:
    """What a function's role allows: action → resource."""
    role = stack[f"{function}Role"]["Properties"]
    managed = [arn.rsplit("/", 1)[1] for arn in role["ManagedPolicyArns"]]
    assert managed == ["AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess"]
    allowed = {}
    for policy in role.get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            actions = statement["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                allowed[action] = statement["Resource"]
    return allowed


# ── Rooms ────────────────────────────────────────────────────────────────────


def test_the_list_of_triggers_is_the_folders() -> None:
    assert sorted(TRIGGERS) == sorted(path.name for path in (ROOT / "triggers").iterdir())


def test_every_file_of_a_room_has_a_place() -> None:
    """Nothing lies in a room that no service gets, and no answer is needed to see where it goes."""
    files = {path.relative_to(ROOT).as_posix() for room in ROOMS for path in files_of(room)}
    assert files == places().keys()


TEXTS = [
    *(path for room in ROOMS for path in files_of(room)),
    *(ROOT / "macros").iterdir(),
    *(ROOT / "template").rglob("*.jinja"),
]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_text_knows_the_answers_and_its_function_alone(path: Path) -> None:
    """`fn` where a function has a copy of it, and nothing that another file happens to set."""
    place = places().get(path.relative_to(ROOT).as_posix(), "")
    known = set(QUESTIONS) | {"_copier_conf", "_copier_answers"}
    has_function = "<function>" in place or path.parent.parent.name in ("triggers", "own")
    if has_function or path.name == "variables.yml.jinja":
        known.add("fn")
    if "yield fn" in str(path):
        known |= {"fn", "file"}
    assert meta.find_undeclared_variables(JINJA.parse(path.read_text("utf-8"))) <= known


def test_two_functions_of_a_trigger_share_nothing_but_what_is_shared(service: Path) -> None:
    assert len(FUNCTIONS) == 2 * len(TRIGGERS)
    queues = resources(service, "AWS::SQS::Queue")
    assert {"WorkerQueue", "PackerQueue", "WorkerDeadLetterQueue"} <= queues.keys()
    assert len({json.dumps(queue["QueueName"]) for queue in queues.values()}) == len(queues)
    assert resources(service, "AWS::S3::Bucket").keys() == {"UploadsBucket", "ScansBucket"}
    assert resources(service, "AWS::SNS::Topic").keys() == {
        *("InboxTopic", "ReturnsTopic", "AlarmTopic")
    }
    for kind in (
        "AWS::Serverless::HttpApi",
        "AWS::Events::EventBus",
        "AWS::Scheduler::ScheduleGroup",
    ):
        assert len(resources(service, kind)) == 1


def test_shared_resources_are_there_only_when_needed(rendered_samples: dict[str, Path]) -> None:
    for name, used in [("default", False), ("workers", True)]:
        found = cloudformation(rendered_samples[name])["Resources"]
        assert ("EventBus" in found) is used
        assert ("IdempotencyTable" in found) is used
        assert "ApiEndpoint" not in found


# ── Permissions ──────────────────────────────────────────────────────────────


def on(resource: Any, *actions: str) -> dict[str, Any]:
    """These actions, allowed on one resource: a logical id, or what it is."""
    arn = {"Fn::GetAtt": [resource, "Arn"]} if isinstance(resource, str) else resource
    return dict.fromkeys(actions, arn)


IDEMPOTENCY = on(
    "IdempotencyTable",
    *("dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
)
PUBLISH = on("EventBus", "events:PutEvents")
SECRET = {
    "secretsmanager:GetSecretValue": [
        {
            "Fn::Sub": "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}"
            ":secret:warehouse/carrier-key-${EnvironmentName}-??????"
        }
    ]
}


def dead_letters(function: str) -> dict[str, Any]:
    return on(f"{function}DeadLetterQueue", "sqs:SendMessage")


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("Shop", on("Table", "dynamodb:GetItem", "dynamodb:PutItem")),
        ("Listener", IDEMPOTENCY | dead_letters("Listener")),
        ("Nightly", IDEMPOTENCY | PUBLISH | dead_letters("Nightly")),
        (
            "Worker",
            IDEMPOTENCY
            | PUBLISH
            | on(
                "WorkerQueue",
                *("sqs:ChangeMessageVisibility", "sqs:DeleteMessage"),
                *("sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
            ),
        ),
        (
            "Watcher",
            IDEMPOTENCY
            | PUBLISH
            | dead_letters("Watcher")
            | on(
                {"Fn::GetAtt": ["Table", "StreamArn"]},
                *("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"),
            )
            | {"dynamodb:ListStreams": "*"},
        ),
        (
            "Uploads",
            IDEMPOTENCY
            | PUBLISH
            | dead_letters("Uploads")
            | on({"Fn::Sub": "${UploadsBucket.Arn}/*"}, "s3:GetObjectVersion"),
        ),
        ("Inbox", IDEMPOTENCY | PUBLISH | dead_letters("Inbox")),
    ],
)
def test_a_function_may_do_what_its_handler_does_and_no_more(
    stack: dict[str, Any], function: str, expected: dict[str, Any]
) -> None:
    """IAM-06: after SAM's own additions, on the role that is really made."""
    assert statements(stack, f"{function}Function") == SECRET | expected


def test_a_secret_is_of_the_functions_that_are_named(service: Path, stack: dict[str, Any]) -> None:
    """Variable, permission, helper, its test and the README's row: all of them or none."""
    pairs = sample(ROOT / "tests/samples/all-triggers.yml")["secrets"].split(",")
    given = [tuple(pair.strip().split(":")) for pair in pairs]
    assert {fn for _secret, fn in given} == {name for name, _trigger in FUNCTIONS[::2]} | {"packer"}
    for name, _trigger in FUNCTIONS:
        names = [secret for secret, fn in given if fn == name]
        variables = [f"{secret.replace('-', '_').upper()}_SECRET" for secret in names]
        function = stack[f"{name.capitalize()}Function"]["Properties"]
        passed = function["Environment"]["Variables"]
        assert [item for item in passed if item.endswith("_SECRET")] == variables
        allowed = statements(stack, f"{name.capitalize()}Function")
        readable = allowed.get("secretsmanager:GetSecretValue", [])
        assert [re.findall(r"warehouse/(.*)-\$", arn["Fn::Sub"]) for arn in readable] == [
            [secret] for secret in names
        ]
        folder = service / "src/warehouse" / name
        readme = (folder / "README.md").read_text("utf-8")
        assert re.findall(r"^\| `(\w+_SECRET)` \|", readme, re.MULTILINE) == variables
        assert ("secretsmanager" in readme) is bool(names)
        settings = (folder / "lambda_pkg/settings.py").read_text("utf-8")
        assert re.findall(r'required\("(\w+_SECRET)"\)', settings) == variables
        assert (folder / "lambda_pkg/services/secret_values.py").exists() is bool(names)
        assert (service / "tests/unit" / name / "test_secrets.py").exists() is bool(names)


def test_events_are_published_under_the_services_name_only(service: Path) -> None:
    function = resources(service, "AWS::Serverless::Function")["WorkerFunction"]
    (publish,) = [
        item
        for item in function["Policies"][0]["Statement"]
        if item["Action"] == "events:PutEvents"
    ]
    assert publish["Condition"] == {"StringEquals": {"events:source": "warehouse"}}


# ── Failure paths ────────────────────────────────────────────────────────────


def test_every_dead_letter_queue_has_an_alarm_that_says_what_to_do(service: Path) -> None:
    """EVT-03, EVT-06."""
    alarms = resources(service, "AWS::CloudWatch::Alarm")
    queues = [name for name in resources(service, "AWS::SQS::Queue") if "DeadLetter" in name]
    assert len(queues) == len(FUNCTIONS) - len(functions_of("api"))
    for name in queues:
        alarm = alarms[name.removesuffix("DeadLetterQueue") + "DeadLettersAlarm"]
        assert alarm["Dimensions"][0]["Value"] == {"Fn::GetAtt": f"{name}.QueueName"}
        assert alarm["Threshold"] == 1
        readme = re.findall(r"src/\S+README\.md", alarm["AlarmDescription"])[0]
        assert "## Failures" in (service / readme).read_text("utf-8")


@pytest.mark.parametrize("name", functions_of(*ASYNCHRONOUS))
def test_what_is_asynchronous_ends_in_its_dead_letters(
    service: Path, stack: dict[str, Any], name: str
) -> None:
    """EVT-03, EVT-05: both what the function fails at and what never reaches it."""
    queue = {"Fn::GetAtt": [f"{name.title()}DeadLetterQueue", "Arn"]}
    (invoke,) = [
        item["Properties"]
        for item in stack.values()
        if item["Type"] == "AWS::Lambda::EventInvokeConfig"
        and item["Properties"]["FunctionName"] == {"Ref": f"{name.title()}Function"}
    ]
    assert invoke["DestinationConfig"]["OnFailure"]["Destination"] == queue
    assert invoke["MaximumRetryAttempts"] == 2
    kinds = {"AWS::Events::Rule", "AWS::Scheduler::Schedule", "AWS::SNS::Subscription"}
    (source,) = [
        each["Properties"]
        for logical_id, each in stack.items()
        if each["Type"] in kinds and logical_id.startswith(f"{name.title()}Function")
    ]
    if "RedrivePolicy" in source:
        assert source["RedrivePolicy"]["deadLetterTargetArn"] == queue
        assert source["FilterPolicy"]
        return
    target = source["Targets"][0] if "Targets" in source else source["Target"]
    assert target["DeadLetterConfig"]["Arn"] == queue
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 20, "MaximumEventAgeInSeconds": 3600}


@pytest.mark.parametrize("name", functions_of("event", "bucket", "topic"))
def test_who_sends_dead_letters_may(stack: dict[str, Any], name: str) -> None:
    """EventBridge and SNS send by the queue's policy; the scheduler by its own role."""
    (statement,) = stack[f"{name.title()}DeadLetterQueuePolicy"]["Properties"]["PolicyDocument"][
        "Statement"
    ]
    assert statement["Action"] == "sqs:SendMessage"
    (source,) = statement["Condition"]["ArnEquals"].values()
    ((_, referred),) = source.items()
    logical_id = referred[0] if isinstance(referred, list) else referred
    assert stack[logical_id]["Type"] in ("AWS::Events::Rule", "AWS::SNS::Topic")


@pytest.mark.parametrize("name", functions_of(*IN_BATCHES))
def test_a_batch_reports_its_failures(service: Path, name: str) -> None:
    """EVT-04, EVT-05."""
    found = resources(service, "AWS::Lambda::EventSourceMapping")
    (mapping,) = [
        item
        for item in found.values()
        if item["FunctionName"] == {"Fn::Ref": f"{name.title()}Function.Alias"}
    ]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    if name in functions_of("stream"):
        assert mapping["BisectBatchOnFunctionError"] is True
        assert mapping["MaximumRetryAttempts"] == 5
        assert mapping["MaximumRecordAgeInSeconds"] == 21600
        assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == {
            "Fn::GetAtt": f"{name.title()}DeadLetterQueue.Arn"
        }
    else:
        assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2


@pytest.mark.parametrize("name", functions_of("queue"))
def test_a_message_stays_hidden_long_enough(service: Path, name: str) -> None:
    """EVT-05: six times the function's timeout."""
    queue = resources(service, "AWS::SQS::Queue")[f"{name.title()}Queue"]
    function = resources(service, "AWS::Serverless::Function")[f"{name.title()}Function"]
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert queue["SqsManagedSseEnabled"] is True
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5


def test_a_late_or_stalled_source_raises_an_alarm(service: Path) -> None:
    """EVT-06."""
    metrics = [
        alarm["MetricName"] for alarm in resources(service, "AWS::CloudWatch::Alarm").values()
    ]
    for metric in ("IteratorAge", "ApproximateAgeOfOldestMessage"):
        assert metrics.count(metric) == 2
    assert metrics.count("TargetErrorCount") == metrics.count("InvocationDroppedCount") == 1


# ── What only some have ──────────────────────────────────────────────────────


def test_schedules_rest_in_dev(service: Path, stack: dict[str, Any]) -> None:
    schedules = [item for item in stack.values() if item["Type"] == "AWS::Scheduler::Schedule"]
    assert len(schedules) == 2
    for schedule in schedules:
        properties = schedule["Properties"]
        assert properties["State"] == {"Fn::If": ["SchedulesRun", "ENABLED", "DISABLED"]}
        assert properties["ScheduleExpression"] == "cron(30 4 ? * MON-FRI *)"
        assert properties["ScheduleExpressionTimezone"] == "Europe/Berlin"
    parameter = cloudformation(service)["Parameters"]["ScheduleState"]
    assert parameter["Default"] == "ENABLED_IN_PROD"


@pytest.mark.parametrize("name", ["Uploads", "Scans"])
def test_buckets_are_closed(service: Path, name: str) -> None:
    bucket = resources(service, "AWS::S3::Bucket")[f"{name}Bucket"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["BucketEncryption"]
    assert len(bucket["LifecycleConfiguration"]["Rules"]) == 2
    assert bucket["NotificationConfiguration"]["EventBridgeConfiguration"]
    whole = cloudformation(service)["Resources"][f"{name}Bucket"]
    assert whole["DeletionPolicy"] == "RetainExceptOnCreate"
    assert whole["UpdateReplacePolicy"] == "Retain"
    policy = resources(service, "AWS::S3::BucketPolicy")[f"{name}BucketPolicy"]
    (deny,) = policy["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "s3:*")
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_topics_are_encrypted(service: Path) -> None:
    topic = resources(service, "AWS::SNS::Topic")["InboxTopic"]
    assert topic["KmsMasterKeyId"] == "alias/aws/sns"


def test_the_table_has_a_stream_only_when_somebody_reads_it(
    service: Path, rendered_samples: dict[str, Path]
) -> None:
    streamed = resources(service, "AWS::DynamoDB::Table")["Table"]["StreamSpecification"]
    assert streamed == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    table = resources(rendered_samples["default"], "AWS::DynamoDB::Table")["Table"]
    assert "StreamSpecification" not in table


def test_endpoints_need_a_token_unless_they_say_public(stack: dict[str, Any]) -> None:
    """EVT-08."""
    body = stack["Api"]["Properties"]["Body"]
    paths = {
        (path, method.removeprefix("x-amazon-apigateway-").removesuffix("-method")): route[
            "security"
        ]
        for path, methods in body["paths"].items()
        for method, route in methods.items()
    }
    token: list[dict[str, list[str]]] = [{"Jwt": []}]
    public: list[dict[str, list[str]]] = [{"NONE": []}]
    expected = {}
    for name in functions_of("api"):
        expected[(f"/{name}/health", "get")] = public
        expected[(f"/{name}/health", "head")] = public
        for path in (f"/{name}", f"/{name}/{{proxy+}}"):
            expected[(path, "options")] = public
            expected[(path, "any")] = token
    assert paths == expected
    (authorizer,) = body["components"]["securitySchemes"].values()
    assert authorizer["x-amazon-apigateway-authorizer"]["jwtConfiguration"] == {
        "issuer": {"Ref": "JwtIssuer"},
        "audience": [{"Ref": "JwtAudience"}],
    }


@pytest.mark.parametrize(("name", "access"), [("default", "public"), ("all-triggers", "token")])
def test_the_readme_says_who_may_call_an_endpoint(
    rendered_samples: dict[str, Path], name: str, access: str
) -> None:
    texts = [path.read_text("utf-8") for path in rendered_samples[name].glob("src/*/*/README.md")]
    tables = [re.findall(r"(?m)^\| `[A-Z]+ /\S+` \| (\w+) \|", text) for text in texts]
    with_rows = [rows for rows in tables if rows]
    assert with_rows, "no README has the table"
    assert all(rows == ["public", access, access] for rows in with_rows)


# ── A new trigger ────────────────────────────────────────────────────────────

NEW_ROOM = {
    "room.yml.jinja": """\
variables:
  - name: GREETING
    value: hello
    meaning: what it says
    example: hello
""",
    "README.md.jinja": """\
{% from 'macros/readme.jinja' import variables with context %}
# {{ fn.name }}

Says hello to whoever invokes it.

{{ variables(fn) }}

## Trigger

Nothing yet.

## Input and output

`events/{{ fn.name }}/` has an example.

## Dependencies

None.

## Locally

`make test`
""",
    "resources.yaml.jinja": """\
{% from 'macros/sam.jinja' import alarms, function, log_group with context %}
{{ function(fn, 'Says hello.') }}

{{ log_group(fn) }}
{{ alarms(fn) }}
""",
    "picture.mmd.jinja": '  caller(["whoever"]) --> fn_{{ fn.name }}["{{ fn.name }}"]\n',
    "events/call.json": "{}\n",
    "lambda_pkg/index.py.jinja": '''\
"""Entry point of the `{{ fn.name }}` function."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from .settings import load_settings

settings = load_settings()
logger = Logger(stage=settings.stage, use_rfc3339=True)


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> str:
    return settings.greeting
''',
}


def test_a_trigger_is_a_folder_and_its_name_in_one_list(tmp_path: Path) -> None:
    """Nothing else in the template needs to know it: such a function passes every check."""
    template = make_template(tmp_path / "template")
    for path, text in NEW_ROOM.items():
        (template / "triggers/greeting" / path).parent.mkdir(parents=True, exist_ok=True)
        (template / "triggers/greeting" / path).write_text(text, "utf-8")
    questions = (template / "copier.yml").read_text("utf-8")
    listed = re.findall(r"^  default: (\[api, .*\])$", questions, re.MULTILINE)
    assert len(listed) == 1
    more = listed[0].replace("]", ", greeting]")
    (template / "copier.yml").write_text(questions.replace(listed[0], more), "utf-8")
    release(template, "2.0.0")

    service = render(
        template, tmp_path / "orders", service_name="orders", functions="hello:greeting, app:api"
    )
    assert (service / "events/hello/call.json").exists()
    assert "Triggers: api, event, schedule" not in (service / "README.md").read_text("utf-8")
    answers = yaml.safe_load((service / ".copier-answers.yml").read_text("utf-8"))
    assert answers["seen"] == ["hello", "app"]
    check("git", "init", "--quiet", cwd=service)
    check("make", "setup", cwd=service)
    check("make", "check", cwd=service)
    function = resources(service, "AWS::Serverless::Function")["HelloFunction"]
    assert function["Environment"] == {"Variables": {"GREETING": "hello"}}
