"""Cases of EVT-09."""

from cases import good, violation
from edits import Edit
from edits.runtime import api, index


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
