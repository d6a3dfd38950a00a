"""Edits that break EVT lessons, and innocent ones."""

from __future__ import annotations

from .edits import Edit, Function, innocent, mutant


def cut(edit: Edit, logical_id: str, start: str, end: str = "") -> None:
    """Take out of a resource what is from `start` up to `end`, or the line alone."""
    text = edit.resource(logical_id)
    first = text.index(start)
    first = text.rindex("\n", 0, first) + 1
    last = text.index(end, first) if end else text.index("\n", first) + 1
    last = text.rindex("\n", 0, last) + 1 if end else last
    edit.in_resource(logical_id, text[first:last], "")


def publisher(edit: Edit) -> Function:
    """A function that publishes."""
    for each in edit.functions:
        if edit.has(f"{each.code}/utils/publisher.py"):
            return each
    edit.skip()
    raise AssertionError


# ── EVT-02: one helper that publishes ────────────────────────────────────────


@mutant("EVT-02", "a module publishes by itself")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/audit.py",
        "import json\nfrom typing import Any\n\n\ndef tell(client: Any, bus: str, item: dict[str, str]) -> None:\n"
        "    client.put_events(\n        Entries=[\n            {\n"
        '                "EventBusName": bus,\n                "Source": "audit",\n'
        '                "DetailType": "audited",\n                "Detail": json.dumps(item),\n'
        "            }\n        ]\n    )\n",
    )


@mutant("EVT-02", "the helper does not look at the results any more")
def _(edit: Edit) -> None:
    path = f"{publisher(edit).code}/utils/publisher.py"
    text = edit.read(path)
    start, end = text.index("            results = "), text.index("            if not entries:")
    edit.write(
        path, text[:start] + "            self._client.put_events(Entries=entries)\n" + text[end:]
    )


@mutant("EVT-02", "a second helper beside the first")
def _(edit: Edit) -> None:
    edit.write(
        f"{publisher(edit).code}/services/audit.py",
        "from typing import Any\n\n\ndef tell(client: Any, entries: list[Any]) -> None:\n"
        '    if client.put_events(Entries=entries)["FailedEntryCount"]:\n'
        '        raise RuntimeError("not told")\n',
    )


@innocent("EVT-02", "a helper of one's own, with another name, that looks at the results")
def _(edit: Edit) -> None:
    for function in edit.functions:
        path = f"{function.code}/utils/bus.py"
        if not edit.has(f"{function.code}/utils/publisher.py"):
            edit.write(
                path,
                "from typing import Any\n\n\ndef tell(client: Any, entries: list[Any]) -> None:\n"
                "    answer = client.put_events(Entries=entries)\n"
                '    if answer["FailedEntryCount"]:\n        raise RuntimeError("not told")\n',
            )


@innocent("EVT-02", "other clients put what they put")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/audit.py",
        "from typing import Any\n\n\ndef tell(client: Any, table: Any) -> None:\n"
        '    client.put_metric_data(Namespace="audit", MetricData=[])\n'
        '    table.put_item(Item={"pk": "1"})\n',
    )


# ── EVT-03: what failed is kept ──────────────────────────────────────────────

ASYNCHRONOUS = ("event", "schedule", "bucket", "topic")


@mutant("EVT-03", "a function keeps nothing that fails")
def _(edit: Edit) -> None:
    function = edit.function(*ASYNCHRONOUS)
    cut(edit, function.logical_id, "        DestinationConfig:", "      Events:")


@mutant("EVT-03", "what EventBridge can't hand over is lost")
def _(edit: Edit) -> None:
    function = edit.function("event", "schedule", "bucket")
    text = edit.resource(function.logical_id)
    line = "              Arn: !GetAtt "
    start = text.index("            DeadLetterConfig:\n")
    end = text.index("\n", text.index(line, start)) + 1
    edit.in_resource(function.logical_id, text[start:end], "")


@mutant("EVT-03", "a rule has its former name, and what it can't hand over is lost")
def _(edit: Edit) -> None:
    function = edit.function("event")
    text = edit.resource(function.logical_id)
    start = text.index("            DeadLetterConfig:\n")
    end = text.index("\n", text.index("              Arn: !GetAtt ", start)) + 1
    changed = (text[:start] + text[end:]).replace("EventBridgeRule", "CloudWatchEvent")
    edit.in_resource(function.logical_id, text, changed)


@mutant("EVT-03", "a queue tries for ever")
def _(edit: Edit) -> None:
    queue = f"{edit.function('queue').pascal}Queue"
    text = edit.resource(queue)
    edit.in_resource(queue, text[text.index("      RedrivePolicy:\n") :].rstrip("\n") + "\n", "")


@mutant("EVT-03", "a stream drops what it gave up on")
def _(edit: Edit) -> None:
    function = edit.function("stream")
    mapping = f"{function.pascal}StreamMapping"
    text = edit.resource(mapping)
    edit.in_resource(
        mapping, text[text.index("      DestinationConfig:\n") :].rstrip("\n") + "\n", ""
    )
    sending = "            - Effect: Allow\n              Action: sqs:SendMessage\n"
    queue = f"              Resource: !GetAtt {function.pascal}DeadLetterQueue.Arn\n"
    edit.in_resource(function.logical_id, sending + queue, "")


@mutant("EVT-03", "dead letters raise no alarm")
def _(edit: Edit) -> None:
    alarm = f"{edit.function(*ASYNCHRONOUS, 'queue', 'stream').pascal}DeadLettersAlarm"
    edit.replace("template.yaml", edit.resource(alarm), "")


@mutant("EVT-03", "a partner's address gets a topic, and what it does not take is lost")
def _(edit: Edit) -> None:
    edit.declare(
        """PartnerSubscription:
  Type: AWS::SNS::Subscription
  Properties:
    TopicArn: !Ref AlarmTopic
    Protocol: https
    Endpoint: https://partner.example.com/alarms"""
    )


@innocent("EVT-03", "a function has its destination in a resource of its own")
def _(edit: Edit) -> None:
    function = edit.function(*ASYNCHRONOUS)
    cut(edit, function.logical_id, "        DestinationConfig:", "      Events:")
    edit.declare(
        f"""{function.pascal}Failures:
  Type: AWS::Lambda::EventInvokeConfig
  Properties:
    FunctionName: !Ref {function.logical_id}
    Qualifier: live
    DestinationConfig:
      OnFailure:
        Destination: !GetAtt {function.pascal}DeadLetterQueue.Arn"""
    )


@innocent("EVT-03", "people get a topic, and an alarm on dead letters is a formula")
def _(edit: Edit) -> None:
    alarm = f"{edit.function(*ASYNCHRONOUS, 'queue', 'stream').pascal}DeadLettersAlarm"
    text = edit.resource(alarm)
    queue = alarm.replace("DeadLettersAlarm", "DeadLetterQueue")
    start, end = text.index("      Namespace:"), text.index("      EvaluationPeriods:")
    edit.in_resource(
        alarm,
        text[start:end],
        f"""      Metrics:
        - Id: waiting
          MetricStat:
            Metric:
              Namespace: AWS/SQS
              MetricName: ApproximateNumberOfMessagesVisible
              Dimensions:
                - Name: QueueName
                  Value: !GetAtt {queue}.QueueName
            Period: 300
            Stat: Maximum
""",
    )
    edit.declare(
        """ManagerSubscription:
  Type: AWS::SNS::Subscription
  Properties:
    TopicArn: !Ref AlarmTopic
    Protocol: email
    Endpoint: manager@example.com"""
    )


# ── EVT-04: batches ──────────────────────────────────────────────────────────


def mapping(edit: Edit) -> tuple[Function, str]:
    """A function that takes batches, and its mapping."""
    function = edit.function("queue", "stream")
    return function, f"{function.pascal}{function.trigger.capitalize()}Mapping"


@mutant("EVT-04", "Lambda does not listen to the answer")
def _(edit: Edit) -> None:
    _function, name = mapping(edit)
    cut(edit, name, "      FunctionResponseTypes:")


@mutant("EVT-04", "the handler goes over the records by itself")
def _(edit: Edit) -> None:
    function, _name = mapping(edit)
    edit.replace(
        f"{function.code}/index.py",
        "    return process_partial_response(event, handle, processor, context)\n",
        '    for record in event["Records"]:\n        handle(record)\n'
        '    return {"statusCode": 200}\n',
    )


@mutant("EVT-04", "the handler drops the answer")
def _(edit: Edit) -> None:
    function, _name = mapping(edit)
    edit.replace(
        f"{function.code}/index.py",
        "    return process_partial_response(",
        "    process_partial_response(",
    )


@innocent("EVT-04", "the handler writes the answer by itself")
def _(edit: Edit) -> None:
    function, _name = mapping(edit)
    edit.replace(
        f"{function.code}/index.py",
        "    return process_partial_response(event, handle, processor, context)\n",
        "    failed = []\n"
        '    for record in event["Records"]:\n        try:\n            handle(record)\n'
        '        except Exception:\n            failed.append({"itemIdentifier": record["messageId"]})\n'
        '    return {"batchItemFailures": failed}\n',
    )


@innocent("EVT-04", "a batch of one fails whole")
def _(edit: Edit) -> None:
    _function, name = mapping(edit)
    text = edit.resource(name)
    size = next(line for line in text.splitlines() if "BatchSize:" in line)
    edit.in_resource(name, size, "      BatchSize: 1")
    cut(edit, name, "      FunctionResponseTypes:")


def loses(edit: Edit, caught: str = "Exception") -> Function:
    """Let a record that fails be logged, and nothing more."""
    function, _name = mapping(edit)
    path = f"{function.code}/index.py"
    edit.sub(path, r"^(        logger\.exception\(.*\n)        raise\n", r"\1")
    edit.replace(path, "    except Exception:\n", f"    except {caught}:\n")
    return function


@mutant("EVT-04", "a record that fails is logged, and raised no more")
def _(edit: Edit) -> None:
    loses(edit)


@mutant("EVT-04", "whatever happens to a record is passed over", "CD-10")
def _(edit: Edit) -> None:
    function = loses(edit)
    path = f"{function.code}/index.py"
    edit.sub(
        path,
        r"^    try:\n((?:        .*\n)+?)    except Exception:\n(?:        .*\n)+",
        r"    with suppress(Exception):\n\1",
    )
    edit.sub(path, r"^(from typing import )", r"from contextlib import suppress\n\1")


@innocent("EVT-04", "a record that nobody can use is dropped, and others are tried again")
def _(edit: Edit) -> None:
    loses(edit, "ValueError")


@innocent("EVT-04", "a record that fails is kept elsewhere")
def _(edit: Edit) -> None:
    function = loses(edit)
    path = f"{function.code}/index.py"
    edit.sub(path, r"^(    except Exception:\n)", r"\1        failures.keep(record)\n")
    edit.replace(path, "\nprocessor = ", "\nfailures = jobs.Failures()\nprocessor = ")


@innocent("EVT-04", "what is only a hint may fail, and the work may not")
def _(edit: Edit) -> None:
    function, _name = mapping(edit)
    edit.sub(
        f"{function.code}/index.py",
        r"^(    try:\n(?:        .*\n)+    except Exception:\n(?:        .*\n)+)",
        r"\1    try:\n        hint(record)\n    except Exception:\n"
        r'        logger.warning("no hint")\n',
    )


def fifo(edit: Edit) -> Function:
    """Make the queue of a function, and that of its dead letters, keep an order."""
    function = edit.function("queue")
    for name in (f"{function.pascal}Queue", f"{function.pascal}DeadLetterQueue"):
        text = edit.resource(name)
        named = next(line for line in text.splitlines() if "QueueName:" in line)
        edit.in_resource(name, named, f"{named}.fifo\n      FifoQueue: true")
    return function


@mutant("EVT-04", "a queue becomes a FIFO queue, and the handler goes on after a failure")
def _(edit: Edit) -> None:
    fifo(edit)


@innocent("EVT-04", "a FIFO queue's handler goes on in other groups only")
def _(edit: Edit) -> None:
    path = f"{fifo(edit).code}/index.py"
    edit.replace(path, "    BatchProcessor,\n    EventType,\n", "    SqsFifoPartialProcessor,\n")
    edit.sub(
        path,
        r"^processor = BatchProcessor\([^()]*\)\n",
        "processor = SqsFifoPartialProcessor(skip_group_on_error=True)\n"
        "processor.raise_on_entire_batch_failure = False\n",
    )


@innocent("EVT-04", "messages of a FIFO queue come one by one")
def _(edit: Edit) -> None:
    edit.in_resource(f"{fifo(edit).pascal}QueueMapping", "BatchSize: 10", "BatchSize: 1")


# ── EVT-05: chosen numbers ───────────────────────────────────────────────────


@mutant("EVT-05", "a function gets more time, and its queue stays as it was")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    edit.in_resource(function.logical_id, "Timeout: 30", "Timeout: 60")


@mutant("EVT-05", "a queue has no time for which it hides messages")
def _(edit: Edit) -> None:
    cut(edit, f"{edit.function('queue').pascal}Queue", "      VisibilityTimeout:")


@mutant("EVT-05", "a queue's function runs as often as there are messages")
def _(edit: Edit) -> None:
    name = f"{edit.function('queue').pascal}QueueMapping"
    text = edit.resource(name)
    edit.in_resource(name, text[text.index("      ScalingConfig:\n") :].rstrip("\n") + "\n", "")


@mutant("EVT-05", "nobody says how often an event is tried")
def _(edit: Edit) -> None:
    function = edit.function(*ASYNCHRONOUS)
    cut(edit, function.logical_id, "        MaximumRetryAttempts:")


@mutant("EVT-05", "a stream is tried for as long as it keeps a change")
def _(edit: Edit) -> None:
    cut(edit, f"{edit.function('stream').pascal}StreamMapping", "      MaximumRetryAttempts:")


@mutant("EVT-05", "EventBridge tries for a day")
def _(edit: Edit) -> None:
    function = edit.function("event", "schedule", "bucket")
    cut(edit, function.logical_id, "            RetryPolicy:", "            DeadLetterConfig:")


@mutant("EVT-05", "a rule has its former name, and nobody says how often it tries")
def _(edit: Edit) -> None:
    function = edit.function("event")
    text = edit.resource(function.logical_id).replace("EventBridgeRule", "CloudWatchEvent")
    edit.in_resource(function.logical_id, edit.resource(function.logical_id), text)
    cut(edit, function.logical_id, "            RetryPolicy:", "            DeadLetterConfig:")


@innocent("EVT-05", "function and queue get more time together, by a parameter")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    edit.parameter(
        "WorkSeconds:\n  Type: Number\n  Description: How long a job may take.\n  Default: 50"
    )
    edit.in_resource(function.logical_id, "Timeout: 30", "Timeout: !Ref WorkSeconds")
    queue = f"{function.pascal}Queue"
    edit.in_resource(queue, "VisibilityTimeout: 180", "VisibilityTimeout: 400")


@innocent("EVT-05", "a batch of one waits for no others")
def _(edit: Edit) -> None:
    name = f"{edit.function('queue').pascal}QueueMapping"
    text = edit.resource(name)
    size = next(line for line in text.splitlines() if "BatchSize:" in line)
    edit.in_resource(name, size, "      BatchSize: 1")
    cut(edit, name, "      MaximumBatchingWindowInSeconds:")


@innocent("EVT-05", "concurrency is limited for the function, whatever invokes it")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    name = f"{function.pascal}QueueMapping"
    text = edit.resource(name)
    edit.in_resource(name, text[text.index("      ScalingConfig:\n") :].rstrip("\n") + "\n", "")
    edit.in_resource(
        function.logical_id,
        "      Timeout: 30",
        "      ReservedConcurrentExecutions: 5\n      Timeout: 30",
    )


# ── EVT-06: alarms ───────────────────────────────────────────────────────────


@mutant("EVT-06", "a function's errors raise no alarm")
def _(edit: Edit) -> None:
    alarm = f"{edit.function().pascal}ErrorsAlarm"
    edit.replace("template.yaml", edit.resource(alarm), "")


@mutant("EVT-06", "an alarm on throttles is of another function")
def _(edit: Edit) -> None:
    function, other = edit.two()
    alarm = f"{function.pascal}ThrottlesAlarm"
    edit.in_resource(alarm, f"!Ref {function.logical_id}", f"!Ref {other.logical_id}")


@mutant("EVT-06", "an alarm tells nobody")
def _(edit: Edit) -> None:
    cut(edit, f"{edit.function().pascal}ErrorsAlarm", "      AlarmActions:")


@mutant("EVT-06", "an alarm is silenced")
def _(edit: Edit) -> None:
    alarm = f"{edit.function().pascal}ThrottlesAlarm"
    edit.in_resource(
        alarm, "      AlarmActions:", "      ActionsEnabled: false\n      AlarmActions:"
    )


@mutant("EVT-06", "nobody notices a stalled stream")
def _(edit: Edit) -> None:
    alarm = f"{edit.function('stream').pascal}IteratorAgeAlarm"
    edit.replace("template.yaml", edit.resource(alarm), "")


@mutant("EVT-06", "an alarm tells a topic that nobody reads")
def _(edit: Edit) -> None:
    edit.declare(
        f"""QuietTopic:
  Type: AWS::SNS::Topic
  Properties:
    TopicName: !Sub {edit.service}-quiet-${{EnvironmentName}}"""
    )
    alarm = f"{edit.function().pascal}ErrorsAlarm"
    edit.in_resource(alarm, "AlarmActions: [!Ref AlarmTopic]", "AlarmActions: [!Ref QuietTopic]")


@innocent("EVT-06", "an alarm is a part of another one, which tells")
def _(edit: Edit) -> None:
    pascal = edit.function().pascal
    cut(edit, f"{pascal}ErrorsAlarm", "      AlarmActions:")
    cut(edit, f"{pascal}ThrottlesAlarm", "      AlarmActions:")
    edit.declare(
        f"""{pascal}Alarm:
  Type: AWS::CloudWatch::CompositeAlarm
  Properties:
    AlarmName: !Sub {edit.service}-{edit.function().kebab}-any-${{EnvironmentName}}
    AlarmRule: !Sub ALARM("${{{pascal}ErrorsAlarm}}") OR ALARM("${{{pascal}ThrottlesAlarm}}")
    AlarmActions: [!Ref AlarmTopic]"""
    )


@innocent("EVT-06", "alarms say the names of functions and queues, as these do themselves")
def _(edit: Edit) -> None:
    function = edit.function()
    name = f"!Sub {edit.service}-{function.kebab}-${{EnvironmentName}}"
    for metric in ("Errors", "Throttles"):
        alarm = f"{function.pascal}{metric}Alarm"
        edit.in_resource(alarm, f"!Ref {function.logical_id}", name)
    assert f"FunctionName: {name}" in edit.resource(function.logical_id)


@innocent("EVT-03", "an alarm on dead letters says the name of their queue")
def _(edit: Edit) -> None:
    function = edit.function(*ASYNCHRONOUS, "queue", "stream")
    queue = f"{function.pascal}DeadLetterQueue"
    lines = edit.resource(queue).splitlines()
    name = next(each for each in lines if "QueueName:" in each).partition(": ")[2]
    edit.in_resource(f"{function.pascal}DeadLettersAlarm", f"!GetAtt {queue}.QueueName", name)


@mutant("EVT-06", "an alarm says the name of a function that is there no more")
def _(edit: Edit) -> None:
    function = edit.function()
    name = f"!Sub {edit.service}-{function.kebab}s-${{EnvironmentName}}"
    edit.in_resource(f"{function.pascal}ErrorsAlarm", f"!Ref {function.logical_id}", name)


@innocent("EVT-06", "an alarm counts errors by a formula, of what callers reach")
def _(edit: Edit) -> None:
    function = edit.function()
    alarm = f"{function.pascal}ErrorsAlarm"
    text = edit.resource(alarm)
    start, end = text.index("      Namespace:"), text.index("      EvaluationPeriods:")
    edit.in_resource(
        alarm,
        text[start:end],
        f"""      Metrics:
        - Id: rate
          Expression: errors / 5
        - Id: errors
          ReturnData: false
          MetricStat:
            Metric:
              Namespace: AWS/Lambda
              MetricName: Errors
              Dimensions:
                - Name: FunctionName
                  Value: !Ref {function.logical_id}
                - Name: Resource
                  Value: !Sub ${{{function.logical_id}}}:live
            Period: 300
            Stat: Sum
""",
    )


# ── EVT-07: schedules ────────────────────────────────────────────────────────


def cleaned(edit: Edit, schedule: str) -> None:
    """A schedule of one's own, beside the service's, with all that other lessons want."""
    function = edit.function(*ASYNCHRONOUS)
    edit.declare(
        f"""CleanUp:
  Type: AWS::Events::Rule
  Properties:
    ScheduleExpression: {schedule}
    Targets:
      - Id: cleaning
        Arn: !GetAtt {function.logical_id}.Arn
        RetryPolicy: {{MaximumRetryAttempts: 2}}
        DeadLetterConfig: {{Arn: !GetAtt {function.pascal}DeadLetterQueue.Arn}}"""
    )


@mutant("EVT-07", "a rule is to come every half minute")
def _(edit: Edit) -> None:
    cleaned(edit, "rate(30 seconds)")


@mutant("EVT-07", "a rule has a field for seconds, as cron has elsewhere")
def _(edit: Edit) -> None:
    cleaned(edit, "cron(0/30 * * * * ? *)")


@mutant("EVT-07", "the service's schedule comes twice a minute")
def _(edit: Edit) -> None:
    function = edit.function("schedule")
    text = edit.resource(function.logical_id)
    line = next(each for each in text.splitlines() if " ScheduleExpression: " in each)
    before = line[: line.index("ScheduleExpression")]
    edit.in_resource(function.logical_id, line, f"{before}ScheduleExpression: rate(0.5 minutes)")


@innocent("EVT-07", "schedules come every minute, and by a parameter")
def _(edit: Edit) -> None:
    edit.parameter(
        "CleanEvery:\n  Type: String\n  Description: How often it cleans.\n"
        "  Default: cron(0/5 * * * ? *)"
    )
    cleaned(edit, "!Ref CleanEvery")
    function = edit.function(*ASYNCHRONOUS)
    edit.declare(
        f"""Minutely:
  Type: AWS::Scheduler::Schedule
  Properties:
    Name: !Sub {edit.service}-minutely-${{EnvironmentName}}
    ScheduleExpression: rate(1 minute)
    FlexibleTimeWindow: {{Mode: "OFF"}}
    Target:
      Arn: !GetAtt {function.logical_id}.Arn
      RoleArn: !GetAtt {function.logical_id}Role.Arn
      RetryPolicy: {{MaximumRetryAttempts: 2}}
      DeadLetterConfig: {{Arn: !GetAtt {function.pascal}DeadLetterQueue.Arn}}"""
    )


# ── EVT-08: public or not ────────────────────────────────────────────────────


def route(edit: Edit, *before: str, auth: str = "") -> None:
    """Add an event to a function of the API."""
    function = edit.function("api")
    lines = [*before, "Orders:", "  Type: HttpApi", "  Properties:", "    ApiId: !Ref Api"]
    lines += ["    Path: /more/{proxy+}", "    Method: GET", *([f"    {auth}"] if auth else [])]
    text = "".join(f"        {line}\n" for line in lines)
    edit.in_resource(function.logical_id, "      Events:\n", f"      Events:\n{text}")


def tokens(edit: Edit, *, wanted: bool) -> None:
    """Only services whose API asks for tokens, or does not."""
    if ("DefaultAuthorizer:" in edit.resource("Api")) != wanted:
        edit.skip()


STATUS_ROUTE = """StatusRoute:
  Type: AWS::ApiGatewayV2::Route
  Properties:
    ApiId: !Ref Api
    RouteKey: GET /status"""


@mutant("EVT-08", "a new route says nothing")
def _(edit: Edit) -> None:
    tokens(edit, wanted=False)
    route(edit)


@mutant("EVT-08", "the comment of the route is gone")
def _(edit: Edit) -> None:
    tokens(edit, wanted=False)
    function = edit.function("api")
    cut(edit, function.logical_id, "        # Public: anybody")


@mutant("EVT-08", "an endpoint without SAM says nothing")
def _(edit: Edit) -> None:
    edit.resource("Api")
    edit.declare(STATUS_ROUTE)


@mutant("EVT-08", "a comment says what is still to do about who may call")
def _(edit: Edit) -> None:
    tokens(edit, wanted=False)
    route(edit, "# TODO: must not be public, add an authorizer")


@mutant("EVT-08", "the API has no default any more, and a route relied on it")
def _(edit: Edit) -> None:
    tokens(edit, wanted=True)
    cut(edit, "Api", "        DefaultAuthorizer: Jwt")
    function = edit.function("api")
    text = edit.resource(function.logical_id)
    auth = "            Auth:\n              Authorizer: Jwt\n"
    assert auth in text
    edit.in_resource(function.logical_id, auth, "")


@mutant("EVT-08", "a route says that it is public, and the API asks for a token by now")
def _(edit: Edit) -> None:
    tokens(edit, wanted=True)
    route(edit, "# Public: partners call it.")


@innocent("EVT-08", "a new route has the default authorizer of the API, another one its own")
def _(edit: Edit) -> None:
    tokens(edit, wanted=True)
    route(edit)
    function = edit.function("api")
    edit.in_resource(function.logical_id, "        Orders:\n", "        Others:\n")
    route(edit, auth="Auth: {Authorizer: NONE}")


@innocent("EVT-08", "a new route is public, and says so")
def _(edit: Edit) -> None:
    tokens(edit, wanted=False)
    route(edit, "# Public: it tells what everybody may know.", "# So said the owners of it.")


@innocent("EVT-08", "endpoints without SAM say that they are public")
def _(edit: Edit) -> None:
    edit.resource("Api")
    edit.declare(STATUS_ROUTE + "\n    AuthorizationType: NONE")
    text = "FunctionUrlConfig: {AuthType: NONE, Cors: {AllowOrigins: ['*']}}"
    function = edit.function("api")
    edit.in_resource(function.logical_id, "      Events:\n", f"      {text}\n      Events:\n")


# ── EVT-10: certificates ─────────────────────────────────────────────────────


def domain(edit: Edit, certificate: str, parameter: str = "") -> None:
    """Give the API a domain of its own."""
    edit.resource("Api")
    if parameter:
        edit.parameter(parameter)
    edit.declare(
        f"""Domain:
  Type: AWS::ApiGatewayV2::DomainName
  Properties:
    DomainName: !Sub api.${{EnvironmentName}}.example.com
    DomainNameConfigurations:
      - EndpointType: REGIONAL
        SecurityPolicy: TLS_1_2
        CertificateArn: {certificate}"""
    )


def region(edit: Edit) -> str:
    """Where the service is."""
    return edit.answers["aws_region"]


PARAMETER = """CertificateArn:
  Type: String
  Description: The certificate of the domain.
  Default: ""
  AllowedPattern: (arn:aws:acm:{regions}:[0-9]{{12}}:certificate/.+)?"""


def passed(edit: Edit, region: str) -> None:
    """Pass a certificate of that Region in each environment."""
    given = f"CertificateArn=arn:aws:acm:{region}:123456789012:certificate/0a1b2c3d"
    edit.replace_all("samconfig.toml", '"LogLevel=', f'"{given}", "LogLevel=')


@mutant("EVT-10", "an API's certificate is in the Region of CloudFront")
def _(edit: Edit) -> None:
    other = "us-east-1" if region(edit) != "us-east-1" else "eu-west-1"
    both = f"({region(edit)}|{other})"
    domain(edit, "!Ref CertificateArn", PARAMETER.format(regions=both))
    passed(edit, other)


@mutant("EVT-10", "a parameter takes certificates of whatever Region")
def _(edit: Edit) -> None:
    domain(edit, "!Ref CertificateArn", PARAMETER.format(regions=".+"))


@mutant("EVT-10", "CloudFront gets a certificate of another Region")
def _(edit: Edit) -> None:
    edit.parameter(PARAMETER.format(regions="(eu-central-1|us-east-1)"))
    passed(edit, "eu-central-1")
    edit.declare(
        """Site:
  Type: AWS::CloudFront::Distribution
  Properties:
    DistributionConfig:
      Enabled: true
      ViewerCertificate:
        AcmCertificateArn: !Ref CertificateArn
        SslSupportMethod: sni-only"""
    )


@innocent("EVT-10", "a parameter takes certificates of the API's Region")
def _(edit: Edit) -> None:
    domain(edit, "!Ref CertificateArn", PARAMETER.format(regions=region(edit)))


@innocent("EVT-10", "each environment passes a certificate of the API's Region")
def _(edit: Edit) -> None:
    domain(edit, "!Ref CertificateArn", PARAMETER.format(regions=region(edit)))
    passed(edit, region(edit))


@innocent("EVT-10", "the certificate is wherever the API is")
def _(edit: Edit) -> None:
    domain(edit, "!Sub arn:aws:acm:${AWS::Region}:${AWS::AccountId}:certificate/0a1b2c3d")
