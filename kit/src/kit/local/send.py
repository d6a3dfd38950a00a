"""Send an example event through its real trigger: API, queue, topic, bus, bucket, table.

What comes of it is in the terminal of `make up`. The function of a schedule is invoked directly.
"""

import base64
import json
from argparse import Namespace
from collections.abc import Callable
from typing import Any

import httpx

from kit.delivery.account import outputs
from kit.delivery.service import Service
from kit.errors import KitError
from kit.terminal import printable

from . import emulator
from .examples import EVENT, FUNCTION, count, example, kinds, need_function
from .screen import place

ENVIRONMENT = "dev"
OPTIONS = {"function": FUNCTION, "--event": EVENT}
CONTENT = b"id,name\n1,a first line\n"


class Sender:
    """Ways in, by the trigger of a function; each says where it put the event."""

    def __init__(self, running: emulator.Running, service: Service, function: str) -> None:
        self.running, self.service, self.function = running, service, function

    def client(self, name: str) -> Any:
        return self.running.client(name)

    def api(self, event: Any) -> str:
        address = next(iter(self.running.apis.values()), None)
        if address is None:
            raise KitError("The stack that runs here has no HTTP API.", "See the notes of make up.")
        query = event.get("rawQueryString")
        url = f"{address}{event['rawPath']}{'?' + query if query else ''}"
        method, body = event["requestContext"]["http"]["method"], (event.get("body") or "").encode()
        if event.get("isBase64Encoded"):
            body = base64.b64decode(body)
        headers = {
            name: value
            for name, value in event["headers"].items()
            if name not in ("host", "content-length") and not name.startswith("x-forwarded")
        }
        if cookies := event.get("cookies"):
            headers["cookie"] = "; ".join(cookies)
        answer = httpx.request(
            method, url, headers=headers, content=body, timeout=60, trust_env=False
        )
        return f"{method} {url}: {answer.status_code}\n{printable(answer.text)}"

    def queue(self, event: Any) -> str:
        sqs, names = self.client("sqs"), []
        for record in event["Records"]:
            names.append(record["eventSourceARN"].rpartition(":")[2])
            url = sqs.get_queue_url(QueueName=names[-1])["QueueUrl"]
            attributes = {
                name: {
                    key[:1].upper() + key[1:]: value for key, value in attribute.items() if value
                }
                for name, attribute in record.get("messageAttributes", {}).items()
            }
            group = record.get("attributes", {}).get("MessageGroupId")
            sqs.send_message(
                QueueUrl=url,
                MessageBody=record["body"],
                MessageAttributes=attributes,
                **({"MessageGroupId": group} if group else {}),
            )
        return f"{count(len(names), 'message')} to the queue {names[0]}"

    def topic(self, event: Any) -> str:
        for record in event["Records"]:
            notice = record["Sns"]
            attributes = {
                name: {"DataType": attribute["Type"], "StringValue": attribute["Value"]}
                for name, attribute in notice.get("MessageAttributes", {}).items()
            }
            subject = {"Subject": notice["Subject"]} if notice.get("Subject") else {}
            self.client("sns").publish(
                TopicArn=notice["TopicArn"],
                Message=notice["Message"],
                MessageAttributes=attributes,
                **subject,
            )
        topic = notice["TopicArn"].rpartition(":")[2]
        return f"{count(len(event['Records']), 'notice')} to the topic {topic}"

    def event(self, event: Any) -> str:
        stacks = self.client("cloudformation").describe_stacks(StackName=self.service.stack)
        bus = outputs(stacks["Stacks"][0]).get("EventBusName", "default")
        entry = {
            "EventBusName": bus,
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event["detail"]),
        }
        answer = self.client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            (refused,) = answer["Entries"]
            raise KitError(f"The event bus {bus} refused it: {refused.get('ErrorMessage')}")
        return f"{event['detail-type']} to the event bus {bus}"

    def bucket(self, event: Any) -> str:
        bucket, key = event["detail"]["bucket"]["name"], event["detail"]["object"]["key"]
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=CONTENT)
        return f"{key} to the bucket {bucket}"

    def stream(self, event: Any) -> str:
        dynamodb = self.client("dynamodb")
        for record in event["Records"]:
            table = record["eventSourceARN"].split("/")[1]
            change = record["dynamodb"]
            if record["eventName"] == "REMOVE":
                dynamodb.delete_item(TableName=table, Key=change["Keys"])
            else:
                dynamodb.put_item(TableName=table, Item=change["NewImage"])
        return f"{count(len(event['Records']), 'change')} to the table {table}"

    def schedule(self, event: Any) -> str:
        name = self.running.unqualified(self.function)
        self.client("lambda").invoke(
            FunctionName=name, InvocationType="Event", Payload=json.dumps(event)
        )
        return f"an invocation of {name}, as the scheduler's"


def main(service: Service, options: Namespace) -> int:
    """Send the event, and say where it went."""
    emulator.forget_account()
    running = emulator.need_running()
    known = kinds(service)
    function = need_function(options.function, list(known))
    path, event = example(function, options.event)
    way: Callable[[Any], str] = getattr(Sender(running, service, function), known[function])
    try:
        print(f"Sent {way(event)}")
    except (KeyError, IndexError, TypeError) as error:
        file = place(str(path), None)
        raise KitError(
            f"{file} can't come by a real {known[function]}: {error!r}",
            f"Invoke the function with it: make call FN={function} EVENT={file}",
        ) from error
    return 0
