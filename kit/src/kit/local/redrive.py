"""Bring the dead letters of a function back: here, or on AWS with ENV=dev or ENV=prod.

What comes from a queue goes back to it; with any other event the function is invoked again.
"""

import json
from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from kit.delivery.account import Account, unless_absent
from kit.delivery.service import Service
from kit.errors import KitError
from kit.layout import ENVIRONMENTS, ROOT
from kit.spelling import pascal

from . import emulator
from .examples import FUNCTION, count, kinds, need_function

ENVIRONMENT = "dev"
OPTIONS = {
    "function": FUNCTION,
    "--env": {"choices": ENVIRONMENTS, "help": "on AWS, in this environment (default: here)"},
}
HIDDEN_SECONDS, WAIT_SECONDS = 60, 5
COUNT = "ApproximateNumberOfMessages"
# What Lambda puts into a record of failure of a stream: where the records are, not what they say.
REFERENCES = {"DDBStreamBatchInfo", "KinesisBatchInfo"}


def event_of(body: str) -> Any:
    """The event of a dead letter; None where it has none, or only a reference to a stream's records."""
    try:
        content = json.loads(body)
    except ValueError:
        return None
    if not isinstance(content, dict) or REFERENCES & content.keys():
        return None
    if "requestPayload" in content:  # Lambda gave up
        return content["requestPayload"]
    if content.get("Type") == "Notification":  # SNS did
        return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": content}]}
    return content  # EventBridge or the scheduler did


@dataclass
class Redriven:
    """The numbers of dead letters.

    Args:
        sent: to the queue or the function again.
        kept: in their queue, as they hold no event.
        missed: which the queue counted and did not deliver.
    """

    sent: int = 0
    kept: int = 0
    missed: int = 0


def redrive(account: Any, service: Service, function: str, qualifier: str) -> Redriven:
    """Bring back the dead letters that wait now.

    Args:
        account: an Account, or what runs here: both make clients.
        qualifier: which version of the function gets its events again: `:live`.

    Raises:
        KitError: the function has no queue of dead letters.
    """
    template = service.template("")
    resources = template.data["Resources"]

    def queue(suffix: str) -> str | None:
        resource = resources.get(pascal(function) + suffix)
        name = template.name(resource["Type"], resource["Properties"]) if resource else None
        answer = unless_absent(sqs.get_queue_url, QueueName=name) if name else None
        return str(answer["QueueUrl"]) if answer else None

    sqs = account.client("sqs")
    dead_letters = queue("DeadLetterQueue")
    if dead_letters is None:
        raise KitError(f"`{function}` has no dead-letter queue in `{service.stack}`.")
    source = queue("Queue")
    name = template.name(
        "AWS::Serverless::Function", resources[f"{pascal(function)}Function"]["Properties"]
    )
    attributes = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=[COUNT])
    result = Redriven(missed=int(attributes["Attributes"][COUNT]))
    while result.missed > 0:
        messages = sqs.receive_message(
            QueueUrl=dead_letters,
            MaxNumberOfMessages=min(10, result.missed),
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=WAIT_SECONDS,  # without it SQS asks some of its servers only
            MessageAttributeNames=["All"],
            AttributeNames=["MessageGroupId"],
        ).get("Messages", [])
        if not messages:
            break
        for message in messages:
            result.missed -= 1
            if source:
                sqs.send_message(
                    QueueUrl=source,
                    MessageBody=message["Body"],
                    MessageAttributes=message.get("MessageAttributes", {}),
                    **message.get("Attributes", {}),
                )
            elif (event := event_of(message["Body"])) is not None:
                account.client("lambda").invoke(
                    FunctionName=f"{name}{qualifier}",
                    InvocationType="Event",
                    Payload=json.dumps(event),
                )
            else:
                result.kept += 1
                continue
            sqs.delete_message(QueueUrl=dead_letters, ReceiptHandle=message["ReceiptHandle"])
            result.sent += 1
    return result


def main(service: Service, options: Namespace) -> int:
    """Bring them back, and say how many; 1 when some stay."""
    function = need_function(options.function, list(kinds(service)))
    if options.env:
        service = Service(ROOT, options.env)
        result = redrive(Account(service), service, function, ":live")
    else:
        emulator.forget_account()
        # Without a version: bridge.py says why.
        result = redrive(emulator.need_running(), service, function, "")
    print(
        f"{count(result.sent, 'dead letter')} of {function} sent again ({options.env or 'here'})."
    )
    if result.kept:
        readme = next(ROOT.glob(f"src/*/{function}/README.md"), ROOT / "docs" / "operations.md")
        print(
            f"{count(result.kept, 'dead letter')} stayed: they hold no event, or only a reference to a"
            f" stream: {readme.relative_to(ROOT)} says what to do."
        )
    if result.missed:
        print(
            f"{count(result.missed, 'dead letter')} could not be received: they may be"
            " hidden for a minute: try again then."
        )
    return 1 if result.kept or result.missed else 0
