"""Names that the stack wants and somebody else has (CD-05).

CloudFormation refuses them, in a new stack as soon as it is created, and says "Early validation
failed: ResourceExistenceCheck". https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
"""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from .account import code
from .report import Result, failed, not_run, passed
from .situation import Situation
from .template import Resource, lines

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


def _exists(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ClientError as error:
        if code(error) in ABSENT:
            return False
        raise
    return True


def _log_group(situation: Situation, name: str) -> bool:
    found = situation.aws.client("logs").describe_log_groups(logGroupNamePrefix=name)
    return any(each["logGroupName"] == name for each in found["logGroups"])


def _alarm(situation: Situation, name: str) -> bool:
    found = situation.aws.client("cloudwatch").describe_alarms(AlarmNames=[name])
    return bool(found["MetricAlarms"])


def _topic(situation: Situation, name: str) -> bool:
    service = situation.service
    arn = f"arn:{service.partition}:sns:{service.region}:{situation.account}:{name}"
    return _exists(lambda: situation.aws.client("sns").get_topic_attributes(TopicArn=arn))


def _bucket(situation: Situation, name: str) -> bool:
    # Buckets share their names with the whole world: 403 means that somebody else has it.
    try:
        return _exists(lambda: situation.aws.client("s3").head_bucket(Bucket=name))
    except ClientError as error:
        if code(error) in ("301", "400", "403"):
            return True
        raise


def _asks(client: str, operation: str, parameter: str) -> Callable[[Situation, str], bool]:
    """A look-up by one call with one parameter."""

    def look(situation: Situation, name: str) -> bool:
        call = getattr(situation.aws.client(client), operation)
        return _exists(lambda: call(**{parameter: name}))

    return look


def _budget(situation: Situation, name: str) -> bool:
    client = situation.aws.client("budgets")
    return _exists(lambda: client.describe_budget(AccountId=situation.account, BudgetName=name))


# For each type: what people call it, how to see one, and how to delete one.
Kind = tuple[str, Callable[[Situation, str], bool], str]
FUNCTION: Kind = (
    "function",
    _asks("lambda", "get_function_configuration", "FunctionName"),
    "aws lambda delete-function --function-name {}",
)
KINDS: dict[str, Kind] = {
    "AWS::Budgets::Budget": (
        "budget",
        _budget,
        "aws budgets delete-budget --account-id ACCOUNT --budget-name {}",
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
    "AWS::SNS::Topic": ("topic", _topic, "aws sns delete-topic --topic-arn ARN-OF-{}"),
    "AWS::SQS::Queue": (
        "queue",
        _asks("sqs", "get_queue_url", "QueueName"),
        "aws sqs delete-queue --queue-url URL-OF-{}",
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


def names(situation: Situation) -> Iterator[Result]:
    """Every name that the template wants is free, or has what this stack made."""
    own: set[str] = set()
    if situation.stack:
        own = {
            each["PhysicalResourceId"]
            for each in situation.aws.resources(situation.service.stack)
            if each.get("PhysicalResourceId")
        }
    wanted = [each for each in situation.template.resources() if each.name and each.type in KINDS]
    taken, unseen = [], set()
    for resource in wanted:
        assert resource.name is not None
        if _is_among(own, resource.name):
            continue
        what, exists, _delete = KINDS[resource.type]
        try:
            if exists(situation, resource.name):
                taken.append(resource)
        except ClientError as error:
            unseen.add(f"{what}s ({code(error)})")
    where = lines(situation.service.template_text)
    for resource in taken:
        yield _taken(situation, resource, where.get(resource.logical_id, 0))
    if unseen:
        yield not_run(f"not allowed to look for {', '.join(sorted(unseen))}")
    elif not taken:
        yield passed(f"all {len(wanted)} names are free, or this stack's own", "CD-05")


def _is_among(own: set[str], name: str) -> bool:
    # The physical id of a queue is its URL, that of a topic its ARN.
    return any(each == name or each.endswith((f"/{name}", f":{name}")) for each in own)


def _taken(situation: Situation, resource: Resource, line: int) -> Result:
    what, _exists_, delete = KINDS[resource.type]
    name = str(resource.name)
    owner = _owner(situation, name)
    keeps = resource.deletion_policy.startswith("Retain")
    place = f"{resource.logical_id} in template.yaml, line {line}"
    fix = [f"rename it: another name for {place}"]
    if owner is None and keeps:
        fix.insert(0, f"take it over, with its data: make deploy ENV={situation.service.environment} IMPORT=yes")
    if owner is None:
        fix.append(f"or delete it, if nobody needs it: {delete.format(name).replace('ACCOUNT', situation.account)}")
    belongs = f"belongs to the stack {owner}" if owner else "belongs to no stack that can be seen"
    return failed(f"the {what} {name} is there already and {belongs}", "CD-05", *fix)


def _owner(situation: Situation, name: str) -> str | None:
    """The stack that has a resource, as far as CloudFormation tells these credentials."""
    client = situation.aws.client("cloudformation")
    try:
        found = client.describe_stack_resources(PhysicalResourceId=name)["StackResources"]
    except ClientError:
        return None  # in none, or in one that may not be seen
    return str(found[0]["StackName"]) if found else None
