"""Bring the dead letters of a function back: here, or on AWS with ENV=dev or ENV=prod.

What comes from a queue goes back to it; with any other event the function is invoked again.
"""

import json
from argparse import Namespace
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
HIDDEN_SECONDS = 60
COUNT = "ApproximateNumberOfMessages"


def event_of(body: str) -> Any:
    """The event of a dead letter; None where it has only a reference to a stream's records."""
    content = json.loads(body)
    if not isinstance(content, dict) or "DDBStreamBatchInfo" in content:
        return None
    if "requestPayload" in content:  # Lambda gave up
        return content["requestPayload"]
    if content.get("Type") == "Notification":  # SNS did
        return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": content}]}
    return content  # EventBridge or the scheduler did


def redrive(account: Any, service: Service, function: str, qualifier: str) -> tuple[int, int]:
    """Bring back what waits now; how many letters went, and how many could not.

    Args:
        account: an Account, or what runs here: both make clients.
        qualifier: which version of the function gets its events again: `:live`.
    """
    template = service.template("")
    resources = template.data["Resources"]

    def queue(suffix: str) -> str | None:
        resource = resources.get(pascal(function) + suffix)
        name = template.name(resource["Type"], resource["Properties"]) if resource else None
        answer = unless_absent(sqs.get_queue_url, QueueName=name) if name else None
        return str(answer["QueueUrl"]) if answer else None

    sqs = account.client("sqs")
    letters = queue("DeadLetterQueue")
    if letters is None:
        raise KitError(
            f"There is no queue of {function}'s dead letters in {service.stack}.",
            f"template.yaml names it {pascal(function)}DeadLetterQueue.",
        )
    source = queue("Queue")
    name = template.name(
        "AWS::Serverless::Function", resources[f"{pascal(function)}Function"]["Properties"]
    )
    attributes = sqs.get_queue_attributes(QueueUrl=letters, AttributeNames=[COUNT])
    waiting, gone, left = int(attributes["Attributes"][COUNT]), 0, 0
    while gone + left < waiting:
        messages = sqs.receive_message(
            QueueUrl=letters,
            MaxNumberOfMessages=min(10, waiting - gone - left),
            VisibilityTimeout=HIDDEN_SECONDS,
            MessageAttributeNames=["All"],
            AttributeNames=["MessageGroupId"],
        ).get("Messages", [])
        if not messages:
            break
        for message in messages:
            if source:
                groups = message.get("Attributes", {})
                sqs.send_message(
                    QueueUrl=source,
                    MessageBody=message["Body"],
                    MessageAttributes=message.get("MessageAttributes", {}),
                    **groups,
                )
            elif event := event_of(message["Body"]):
                account.client("lambda").invoke(
                    FunctionName=f"{name}{qualifier}",
                    InvocationType="Event",
                    Payload=json.dumps(event),
                )
            else:
                left += 1
                continue
            sqs.delete_message(QueueUrl=letters, ReceiptHandle=message["ReceiptHandle"])
            gone += 1
    return gone, left


def main(service: Service, options: Namespace) -> int:
    """Bring them back, and say how many; 1 when some could not go."""
    function = need_function(options.function, list(kinds(service)))
    if options.env:
        service = Service(ROOT, options.env)
        gone, left = redrive(Account(service), service, function, ":live")
    else:
        emulator.forget_account()
        # Without a version: bridge.py says why.
        gone, left = redrive(emulator.need_running(), service, function, "")
    print(f"{count(gone, 'dead letter')} of {function} sent again ({options.env or 'here'}).")
    if left:
        print(
            f"{count(left, 'dead letter')} had only a place in the table's stream:"
            f" src/*/{function}/README.md says what to do."
        )
    return 1 if left else 0
