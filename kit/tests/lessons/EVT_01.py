"""Cases of EVT-01."""

from cases import fix, good, violation
from edits import Edit, Function
from edits.runtime import api, in_handler, index, used
from kit.gate.findings import Finding


def swap(edit: Edit, trigger: str, old: str, new: str, above: str = "") -> Function:
    """Put other code into the entry point of a function, and an import above its own."""
    function = edit.function(trigger)
    edit.replace(index(function), old, new)
    if above:
        old = "from .settings import load_settings\n"
        edit.replace(index(function), old, f"{above}\n{old}")
    return function


@violation("a bucket function reads the notification that S3 would send to Lambda itself")
def _(edit: Edit) -> None:
    swap(edit, "bucket", 'event["detail"]', 'event["Records"][0]["s3"]')


@violation("a bucket function loops over records that may not be there")
def _(edit: Edit) -> None:
    old = '        process(version=objects.read(event["detail"]))\n'
    new = '        for record in event.get("Records", []):\n'
    swap(edit, "bucket", old, f'{new}            process(version=objects.read(record["s3"]))\n')


@violation("a bucket function passes the whole event on")
def _(edit: Edit) -> None:
    swap(edit, "bucket", 'event["detail"]', "event")


@violation("a bucket function takes the event for a notification, by Powertools")
def _(edit: Edit) -> None:
    imported = "from aws_lambda_powertools.utilities.data_classes import S3Event\n"
    swap(edit, "bucket", 'event["detail"]', "S3Event(event).record.s3.raw_event", imported)


@violation("the constant for the key of an event is that of another trigger")
def _(edit: Edit) -> None:
    function = edit.function("event")
    edit.replace(index(function), 'event["detail"]', "event[CHANGES]")
    edit.replace(index(function), "\nsettings = ", '\nCHANGES = "Records"\n\nsettings = ')


@violation("an event function reads records in a helper")
def _(edit: Edit) -> None:
    function = swap(edit, "event", 'event["detail"]', "envelopes.first(event)")
    text = "from typing import Any\n\n\ndef first(message: dict[str, Any]) -> Any:\n"
    used(edit, function, f'{text}    return next(iter(message["Records"]))["body"]\n', "envelopes")


@violation("a topic function reads the body of a queue's message")
def _(edit: Edit) -> None:
    function = edit.function("topic")
    edit.replace(index(function), "SNSEvent(event).records", 'event["Records"]')
    old = "sns.message_id, sns.subject, sns.message"
    edit.replace(index(function), old, 'sns["MessageId"], None, record["body"]')
    edit.replace(index(function), "sns = record.sns", 'sns = record["Sns"]')


@violation("a topic function takes its event for one of a queue, by Powertools")
def _(edit: Edit) -> None:
    edit.replace_all(index(edit.function("topic")), "SNSEvent", "SQSEvent")


@violation("a queue function reads what a topic sends")
def _(edit: Edit) -> None:
    swap(edit, "queue", "record.body", 'record["Sns"]["Message"]')


@violation("a queue function reads keys of the message from the event")
def _(edit: Edit) -> None:
    in_handler(edit, edit.function("queue"), 'logger.info("job", job_id=event["job_id"])')


@violation("a queue function's processor is for a stream")
def _(edit: Edit) -> None:
    swap(edit, "queue", "EventType.SQS", "EventType.KinesisDataStreams")


@violation("a stream function reads the body of a message")
def _(edit: Edit) -> None:
    swap(edit, "stream", 'event_id=record["eventID"]', 'event_id=record["body"]')


@violation("a schedule function reads what its schedule does not send")
def _(edit: Edit) -> None:
    swap(edit, "schedule", 'event["scheduled_time"]', 'event["time"]')


@violation("a function with an S3 event of SAM reads what EventBridge would send")
def _(edit: Edit) -> None:
    notified(edit)


def notified(edit: Edit) -> None:
    """Let S3 call the function of a bucket itself."""
    function = edit.function("bucket")
    text = edit.resource(function.logical_id)
    old = text[
        text.index("          Type: EventBridgeRule") : text.index("            # What Even")
    ]
    new = "          Type: S3\n          Properties:\n"
    new += f"            Bucket: !Ref {function.pascal}Bucket\n            Events: s3:ObjectCreated:*\n"
    edit.in_resource(function.logical_id, old, new)


@violation("the resolver is that of REST APIs")
def _(edit: Edit) -> None:
    function = api(edit, "powertools")
    edit.replace_all(index(function), "APIGatewayHttpResolver", "APIGatewayRestResolver")


@violation("the handler logs the method and the path as REST APIs send them")
def _(edit: Edit) -> None:
    line = 'logger.append_keys(method=event["httpMethod"], path=event.get("path"))'
    in_handler(edit, api(edit), line)


@violation("claims are read as REST APIs send them, by an alias")
def _(edit: Edit) -> None:
    function = api(edit)
    line = 'context_of_caller = event.get("requestContext", {})\n'
    line += '    caller = context_of_caller.get("authorizer", {}).get("claims", {})\n'
    in_handler(edit, function, f'{line}    logger.append_keys(caller=caller.get("sub"))')


@violation("a route of FastAPI reads claims as REST APIs send them")
def _(edit: Edit) -> None:
    function = api(edit, "fastapi")
    text = '    claims = request.scope["aws.event"]["requestContext"]["authorizer"]["claims"]\n'
    text += '    logger.append_keys(caller=claims["sub"])\n'
    edit.sub(index(function), r"^(def health\(.*\n.*\n)", rf"\1{text}")


@fix('Read `event["detail"]`')
def _(edit: Edit, finding: Finding) -> None:
    part = r'\w+(\["Records"\]\[0\]\["s3"\]|\.get\("Records", \[\]\))'
    edit.in_line(
        finding, part, '[event["detail"]]' if " for " in edit.line(finding) else 'event["detail"]'
    )
    edit.write(finding.path, edit.read(finding.path).replace('read(record["s3"])', "read(record)"))


@fix('Read `event["detail"]`', "the constant for the key of an event is that of another trigger")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\[CHANGES\]", '["detail"]')


@fix('Read `event["detail"]`', "an event function reads records in a helper")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"next\(.*", 'message["detail"]')


@fix('Read `event["detail"]`', "a bucket function passes the whole event on")
def _(edit: Edit, finding: Finding) -> None:
    path = index(edit.function("bucket"))
    edit.write(path, edit.read(path).replace("read(event)", 'read(event["detail"])'))


@fix("Take `EventBridgeEvent`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"S3Event\(event\).*raw_event", "EventBridgeEvent(event).detail")
    edit.replace(finding.path, "import S3Event", "import EventBridgeEvent")


@fix("Read what its `Input` has: `execution_id`, `scheduled_time`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "time", "scheduled_time")


@fix('Read `record["Sns"]["Message"]` of each')
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r'record\["body"\]', 'record["Sns"]["Message"]')


@fix("Take `SNSEvent`")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace_all(finding.path, "SQSEvent", "SNSEvent")


@fix('Read `record["body"]` of each')
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r'record\["Sns"\]\["Message"\]', 'record["body"]')


@fix('Read `record["body"]`', "a queue function reads keys of the message from the event")
def _(edit: Edit, finding: Finding) -> None:
    ids = "[jobs.read(record['body']).id for record in event['Records']]"
    edit.in_line(finding, r'event\["job_id"\]', ids)


@fix("Take `EventType.SQS`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "KinesisDataStreams", "SQS")


@fix('Read `record["dynamodb"]` of each')
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r'record\["body"\]', 'record["dynamodb"]["SequenceNumber"]')


@fix('Read `record["s3"]` of each')
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r'event\["detail"\]', 'event["Records"][0]["s3"]')


@fix("Take `APIGatewayHttpResolver`")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace_all(finding.path, "APIGatewayRestResolver", "APIGatewayHttpResolver")


@fix('Read `event["requestContext"]["http"]["method"]`')
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r'event\["httpMethod"\]', 'event["requestContext"]["http"]["method"]')


@fix('Read `event["rawPath"]`')
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r'event.get\("path"\)', 'event["rawPath"]')


@fix('Read `authorizer["jwt"]["claims"]`')
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r'\["claims"\]', '["jwt"]["claims"]')


@fix('Read `authorizer["jwt"]["claims"]`', "claims are read as REST APIs send them, by an alias")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r'\.get\("claims", \{\}\)', '.get("jwt", {}).get("claims", {})')


@good("an S3 event of SAM brings records")
def _(edit: Edit) -> None:
    notified(edit)
    swap(edit, "bucket", 'event["detail"]', 'event["Records"][0]["s3"]')


@good("a handler is written for payloads of both versions")
def _(edit: Edit) -> None:
    line = 'path = event.get("rawPath") or event.get("path", "/")\n'
    line += '    if "httpMethod" in event:\n        method = event["httpMethod"]\n    else:\n'
    line += '        method = event["requestContext"]["http"]["method"]\n'
    in_handler(edit, api(edit), f"{line}    logger.append_keys(method=method, path=path)")


@good("payload 1.0 is asked for, with the resolver of REST APIs")
def _(edit: Edit) -> None:
    function = api(edit, "powertools")
    edit.replace_all(index(function), "APIGatewayHttpResolver", "APIGatewayRestResolver")
    text = edit.resource(function.logical_id)
    version = '            ApiId: !Ref Api\n            PayloadFormatVersion: "1.0"\n'
    edit.replace("template.yaml", text, text.replace("            ApiId: !Ref Api\n", version))


@good("a queue function can also be called by hand, with a message alone")
def _(edit: Edit) -> None:
    line = 'count = len(event["Records"]) if "Records" in event else len(event["body"])\n'
    in_handler(edit, edit.function("queue"), f"{line}    logger.append_keys(size=count)")


@good("a handler answers what keeps it warm, and tries")
def _(edit: Edit) -> None:
    line = 'if event.get("source") == "warmer" or event.get("dry_run"):\n'
    in_handler(edit, edit.function("event", "schedule", "topic"), f"{line}        return")


@good("the message in a queue is what a topic sent, or an object's notification")
def _(edit: Edit) -> None:
    function = swap(
        edit, "queue", "record.body", "unpacked(json.loads(record.body))", "import json"
    )
    text = "def unpacked(message: dict[str, Any]) -> str:\n"
    text += '    if "Records" in message:\n        return str(message["Records"][0]["s3"])\n'
    text += (
        '    return str(message["Sns"]["Message"] if "Sns" in message else message["Message"])\n'
    )
    edit.replace(index(function), "\ndef handle(", f"\n{text}\n\ndef handle(")


@good("a rule sends a text of its own, which its function reads")
def _(edit: Edit) -> None:
    function = swap(edit, "event", 'event["detail"]', 'event["order"]')
    pattern = "            # What EventBridge can't"
    edit.in_resource(function.logical_id, pattern, f"            InputPath: $.detail\n{pattern}")


@violation("the detail of an event is parsed as text")
def _(edit: Edit) -> None:
    swap(edit, "event", 'event["detail"]', 'json.loads(event["detail"])', "import json\n")


@violation("keys of an event are spelled as Python and JavaScript would")
def _(edit: Edit) -> None:
    in_handler(edit, edit.function("event"), 'logger.debug("got", kind=event.get("detail_type"))')


@violation("a bucket function spells the version of an object as S3's own notifications do")
def _(edit: Edit) -> None:
    edit.replace(f"{edit.function('bucket').code}/services/objects.py", "version-id", "versionId")


@violation("a bucket function reads the name of its bucket as CloudTrail has it")
def _(edit: Edit) -> None:
    path = f"{edit.function('bucket').code}/services/objects.py"
    edit.replace(path, 'detail["bucket"]["name"]', 'detail["bucketName"]')


@violation("a topic function reads its message in small letters")
def _(edit: Edit) -> None:
    swap(edit, "topic", "sns.message)", 'record["Sns"]["message"])')


@fix("Read its keys as they are")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"json\.loads\((.*\])\)\)\)", r"\1))")


@fix("Read `detail-type`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "detail_type", "detail-type")


@fix("Read `version-id`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "versionId", "version-id")


@fix(
    'Read `event["detail"]`', "a bucket function reads the name of its bucket as CloudTrail has it"
)
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r'\["bucketName"\]', '["bucket"]["name"]')


@fix("Read `Message`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, '"message"', '"Message"')


@good("code parses the detail of an event only where it is text")
def _(edit: Edit) -> None:
    function = swap(edit, "event", 'event["detail"]', "read(event)", "import json\n")
    path = index(function)
    text = 'def read(event: dict[str, Any]) -> Any:\n    detail = event["detail"]\n'
    text += "    return json.loads(detail) if isinstance(detail, str) else detail\n\n\n"
    edit.replace(path, "@logger.inject", f"{text}@logger.inject")
