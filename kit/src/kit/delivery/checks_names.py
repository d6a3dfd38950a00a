"""Names that the stack wants and somebody else has (CD-05).

CloudFormation refuses them, in a new stack as soon as it is created, and says "Early validation
failed: ResourceExistenceCheck". https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
"""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from kit.template import Resource, lines

from .account import code, is_denied
from .report import Result, failed, not_run, passed
from .situation import Situation

# What AWS answers when there is nothing of a name.
ABSENT = {
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchBucket",
    "NoSuchEntity",
    "NotFound",
    "NotFoundException",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
}


# Looks for a name; its physical id, which may be a URL or an ARN, or None when the name is free.
Look = Callable[[Situation, str], str | None]


def _asks(client: str, operation: str, parameter: str, answer: str = "") -> Look:
    """A look by one call with one parameter; `answer` is where it says the physical id."""

    def look(situation: Situation, name: str) -> str | None:
        call = getattr(situation.aws.client(client), operation)
        found = _unless_absent(lambda: call(**{parameter: name}))
        return None if found is None else str(found.get(answer, name))

    return look


def _unless_absent(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except ClientError as error:
        if code(error) in ABSENT:
            return None
        raise


def _log_group(situation: Situation, name: str) -> str | None:
    found = situation.aws.client("logs").describe_log_groups(logGroupNamePrefix=name)
    return name if any(each["logGroupName"] == name for each in found["logGroups"]) else None


def _alarm(situation: Situation, name: str) -> str | None:
    found = situation.aws.client("cloudwatch").describe_alarms(AlarmNames=[name])
    return name if found["MetricAlarms"] else None


def _topic(situation: Situation, name: str) -> str | None:
    service = situation.service
    arn = f"arn:{service.partition}:sns:{service.region}:{situation.account}:{name}"
    client = situation.aws.client("sns")
    return arn if _unless_absent(lambda: client.get_topic_attributes(TopicArn=arn)) else None


def _bucket(situation: Situation, name: str) -> str | None:
    client = situation.aws.client("s3")
    try:
        return name if _unless_absent(lambda: client.head_bucket(Bucket=name)) else None
    except ClientError as error:
        # Buckets share their names with the whole world: somebody else has it, or it is elsewhere.
        if code(error) in ("301", "400", "403"):
            return name
        raise


def _budget(situation: Situation, name: str) -> str | None:
    client, account = situation.aws.client("budgets"), situation.account
    found = _unless_absent(lambda: client.describe_budget(AccountId=account, BudgetName=name))
    return name if found else None


# For each type: what people call it, how to see one, and how to delete one.
Kind = tuple[str, Look, str]
FUNCTION: Kind = (
    "function",
    _asks("lambda", "get_function_configuration", "FunctionName"),
    "aws lambda delete-function --function-name {}",
)
KINDS: dict[str, Kind] = {
    "AWS::Budgets::Budget": (
        "budget",
        _budget,
        "aws budgets delete-budget --account-id {account} --budget-name {}",
    ),
    "AWS::CloudWatch::Alarm": ("alarm", _alarm, "aws cloudwatch delete-alarms --alarm-names {}"),
    "AWS::DynamoDB::Table": (
        "table",
        _asks("dynamodb", "describe_table", "TableName"),
        "aws dynamodb delete-table --table-name {}",
    ),
    "AWS::Events::EventBus": (
        "event bus",
        _asks("events", "describe_event_bus", "Name"),
        "aws events delete-event-bus --name {}",
    ),
    "AWS::IAM::Role": (
        "role",
        _asks("iam", "get_role", "RoleName"),
        "aws iam delete-role --role-name {}",
    ),
    "AWS::Lambda::Function": FUNCTION,
    "AWS::Serverless::Function": FUNCTION,
    "AWS::Logs::LogGroup": (
        "log group",
        _log_group,
        "aws logs delete-log-group --log-group-name {}",
    ),
    "AWS::S3::Bucket": ("bucket", _bucket, "aws s3 rb --force s3://{}"),
    "AWS::SNS::Topic": ("topic", _topic, "aws sns delete-topic --topic-arn {}"),
    "AWS::SQS::Queue": (
        "queue",
        _asks("sqs", "get_queue_url", "QueueName", "QueueUrl"),
        "aws sqs delete-queue --queue-url {}",
    ),
    "AWS::Scheduler::ScheduleGroup": (
        "schedule group",
        _asks("scheduler", "get_schedule_group", "Name"),
        "aws scheduler delete-schedule-group --name {}",
    ),
    "AWS::SecretsManager::Secret": (
        "secret",
        _asks("secretsmanager", "describe_secret", "SecretId"),
        "aws secretsmanager delete-secret --secret-id {}",
    ),
}


# What a resource is made as, when its type in the template is SAM's.
MADE_AS = {"AWS::Serverless::Function": "AWS::Lambda::Function"}


def names(situation: Situation) -> Iterator[Result]:
    """Every name that the template wants is free, or has what this stack made."""
    own: list[tuple[str, str]] = []
    if situation.stack:
        own = [
            (each["ResourceType"], each["PhysicalResourceId"])
            for each in situation.aws.resources(situation.service.stack)
            if each.get("PhysicalResourceId")
        ]
    wanted = [each for each in situation.template.resources() if each.name and each.type in KINDS]
    taken: list[tuple[Resource, str]] = []
    unseen: set[str] = set()
    for resource in wanted:
        assert resource.name is not None
        if _is_among(own, resource.type, resource.name):
            continue
        what, look, _delete = KINDS[resource.type]
        try:
            if found := look(situation, resource.name):
                taken.append((resource, found))
        except ClientError as error:
            why = "not allowed to look" if is_denied(error) else "could not look"
            unseen.add(f"{why} for {what}s: {error}")
    where = lines(situation.service.template_text)
    for resource, physical_id in taken:
        yield _taken(situation, resource, physical_id, where.get(resource.logical_id, 0))
    for each in sorted(unseen):
        yield not_run(each)
    if not taken and not unseen:
        yield passed(f"all {len(wanted)} names are free, or this stack's own", "CD-05")


def _is_among(own: list[tuple[str, str]], kind: str, name: str) -> bool:
    ids = [each for made_as, each in own if made_as == MADE_AS.get(kind, kind)]
    if kind == "AWS::SecretsManager::Secret":
        ids = [each[: -len("-AbCdEf")] for each in ids]  # which ends every ARN of a secret
    # The physical id of a queue is its URL, that of a topic its ARN.
    return any(each == name or each.endswith((f"/{name}", f":{name}")) for each in ids)


def _taken(situation: Situation, resource: Resource, physical_id: str, line: int) -> Result:
    what, _look, delete = KINDS[resource.type]
    name = resource.name
    owner = _owner(situation, physical_id)
    keeps = resource.deletion_policy.startswith("Retain")
    place = f"{resource.logical_id} in template.yaml, line {line}"
    fix = [f"rename it: another name for {place}"]
    if owner is None and keeps:
        environment = situation.service.environment
        fix.insert(0, f"take it over, with its data: make deploy ENV={environment} IMPORT=yes")
    if owner is None:
        command = delete.format(physical_id, account=situation.account)
        fix.append(f"or delete it, if nobody needs it: {command}")
    belongs = f"belongs to the stack {owner}" if owner else "belongs to no stack that can be seen"
    return failed(f"the {what} {name} is there already and {belongs}", "CD-05", *fix)


def _owner(situation: Situation, physical_id: str) -> str | None:
    """The stack that has a resource, as far as CloudFormation tells these credentials."""
    client = situation.aws.client("cloudformation")
    try:
        found = client.describe_stack_resources(PhysicalResourceId=physical_id)["StackResources"]
    except ClientError:
        return None  # in none, or in one that may not be seen
    return str(found[0]["StackName"]) if found else None
