"""Cases of EVT-11."""

from cases import fix, good, violation
from edits import Edit, Function
from edits.access import allow
from kit.gate.findings import Finding

S3 = 's3 = boto3.client("s3", config=CONFIG)\n\n\n'
HEAD = "import os\n\nimport boto3\n\nfrom ..utils.aws import CONFIG\n\n"


def writes(
    edit: Edit, trigger: str, action: str, target: str, code: str, **passed: str
) -> Function:
    """Let the function of that trigger do what the code does, with a permission and variables."""
    function = edit.function(trigger)
    allow(edit, function, f"Action: {action}", f"Resource: {target}")
    edit.write(f"{function.code}/services/outputs.py", HEAD + code)
    for name, value in passed.items():
        edit.pass_variable(function, name, value)
    return function


def put(edit: Edit, code: str, *, path: str = "/*", passed: bool = True) -> None:
    """Let a bucket function put objects into its bucket."""
    bucket = f"{edit.function('bucket').pascal}Bucket"
    variables = {"BUCKET_NAME": f"!Ref {bucket}"} if passed else {}
    writes(edit, "bucket", "s3:PutObject", f"!Sub ${{{bucket}.Arn}}{path}", code, **variables)


STORE = """BUCKET = os.environ["BUCKET_NAME"]


def store(key: str, body: bytes) -> None:
    s3.put_object(Bucket=BUCKET, Key=f"thumbnails/{key}", Body=body)
"""


def listen(edit: Edit, prefix: str) -> None:
    """Let a bucket function listen to a prefix alone."""
    function = edit.function("bucket")
    name = f"                  name: [!Ref {function.pascal}Bucket]\n"
    keys = f"                object:\n                  key: [{{prefix: {prefix}}}]\n"
    edit.in_resource(function.logical_id, name, name + keys)


@violation("a bucket function puts thumbnails into its bucket")
def _(edit: Edit) -> None:
    put(edit, S3 + STORE)


@violation("a bucket function listens to what is created and deleted, and puts thumbnails")
def _(edit: Edit) -> None:
    name = edit.function("bucket").logical_id
    edit.in_resource(name, "[Object Created]", "[Object Created, Object Deleted]")
    put(edit, S3 + STORE)


@violation("a bucket function listens to everything about its objects, and puts thumbnails")
def _(edit: Edit) -> None:
    name = edit.function("bucket").logical_id
    edit.in_resource(name, "[Object Created]", '[{wildcard: "Object *"}]')
    put(edit, S3 + STORE)


@good("a bucket function listens to new tags, and puts thumbnails")
def _(edit: Edit) -> None:
    name = edit.function("bucket").logical_id
    edit.in_resource(name, "[Object Created]", "[Object Tags Added]")
    put(edit, S3 + STORE)


@violation("a bucket function copies within the bucket that its event names")
def _(edit: Edit) -> None:
    put(edit, S3 + "def keep(detail: dict) -> None:\n"
        '    bucket, key = detail["bucket"]["name"], detail["object"]["key"]\n'
        '    s3.copy_object(CopySource={"Bucket": bucket, "Key": key}, Bucket=bucket, Key="old/" + key)\n',
        passed=False)  # fmt: skip


@violation("a class uploads files to the prefix that its function listens to")
def _(edit: Edit) -> None:
    listen(edit, "incoming/")
    put(edit, "class Store:\n    def __init__(self, bucket: str) -> None:\n        self._bucket = bucket\n"
        '        self._client = boto3.client("s3", config=CONFIG)\n\n'
        "    def add(self, path: str, key: str) -> None:\n"
        "        self._client.upload_file(path, self._bucket, key)\n\n\n"
        'STORE = Store(os.environ["BUCKET_NAME"])\n')  # fmt: skip


@violation("a bucket function puts an object by a resource and by its settings")
def _(edit: Edit) -> None:
    settings = f"{edit.function('bucket').code}/settings.py"
    edit.replace(settings, "    event_bus_name: str\n", "    event_bus_name: str\n    own: str\n")
    passed = '        event_bus_name=required("EVENT_BUS_NAME"),\n'
    edit.replace(settings, passed, f'{passed}        own=required("BUCKET_NAME"),\n')
    put(edit, "from ..settings import Settings\n\n"
        's3 = boto3.resource("s3", config=CONFIG)\n\n\n'
        "def store(settings: Settings, body: bytes) -> None:\n"
        '    target = s3.Bucket(settings.own)\n    target.put_object(Key="last", Body=body)\n')  # fmt: skip


SQS = """sqs = boto3.client("sqs", config=CONFIG)


def again(body: str) -> None:
    url = os.environ["QUEUE_URL"]
    sqs.send_message(QueueUrl=url, MessageBody=body, DelaySeconds=60)
"""


def send(edit: Edit, queue: str) -> None:
    """Let a queue function send to that queue."""
    writes(edit, "queue", "sqs:SendMessage", f"!GetAtt {queue}.Arn", SQS, QUEUE_URL=f"!Ref {queue}")


@violation("a queue function sends what failed to its queue again")
def _(edit: Edit) -> None:
    send(edit, f"{edit.function('queue').pascal}Queue")


@violation("a topic function publishes to its topic, by a resource of boto3")
def _(edit: Edit) -> None:
    topic = f"{edit.function('topic').pascal}Topic"
    code = 'topic = boto3.resource("sns", config=CONFIG).Topic(os.environ["TOPIC_ARN"])\n\n\n'
    code += "def tell(text: str) -> None:\n    topic.publish(Message=text)\n"
    writes(edit, "topic", "sns:Publish", f"!Ref {topic}", code, TOPIC_ARN=f"!Ref {topic}")


def stamp(edit: Edit, table: str = "Table") -> None:
    code = "class Rows:\n    def __init__(self, table) -> None:\n        self.table = table\n\n"
    code += "    def stamp(self, key: dict) -> None:\n"
    code += '        self.table.update_item(Key=key, UpdateExpression="SET seen = :yes")\n\n\n'
    code += 'dynamodb = boto3.resource("dynamodb", config=CONFIG)\n'
    code += 'rows = Rows(dynamodb.Table(os.environ["TABLE_NAME"]))\n'
    target = f"!GetAtt {table}.Arn"
    writes(edit, "stream", "dynamodb:UpdateItem", target, code, TABLE_NAME=f"!Ref {table}")


@violation("a stream function stamps the rows whose changes it gets")
def _(edit: Edit) -> None:
    stamp(edit)


@violation("a stream function writes to its table, which a field of the settings names")
def _(edit: Edit) -> None:
    function = edit.function("stream")
    stamp(edit)
    path, old = f"{function.code}/services/outputs.py", 'os.environ["TABLE_NAME"]'
    edit.replace(path, old, "settings.table_name")
    edit.replace(path, "from ..utils", "from ..settings import load_settings\nfrom ..utils")
    edit.replace(path, "class Rows", "settings = load_settings()\n\n\nclass Rows")
    settings = f"{function.code}/settings.py"
    edit.replace(settings, "    stage: str\n", "    stage: str\n    table_name: str\n")
    made = '        stage=required("STAGE"),\n'
    edit.replace(settings, made, f'{made}        table_name=required("TABLE_NAME"),\n')


@violation("a stream function writes a batch to the table whose changes it gets")
def _(edit: Edit) -> None:
    code = 'table = boto3.resource("dynamodb", config=CONFIG).Table(os.environ["TABLE_NAME"])\n\n\n'
    code += "def store(rows: list[dict]) -> None:\n    with table.batch_writer() as batch:\n"
    code += "        for row in rows:\n            batch.put_item(Item=row)\n"
    writes(
        edit,
        "stream",
        "dynamodb:BatchWriteItem",
        "!GetAtt Table.Arn",
        code,
        TABLE_NAME="!Ref Table",
    )


EVENTS = """from os import environ
from typing import Any

from ..utils.publisher import Event, Publisher

CHANGED = "item.changed"
publisher = Publisher(environ["EVENT_BUS_NAME"], source="{service}")


def tell(event: dict[str, Any]) -> None:
    kind = {kind}
    publisher.publish([Event(kind, event["detail"], id="1")])
"""


def publishes(edit: Edit, kind: str) -> None:
    """Let an event function publish events of that type on the bus that it listens to."""
    function, other = edit.function("event"), edit.function("queue", "stream", "bucket")
    for name in ("publisher", "exact_json"):
        path = f"{function.code}/utils/{name}.py"
        edit.write(path, edit.read(f"{other.code}/utils/{name}.py"))
    code = EVENTS.format(service=edit.service, kind=kind)
    edit.write(f"{function.code}/services/outputs.py", code)
    allow(edit, function, "Action: events:PutEvents", "Resource: !GetAtt EventBus.Arn",
          f"Condition: {{StringEquals: {{events:source: {edit.service}}}}}")  # fmt: skip
    edit.pass_variable(function, "EVENT_BUS_NAME", "!Ref EventBus")


@violation("an event function publishes the type of event that it gets")
def _(edit: Edit) -> None:
    publishes(edit, "CHANGED")


@violation("an event function publishes what begins like all that it gets")
def _(edit: Edit) -> None:
    edit.in_resource(edit.function("event").logical_id, "[item.changed]", "[{prefix: item.}]")
    publishes(edit, '"item.counted"')


@violation("an event function publishes each event that it gets once more")
def _(edit: Edit) -> None:
    publishes(edit, 'event["detail-type"]')


@fix("Write to another bucket")
def _(edit: Edit, finding: Finding) -> None:
    if "prefix:" not in edit.resource(edit.function("bucket").logical_id):
        listen(edit, "incoming/")
    edit.in_line(finding, r"Key=|(?<=_bucket, )", r'\g<0>"done/" + ')


def take(edit: Edit, trigger: str, old: str, new: str) -> None:
    """Pass a function another resource to write to, with the permission for it."""
    function = edit.function(trigger)
    for form in ("!Ref {}\n", "!GetAtt {}.Arn\n"):
        text = edit.resource(function.logical_id)
        if form.format(old) in text:
            edit.in_resource(function.logical_id, form.format(old), form.format(new))


@fix("Send to another queue")
def _(edit: Edit, _finding: Finding) -> None:
    name = edit.function("queue").pascal
    take(edit, "queue", f"{name}Queue", f"{name}DeadLetterQueue")


@violation("a topic function sends its success to its topic")
def _(edit: Edit) -> None:
    function = edit.function("topic")
    edit.in_resource(function.logical_id, "            FilterPolicyScope: MessageAttributes\n", "")
    edit.sub("template.yaml", r"            FilterPolicy:\n              type: .*\n", "")
    success = f"OnSuccess: {{Type: SNS, Destination: !Ref {function.pascal}Topic}}\n"
    head = "        DestinationConfig:\n"
    edit.in_resource(function.logical_id, head, f"{head}          {success}")


@fix("Name another `Destination`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"Destination: !Ref \w+", "Destination: !Ref AlarmTopic")


@violation("a function invokes itself for the next page")
def _(edit: Edit) -> None:
    name = f"function:{edit.service}-*-${{EnvironmentName}}"
    arn = f"!Sub arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:{name}"
    writes(edit, "event", "lambda:InvokeFunction", arn,
           'CLIENT = boto3.client("lambda", config=CONFIG)\n\n\ndef go_on(page: bytes) -> None:\n'
           '    name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]\n'
           '    CLIENT.invoke(FunctionName=name, InvocationType="Event", Payload=page)\n')  # fmt: skip


@fix("Send what is left to a queue")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete(finding.path)
    allowed = r"        - Version: .*\n.*\n.*\n              Action: lambda:InvokeFunction\n.*\n"
    edit.sub("template.yaml", allowed, "")


@violation("a stream function stamps rows of the table that its settings name")
def _(edit: Edit) -> None:
    stamp(edit)
    code = edit.function("stream").code
    field = "    stage: str\n", "    stage: str\n    table_name: str\n"
    edit.replace(f"{code}/settings.py", *field)
    required = '        stage=required("STAGE"),\n'
    more = f'{required}        table_name=required("TABLE_NAME"),\n'
    edit.replace(f"{code}/settings.py", required, more)
    path = f"{code}/services/outputs.py"
    edit.replace(path, "import os\n\n", "")
    edit.replace(path, "from ..utils", "from ..settings import load_settings\nfrom ..utils")
    edit.replace(path, 'os.environ["TABLE_NAME"]', "load_settings().table_name")


@fix("Publish to another topic")
def _(edit: Edit, _finding: Finding) -> None:
    topic = f"{edit.function('topic').pascal}Topic"
    for _ in ("Policies", "Environment"):
        take(edit, "topic", topic, "AlarmTopic")


@fix("Write to another table")
def _(edit: Edit, _finding: Finding) -> None:
    take(edit, "stream", "Table", "IdempotencyTable")


@fix("Publish it by a `DetailType`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"Event\(kind", 'Event("counted"')


@good("a bucket function writes under another prefix")
def _(edit: Edit) -> None:
    listen(edit, "incoming/")
    put(edit, S3 + 'DONE = "done/"\n\n\ndef store(key: str, body: bytes) -> None:\n'
        '    s3.put_object(Bucket=os.environ["BUCKET_NAME"], Key=f"{DONE}{key}", Body=body)\n')  # fmt: skip


@good("an event function publishes another type, and a function reads its own bucket")
def _(edit: Edit) -> None:
    publishes(edit, '"item.counted"')


@good("a stream function writes to another table")
def _(edit: Edit) -> None:
    edit.resource("IdempotencyTable")
    stamp(edit, "IdempotencyTable")


@good("a stream function's mapping leaves out what it writes")
def _(edit: Edit) -> None:
    mapping = f"{edit.function('stream').pascal}StreamMapping"
    pattern = """'{"eventName": ["INSERT"]}'"""
    edit.in_resource(
        mapping,
        "      BatchSize:",
        f"      FilterCriteria:\n        Filters: [{{Pattern: {pattern}}}]\n      BatchSize:",
    )
    stamp(edit)


@good("a queue function sends to the queue of another one")
def _(edit: Edit) -> None:
    names = [function.pascal for function in edit.functions if function.trigger == "queue"]
    if len(names) < 2:
        edit.skip()
    send(edit, f"{names[1]}Queue")


@good("an event function publishes its type of event on another bus")
def _(edit: Edit) -> None:
    publishes(edit, "CHANGED")
    edit.replace("template.yaml", "            EventBusName: !Ref EventBus\n", "")
    edit.in_resource(edit.function("event").logical_id, "source: [", "source: [billing, ")
