"""Cases of EVT-09."""

from cases import fix, good, violation
from edits import Edit, Function
from edits.runtime import api, index
from kit.gate.findings import Finding


@violation("a policy refers to a resource that does not exist")
def _(edit: Edit) -> None:
    edit.in_resource(
        "TrafficCheckFunction", "Resource: !Sub arn:", "Resource: !GetAtt Functoins.Arn #"
    )


@violation("an output refers to the role of a function that does not exist")
def _(edit: Edit) -> None:
    role = f"{edit.function().logical_id}nRole"
    edit.output(f"RoleArn:\n  Description: The role\n  Value: !GetAtt {role}.Arn\n")


@violation("a resource depends on one that was renamed")
def _(edit: Edit) -> None:
    edit.in_resource("Budget", "DependsOn: AlarmTopicPolicy", "DependsOn: TopicPolicy")


@violation("a resource has a condition that does not exist")
def _(edit: Edit) -> None:
    edit.in_resource("AlarmEmailSubscription", "Condition: HasAlarmEmail", "Condition: HasEmail")


@violation("samconfig.toml passes a parameter that was renamed")
def _(edit: Edit) -> None:
    edit.replace_all("samconfig.toml", '"LogLevel=', '"LoggingLevel=')


@violation("a test loads an example event that does not exist")
def _(edit: Edit) -> None:
    name = edit.function().name
    edit.write(
        f"tests/unit/{name}/test_more.py",
        "from collections.abc import Callable\nfrom typing import Any\n\n\n"
        "def test_more(event: Callable[[str], Any], call: Callable[[Any], Any]) -> None:\n"
        '    assert call(event("no-such-event"))\n',
    )


@violation("example events are left of a function that is gone")
def _(edit: Edit) -> None:
    edit.write("events/reports_of_old/due.json", "{}\n")


@violation("a function has in AWS the name that it had before it was renamed")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.in_resource(
        function.logical_id,
        f"FunctionName: !Sub {edit.service}-{function.kebab}-",
        f"FunctionName: !Sub {edit.service}-sender-of-old-",
    )


@violation("dead letters have the name of a function that is gone")
def _(edit: Edit) -> None:
    function = edit.function("queue", "schedule", "topic")
    queue = f"{function.logical_id.removesuffix('Function')}DeadLetterQueue"
    edit.in_resource(queue, f"{edit.service}-{function.kebab}-", f"{edit.service}-sender-of-old-")


@good("a queue is called after its jobs, and a function has a longer name")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    old = f"{edit.service}-{function.kebab}-$"
    edit.in_resource(
        f"{function.logical_id.removesuffix('Function')}Queue", old, f"{edit.service}-jobs-$"
    )
    edit.in_resource(function.logical_id, old, f"{edit.service}-{function.kebab}-v2-$")


@violation("an event is of a bus of the service that does not exist")
def _(edit: Edit) -> None:
    function = edit.function("event")
    bus = f"EventBusName: !Sub {edit.service}-events-${{EnvironmentName}}"
    edit.in_resource(function.logical_id, "EventBusName: !Ref EventBus", bus)


@violation("an event has a source that nothing here sends")
def _(edit: Edit) -> None:
    old = f"source: [{edit.service}]"
    edit.in_resource(edit.function("event").logical_id, old, f"source: [{edit.service}s]")


@violation("a function listens to a FIFO topic")
def _(edit: Edit) -> None:
    name = f"{edit.function('topic').pascal}Topic"
    named = next(line for line in edit.resource(name).splitlines() if "TopicName:" in line)
    edit.in_resource(name, named, f"{named}.fifo\n      FifoTopic: true")


@good("references to what SAM makes, and to what only one environment has")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.output(
        f"RoleArn:\n  Condition: HasAlarmEmail\n  Description: The role\n"
        f"  Value: !GetAtt {function.logical_id}Role.Arn\n\n"
        f"Version:\n  Description: What runs\n"
        f'  Value: !Sub ["${{Of}} ${{!literal}}", {{Of: !Ref {function.logical_id}.Version}}]\n'
    )


@good("a test loads an example event by one of its parameters")
def _(edit: Edit) -> None:
    name = edit.function().name
    event = edit.glob(f"events/{name}/*.json")[0].rpartition("/")[2].removesuffix(".json")
    edit.write(
        f"tests/unit/{name}/test_more.py",
        "from collections.abc import Callable\nfrom typing import Any\n\nimport pytest\n\n\n"
        f'@pytest.mark.parametrize("name", ["{event}"])\n'
        "def test_more(event: Callable[[str], Any], name: str) -> None:\n"
        "    assert event(name)\n",
    )


ROUTE = """

@{app}.get("{path}")
def report() -> dict[str, str]:
    return {{"status": "sent"}}
"""


@violation("a route of FastAPI is not below the path of its function")
def _(edit: Edit) -> None:
    edit.append(index(api(edit, "fastapi")), ROUTE.format(app="app", path="/reports"))


@violation("a route's router lost its prefix")
def _(edit: Edit) -> None:
    function = api(edit, "fastapi")
    edit.replace(index(function), f'prefix="/{function.kebab}", ', "")


@violation("no event of a function has the paths below its own")
def _(edit: Edit) -> None:
    function = api(edit, "powertools")
    edit.replace_all(
        "template.yaml", f"Path: /{function.kebab}/{{proxy+}}", f"Path: /{function.kebab}"
    )


@good("routes that API Gateway knows, at the path of the function and with parameters")
def _(edit: Edit) -> None:
    function = api(edit)
    fastapi = "fastapi" in edit.read(index(function)).lower()
    app, root = ("app", f"/{function.kebab}") if fastapi else ("app", "/")
    below = f"{root.rstrip('/')}/reports/" + ("{day}" if fastapi else "<day>")
    edit.append(index(function), ROUTE.format(app=app, path=below))
    edit.replace(index(function), "def report()", "def report_of(day: str)")
    edit.append(index(function), ROUTE.format(app=app, path=root))


def other_route(edit: Edit, method: str, path: str) -> Function:
    """Let a function answer another request in place of that of the check of new versions."""
    function = api(edit)
    new = rf'@\1.{method}("/{path}"'
    edit.sub(index(function), r'^@(app|router)\.head\("/health".*\n', "")
    edit.sub(index(function), r'^@(app|router)\.get\("/health"', new)
    request = f"{method.upper()} /{function.kebab}/{path}"
    edit.replace_all(f"{function.folder}/README.md", f"GET /{function.kebab}/health", request)
    return function


@violation("a function lost the route that the check of new versions asks for")
def _(edit: Edit) -> None:
    other_route(edit, "get", "status")


@violation("the route for the check of new versions takes another method")
def _(edit: Edit) -> None:
    other_route(edit, "post", "health")


@good("traffic moves at once to a function without a route for the check")
def _(edit: Edit) -> None:
    function = other_route(edit, "get", "status")
    text = edit.resource(function.logical_id)
    hook = "        Hooks:\n          PreTraffic: !Ref TrafficCheckFunction\n"
    edit.replace("template.yaml", text, text.replace(hook, ""))


@violation("the topic of alarms has the key of SNS")
def _(edit: Edit) -> None:
    text = "    Properties:\n      KmsMasterKeyId: alias/aws/sns\n"
    edit.in_resource("AlarmTopic", "    Properties:\n", text)


@violation("dead letters of EventBridge have the key of SQS")
def _(edit: Edit) -> None:
    queue = f"{edit.function('event', 'bucket', 'topic').pascal}DeadLetterQueue"
    key = "KmsMasterKeyId: !Sub alias/aws/sqs"
    edit.in_resource(queue, "SqsManagedSseEnabled: true", key)


@good("a queue that functions alone fill has the key of SQS")
def _(edit: Edit) -> None:
    queue = f"{edit.function('queue', 'stream').pascal}DeadLetterQueue"
    edit.in_resource(queue, "SqsManagedSseEnabled: true", "KmsMasterKeyId: alias/aws/sqs")


@fix("Write `")
def _(edit: Edit, finding: Finding) -> None:
    """The name that the advice has, in place of that of the finding."""
    wrong, right = finding.message.split("`")[1], str(finding.fix).split("`")[1]
    edit.in_line(finding, wrong, right)


@fix("Write the name as it is declared, or declare it")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\bHasEmail\b", "HasAlarmEmail")


@fix("Write `", "an event has a source that nothing here sends")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, f"{edit.service}s", edit.service)


@fix("Delete it, or write `LogLevel`")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.read(finding.path)
    edit.write(finding.path, text.replace('"LoggingLevel=', '"LogLevel='))


@fix("Write that file, or load an event of `")
def _(edit: Edit, finding: Finding) -> None:
    edit.write(finding.message.split("`")[3], "{}\n")


@fix("Delete it.")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete(finding.path)


@fix("The function is `")
def _(edit: Edit, finding: Finding) -> None:
    start = str(finding.fix).rpartition(" ")[2].rstrip(".")
    edit.in_line(finding, f"{edit.service}-sender-of-old", start)


@fix("Refer to the resource that is meant")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"!Sub.*", "!Ref EventBus")


@fix("Make it a standard topic (without `FifoTopic` and `.fifo`)")
def _(edit: Edit, finding: Finding) -> None:
    topic = f"{edit.function('topic').pascal}Topic"
    text = edit.resource(topic)
    new = text.replace(".fifo\n      FifoTopic: true", "")
    edit.replace("template.yaml", text, new)


@fix("Write the route below a path of the function's events")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r'"/', f'"/{edit.function("api").kebab}/')


@fix("Write the route below a path", "no event of a function has the paths below its own")
def _(edit: Edit, finding: Finding) -> None:
    """Give the function an event with a path, and with the authorizer of the others."""
    name, path = finding.message.split("`")[1], str(finding.fix).split("`")[1]
    text = edit.resource(name)
    new = text.replace(f"Path: {path}\n", f"Path: {path}/{{proxy+}}\n", 1)
    edit.replace("template.yaml", text, new)


@fix("Let a route for `GET` with the path `/health` answer 200")
def _(edit: Edit, finding: Finding) -> None:
    route = r'^@(app|router)\.(get\("/status"|post\("/health")'
    edit.sub(finding.path, route, r'@\1.get("/health")\n\g<0>')


@fix("Delete `KmsMasterKeyId`")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@violation("EventBridge may not send to a dead-letter queue")
def _(edit: Edit) -> None:
    policy = f"{edit.function('event', 'bucket').pascal}DeadLetterQueuePolicy"
    edit.replace("template.yaml", edit.resource(policy), "")


@fix("Declare an `AWS::SQS::QueuePolicy`")
def _(edit: Edit, finding: Finding) -> None:
    queue = finding.message.split("`")[-2]
    statement = "Effect: Allow, Action: sqs:SendMessage, Principal: {Service: events.amazonaws.com}"
    source = f"{finding.resource}{finding.message.split('`')[1]}.Arn"
    edit.declare(f"""FurtherPolicy:
  Type: AWS::SQS::QueuePolicy
  Properties:
    Queues: [!Ref {queue}]
    PolicyDocument:
      Version: "2012-10-17"
      Statement:
        - {{{statement}, Resource: !GetAtt {queue}.Arn,
           Condition: {{ArnEquals: {{"aws:SourceArn": !GetAtt {source}}}}}}}""")
