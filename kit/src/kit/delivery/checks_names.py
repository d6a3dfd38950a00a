"""Names that the stack wants and somebody else has (CD-05).

CloudFormation refuses them too, but says neither whose they are nor what to do: "Early validation
failed: ResourceExistenceCheck". https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
"""

from collections.abc import Iterator
from typing import NamedTuple

from botocore.exceptions import ClientError

from kit.template import Resource

from .account import code, is_denied, unless_absent
from .report import Result, failed, not_run, passed
from .situation import Situation


class Kind(NamedTuple):
    """How to find a resource of a type by its name, and how to delete it.

    Args:
        noun: what people call it.
        client, operation: the call that finds it.
        parameter: what takes the name.
        delete: the command that deletes it, with {} for its physical id.
        physical_id: where the answer has it, when it is not the name.
        listed: where the answer has a list, and the name in an item of it.
    """

    noun: str
    client: str
    operation: str
    parameter: str
    delete: str
    physical_id: str = ""
    listed: tuple[str, str] = ("", "")


KINDS = {
    "AWS::Budgets::Budget": Kind(
        *("budget", "budgets", "describe_budget", "BudgetName"),
        "aws budgets delete-budget --account-id {account} --budget-name {}",
    ),
    "AWS::CloudWatch::Alarm": Kind(
        *("alarm", "cloudwatch", "describe_alarms", "AlarmNamePrefix"),
        "aws cloudwatch delete-alarms --alarm-names {}",
        listed=("MetricAlarms", "AlarmName"),
    ),
    "AWS::DynamoDB::Table": Kind(
        *("table", "dynamodb", "describe_table", "TableName"),
        "aws dynamodb delete-table --table-name {}",
    ),
    "AWS::Events::EventBus": Kind(
        *("event bus", "events", "describe_event_bus", "Name"),
        "aws events delete-event-bus --name {}",
    ),
    "AWS::IAM::Role": Kind(
        *("role", "iam", "get_role", "RoleName"), "aws iam delete-role --role-name {}"
    ),
    "AWS::Lambda::Function": Kind(
        *("function", "lambda", "get_function_configuration", "FunctionName"),
        "aws lambda delete-function --function-name {}",
    ),
    "AWS::Logs::LogGroup": Kind(
        *("log group", "logs", "describe_log_groups", "logGroupNamePrefix"),
        "aws logs delete-log-group --log-group-name {}",
        listed=("logGroups", "logGroupName"),
    ),
    "AWS::S3::Bucket": Kind("bucket", "s3", "head_bucket", "Bucket", "aws s3 rb --force s3://{}"),
    "AWS::SNS::Topic": Kind(
        *("topic", "sns", "get_topic_attributes", "TopicArn"),
        "aws sns delete-topic --topic-arn {}",
    ),
    "AWS::SQS::Queue": Kind(
        *("queue", "sqs", "get_queue_url", "QueueName"),
        "aws sqs delete-queue --queue-url {}",
        physical_id="QueueUrl",
    ),
    "AWS::Scheduler::ScheduleGroup": Kind(
        *("schedule group", "scheduler", "get_schedule_group", "Name"),
        "aws scheduler delete-schedule-group --name {}",
    ),
    "AWS::SecretsManager::Secret": Kind(
        *("secret", "secretsmanager", "describe_secret", "SecretId"),
        "aws secretsmanager delete-secret --force-delete-without-recovery --secret-id {}",
    ),
}


class Found(NamedTuple):
    """What has a name.

    Args:
        physical_id: which may be a URL or an ARN.
        is_scheduled: it is a secret that will be deleted, and keeps its name for 7 to 30 days. https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html
    """

    physical_id: str
    is_scheduled: bool = False


def find(situation: Situation, kind: Kind, name: str) -> Found | None:
    """What has a name; None when it is free."""
    service, account = situation.service, situation.account
    if kind.noun == "topic":
        name = f"arn:{service.partition}:sns:{service.region}:{account}:{name}"
    arguments = {kind.parameter: name} | ({"AccountId": account} if kind.noun == "budget" else {})
    try:
        answer = unless_absent(
            getattr(situation.aws.client(kind.client), kind.operation), **arguments
        )
    except ClientError as error:
        # All accounts share the names of buckets: another one has it, or another Region.
        if kind.noun == "bucket" and code(error) in ("301", "400", "403"):
            return Found(name)
        raise
    items, key = kind.listed
    if answer is None or (items and not any(item[key] == name for item in answer[items])):
        return None
    return Found(str(answer.get(kind.physical_id, name)), "DeletedDate" in answer)


def names(situation: Situation) -> Iterator[Result]:
    """Every name that the template wants is free, or this stack's own."""
    stack = situation.aws.resources(situation.service.stack) if situation.stack else []
    own = [(item["ResourceType"], item.get("PhysicalResourceId", "")) for item in stack]
    wanted = [(resource, _kind(resource.type)) for resource in situation.template.resources()]
    wanted = [(resource, kind) for resource, kind in wanted if resource.name and kind in KINDS]
    taken, unseen = False, {}
    for resource, type_ in wanted:
        name, kind = str(resource.name), KINDS[type_]
        if _is_among(own, type_, name):
            continue
        try:
            if found := find(situation, kind, name):
                taken = True
                yield _taken(situation, resource, kind, found)
        except ClientError as error:
            denied = is_denied(error)
            why = f"{'not allowed to' if denied else 'could not'} look for {kind.noun}s: {error}"
            unseen[why] = not_run(why, denied=denied)
    yield from unseen.values()
    if not taken and not unseen:
        yield passed(f"all {len(wanted)} names are free, or this stack's own")


def _kind(type_: str) -> str:
    """The type that SAM translates a resource's to."""
    return "AWS::Lambda::Function" if type_ == "AWS::Serverless::Function" else type_


def _is_among(own: list[tuple[str, str]], type_: str, name: str) -> bool:
    ids = [physical_id for kind, physical_id in own if kind == type_]
    if type_ == "AWS::SecretsManager::Secret":
        ids = [item[: -len("-AbCdEf")] for item in ids]  # which ends every ARN of a secret
    # The physical id of a queue is its URL, that of a topic its ARN.
    return any(item == name or item.endswith((f"/{name}", f":{name}")) for item in ids)


def _taken(situation: Situation, resource: Resource, kind: Kind, found: Found) -> Result:
    lines = getattr(situation.template.data["Resources"], "lines", {})
    place = f"{resource.logical_id} in template.yaml, line {lines.get(resource.logical_id, 0)}"
    rename = f"rename it: another name for {place}"
    seen = f"the {kind.noun} {resource.name} exists already and belongs to"
    if owner := _owner(situation, found.physical_id):
        return failed(f"{seen} the stack {owner}", rename)
    if found.is_scheduled:
        restore = f"aws secretsmanager restore-secret --secret-id {found.physical_id}"
        return failed(
            f"the {kind.noun} {resource.name} is scheduled for deletion, and has its name until then",
            f"restore it, then look again: {restore}",
            rename,
        )
    environment = situation.service.environment
    take_over = f"take it over, with its data: make deploy ENV={environment} IMPORT=yes"
    delete = kind.delete.format(found.physical_id, account=situation.account)
    return failed(
        f"{seen} no stack that can be seen",
        *([take_over] if resource.deletion_policy.startswith("Retain") else []),
        rename,
        f"or delete it, if nobody needs it: {delete}",
    )


def _owner(situation: Situation, physical_id: str) -> str | None:
    """The stack that has a resource, as far as these credentials may see it."""
    client = situation.aws.client("cloudformation")
    try:
        answer = client.describe_stack_resources(PhysicalResourceId=physical_id)
    except ClientError:
        return None  # in none, or in one that may not be seen
    return next((str(resource["StackName"]) for resource in answer["StackResources"]), None)
